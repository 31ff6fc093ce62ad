import type { ContainerProps } from './container.ts';
import type { Endpoint, TrustedAuthority } from './endpoint.ts';
import { InputError } from './error.ts';

/** Where pods find the certificates of authorities. */
export const authoritiesPath = '/run/authorities';

/** Where a container that names this authority finds its certificates. */
export function authorityFile({ name }: TrustedAuthority): string {
  return `${authoritiesPath}/${fileName(name)}`;
}

/** Those of whoever is asked that are their own: what a container names that verifies them. */
export function authoritiesOf(...endpoints: readonly Pick<Endpoint, 'authority'>[]): readonly TrustedAuthority[] {
  return endpoints.flatMap(({ authority }) => authority ?? []);
}

/**
 * The files that the containers of a pod want, empty for an authority that isn't made yet: who verifies by it refuses
 * every server.
 * @throws InputError for two authorities of one name
 */
export function authorityFiles(containers: readonly ContainerProps[]): Record<string, string> {
  const authorities = containers.flatMap((container) => container.authorities ?? []);
  for (const { name, certificates } of authorities) {
    if (authorities.every((other) => other.name !== name || other.certificates === certificates)) continue;
    throw new InputError({
      where: `authority ${name}`,
      what: 'a pod is to trust two of that name, with different certificates',
      allowed: 'a name of its own for each authority',
      remedy: 'rename one of them: its name in environment.authority(...)',
    });
  }
  return Object.fromEntries(authorities.map(({ name, certificates = '' }) => [fileName(name), certificates]));
}

function fileName(authority: string): string {
  return `${authority}.crt`;
}
