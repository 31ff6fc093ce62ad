import type { Finding } from '../constructs/core/error.ts';
import type { ImagesInput } from './schema.ts';
import { texts } from './untyped.ts';

/** Whether a repository is of that registry, or of that folder of it, or that one itself. */
export function isWithin(repository: string, prefix: string): boolean {
  return repository === prefix || repository.startsWith(`${prefix}/`);
}

/** Registries that no image comes from, and images that two of them would be asked for. */
export function registryFindings(file: string, registries: unknown, images: ImagesInput): Finding[] {
  const repositories = Object.values(images).map(({ repository }) => repository);
  return texts(registries).flatMap(([name, prefix], index, all): Finding[] => {
    const where = `${file}: privateRegistries.${name}`;
    const other = all.find(([, each], place) => isWithin(prefix, each) && (each !== prefix || place < index));
    if (other !== undefined) {
      const [home, outer] = other;
      return [
        {
          where,
          what: `${prefix} is in ${outer}, which is ${home}'s`,
          allowed: 'registries, or folders of one, beside each other: an image is pulled with one password',
          remedy: 'remove one of them, or narrow it',
        },
      ];
    }
    if (repositories.some((repository) => isWithin(repository, prefix))) return [];
    return [
      {
        where,
        what: `no image comes from ${prefix}`,
        allowed: 'what repositories in config/images.json begin with',
        remedy: 'correct it, or remove it',
      },
    ];
  });
}
