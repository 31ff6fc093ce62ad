import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { Environment } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import type { GeneratedFile } from './write/index.ts';

/**
 * Refuses a release that nobody made: its tag would be nowhere, and no application could be read. What was written last
 * names the release before, and `npm run release` writes the next one.
 * @param argocd files of the tree
 */
export function releaseFindings(
  root: string,
  environment: Environment,
  argocd: readonly GeneratedFile[],
  hasTag: (tag: string) => boolean = (tag) => isTagged(root, tag),
): Finding[] {
  const { name, release } = environment;
  if (release === undefined) return [];
  const written = argocd
    .filter(({ path: file }) => file.startsWith('applications/'))
    .map(({ path: file }) => path.join(root, 'argocd', name, file))
    .find((file) => fs.existsSync(file));
  if (written === undefined) return [];
  // In the middle of a merge there are two.
  const revision = new RegExp(`targetRevision: refs/(?:heads/|tags/${name}-(\\d+)$)`, 'gm');
  const tags = [...fs.readFileSync(written, 'utf8').matchAll(revision)];
  const last = [...new Set(tags.map(([, number = '0']) => Number(number)))];
  if (last.length === 0 || last.some((number) => release === number || release === number + 1)) return [];
  // Asked last: it takes long, and not every clone has tags.
  if (hasTag(`${name}-${release}`)) return [];
  return [
    {
      where: `config/releases.json: ${name}`,
      what: `release ${release}, and argocd/${name} has ${last.join(' and ')}: there is no tag ${name}-${release}`,
      allowed: `${last.join(' or ')}; npm run release writes the next one and makes its tag`,
      remedy: 'set it back: git restore config/releases.json',
    },
  ];
}

function isTagged(root: string, tag: string): boolean {
  return spawnSync('git', ['-C', root, 'rev-parse', '--verify', '--quiet', `refs/tags/${tag}`]).status === 0;
}
