import type { Finding } from '../constructs/core/error.ts';
import type { ImagesInput } from './schema.ts';
import { values } from './untyped.ts';
import type { UpstreamPin } from './upstream.ts';

/** Tags that are given to the newest build. */
const moving = new Set([
  ...['canary', 'dev', 'develop', 'development', 'edge', 'head', 'latest', 'main', 'master', 'next', 'nightly'],
  ...['production', 'rolling', 'snapshot', 'stable', 'staging', 'test', 'trunk', 'unstable'],
]);

/** @param strict refuses images that nothing but their tag identifies */
export function imageFindings(file: string, images: ImagesInput, strict: boolean): Finding[] {
  return Object.entries(images).flatMap(([name, { digest, withoutDigest, repository, tag }]) => {
    const where = `${file}: ${name}`;
    if (digest === undefined && withoutDigest === undefined) {
      return {
        where,
        what: `${repository}:${tag} has neither a digest nor a reason for having none`,
        allowed: 'digest (sha256:...) with the source it comes from, or withoutDigest with the reason',
        remedy: 'run npm run images -- pin where the registry can be reached, or write the reason',
      };
    }
    if (digest === undefined && moving.has(tag.toLowerCase())) {
      return {
        where,
        what: `${repository}:${tag} is another image whenever its makers say so`,
        allowed: 'a tag that stays what it is, or a digest beside it',
        remedy: 'name a version, or run npm run images -- pin where the registry can be reached',
      };
    }
    if (digest !== undefined && withoutDigest !== undefined) {
      return {
        where,
        what: 'it has a digest and a reason for having none',
        allowed: 'one of the two',
        remedy: 'remove withoutDigest',
      };
    }
    if (strict && digest === undefined) {
      return {
        where,
        what: `${repository}:${tag} is not pinned: ${withoutDigest ?? ''}`,
        allowed: 'with --strict, only images with a digest',
        remedy: 'run npm run images -- pin where the registry can be reached',
      };
    }
    return [];
  });
}

/**
 * @param images the image table, of whatever form
 * @param strict refuses what is read by a tag alone
 */
export function upstreamFindings(
  file: string,
  pins: Readonly<Record<string, UpstreamPin>>,
  images: unknown,
  strict: boolean,
): Finding[] {
  return Object.entries(pins).flatMap(([name, pin]) => {
    const where = `${file}: ${name}`;
    const others = (pin.images ?? []).flatMap((image) => {
      const { tag } = values(values(images)[image]);
      if (typeof tag === 'string' && tag.replace(/^v/, '') === pin.version.replace(/^v/, '')) return [];
      return {
        where,
        what: `it is ${pin.version}, and config/images.json has ${image} ${typeof tag === 'string' ? `at ${tag}` : 'not at all'}`,
        allowed: 'one version of what one release brings',
        remedy: 'write the same version in both',
      };
    });
    const commit = 'commit' in pin ? pin.commit : undefined;
    if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit)) {
      return [...others, { where, what: `its commit is "${commit}"`, allowed: '40 hexadecimal digits', remedy: told }];
    }
    if (!strict || !('withoutCommit' in pin)) return others;
    const what = `${pin.repository} is read by its tag ${pin.version}, which can be moved: ${pin.withoutCommit}`;
    return [...others, { where, what, allowed: 'with --strict, only commits', remedy: told }];
  });
}

const told = 'write the commit that git ls-remote REPOSITORY TAG tells in its place';
