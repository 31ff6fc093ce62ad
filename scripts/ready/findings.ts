import type { Finding } from '../../constructs/core/error.ts';
import type { SealStatus } from '../../synth/seal/status.ts';
import type { WriteResult } from '../../synth/write/index.ts';
import type { Git } from '../release/git.ts';

const longestList = 10;

/** What npm run synth would write other than it is. */
export function outputFindings(
  environment: string,
  { added, changed, removed }: WriteResult,
  machines: readonly string[] = [],
): Finding[] {
  const files = [
    ...added.map((file) => `+ ${file}`),
    ...changed.map((file) => `~ ${file}`),
    ...removed.map((file) => `- ${file}`),
    ...machines,
  ];
  if (files.length === 0) return [];
  return [
    {
      where: `dist/${environment}, argocd/${environment} and what Terraform reads`,
      what: listed('npm run synth would not leave them as they are:', files),
      allowed: 'what the sources say, byte for byte',
      remedy: 'run npm run synth and commit what it writes',
    },
  ];
}

/** Secrets that pods would wait for, or that are not what is asked for any more. */
export function secretFindings(environment: string, rows: readonly SealStatus[]): Finding[] {
  const open = rows.filter(({ state }) => state === 'missing' || state === 'changed');
  // What the command takes where nothing is said.
  const which = environment === 'production' ? '' : ` --environment ${environment}`;
  return [...new Set(open.map(({ secret }) => secret))].map((secret) => {
    const keys = open
      .filter((row) => row.secret === secret)
      .map(({ key, state }) => (state === 'missing' ? key : `${key} (${state})`));
    const namespaces = [...new Set(open.filter((row) => row.secret === secret).flatMap((row) => row.missingIn))].sort();
    const within = namespaces.length === 0 ? '' : ` in ${namespaces.join(', ')}`;
    return {
      where: `secret ${secret}`,
      what: `${keys.join(', ')} still to seal${within}`,
      allowed: 'all keys, sealed for each namespace that uses them',
      remedy: `npm run seal -- --cert FILE${which}, then npm run synth`,
    };
  });
}

/** Old ones work as before, so they are in nobody's way. */
export function dueSecrets(rows: readonly SealStatus[]): string[] {
  const due = rows.filter(({ state }) => state === 'due for rotation').map(({ secret, key }) => `${secret}.${key}`);
  return due.length === 0 ? [] : [`due for new values: ${due.join(', ')} (npm run seal -- --cert FILE --rotate NAME)`];
}

/** What is here and in no commit. */
export async function dirtFindings(git: Git): Promise<Finding[]> {
  const status = await git.read(['status', '--porcelain', '--untracked-files=normal']);
  if (status === '') return [];
  return [
    {
      where: 'the working tree',
      what: listed('it has changes that no commit holds:', status.split('\n')),
      allowed: 'a clean tree: Argo CD reads what the last commit says',
      remedy: 'commit, stash or ignore them',
    },
  ];
}

function listed(title: string, lines: readonly string[]): string {
  const rest = lines.length > longestList ? [`and ${lines.length - longestList} more`] : [];
  return [title, ...lines.slice(0, longestList), ...rest].join('\n    ');
}
