import path from 'node:path';
import process from 'node:process';
import { environmentInput } from '../../config/index.ts';
import { readJson } from '../../config/json.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import { Git } from '../release/git.ts';
import { releasesFile } from '../release/plan.ts';
import { protectionNotices, protectionOf } from '../release/protection.ts';
import { acceptedChecks } from './accept.ts';
import { checkTree, treeChecks } from './checks.ts';
import type { Outcome } from './checks.ts';
import { dirtFindings } from './findings.ts';
import { report } from './report.ts';

const help = `npm run ready -- [OPTION...]

Says whether this tree can be deployed as it is, and what to mend:

${Object.entries(treeChecks)
  .map(([name, text]) => `  ${name.padEnd(12)}  ${text}`)
  .join('\n')}
  commits       everything here is in a commit
  protection    nobody alone can change the branch and the release tags that Argo CD follows; asks GitHub, with a token in
                GH_TOKEN, and tells where nobody can be asked

npm run release makes no release of a tree that is not ready, but for the last two.

  --environment NAME  the environment of config/environments   [production]
  --remote NAME       the git remote that Argo CD reads        [origin]
  --accept CHECK      examples, secrets, images or protection: what it finds is in nobody's way; one CHECK an option
  --help              this text

Exit code 0 when it is ready, 1 when something is to mend, 2 when called wrongly.
`;

/** Where the command prints, with colours on a terminal. */
export interface ReadyOutput {
  readonly stdout: { write(text: string): unknown; readonly isTTY?: boolean };
  readonly stderr: { write(text: string): unknown };
}

/** Runs `npm run ready`. @returns the exit code: 0 ready, 1 something is to mend, 2 called wrongly */
export function readyCommand(root: string, args: readonly string[], output: ReadyOutput = process): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values } = parseArguments({
        args: [...args],
        options: {
          environment: { type: 'string', default: 'production' },
          remote: { type: 'string', default: 'origin' },
          accept: { type: 'string', multiple: true, default: [] },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) return 'help';
      const { environment, remote } = values;
      const accepted = acceptedChecks(values.accept);
      const outcomes = [
        ...checkTree(root, environment, new Date()),
        ...(await checkRepository(root, environment, remote)),
      ];
      const { text, ready } = report(environment, outcomes, {
        accepted,
        colours: output.stdout.isTTY === true && !process.env.NO_COLOR,
      });
      output.stdout.write(text);
      return ready ? 0 : 1;
    },
    output,
    'nothing was checked',
  );
}

/** What git and its server say. */
async function checkRepository(root: string, environment: string, remote: string): Promise<Outcome[]> {
  const git = new Git(root);
  const refused = await refusal(() => git.checkRepository());
  if (refused.length > 0) return [{ check: 'commits', findings: refused, notes: [] }];
  const url = await git.pushUrl(remote);
  return [
    { check: 'commits', findings: await dirtFindings(git), notes: [] },
    url === undefined ? unknownProtection(`git knows no ${remote}`) : await protection(root, environment, url),
  ];
}

async function protection(root: string, environment: string, url: string): Promise<Outcome> {
  const { repository, releases } = environmentInput(environment);
  const last = (readJson(releasesFile, path.join(root, releasesFile)) as Record<string, number>)[environment] ?? 0;
  const tag = releases === 'tags' ? `${environment}-${last + 1}` : undefined;
  const known = await protectionOf({ branch: repository.branch, tag, url, env: process.env });
  if (known === undefined) return unknownProtection('the server of this repository is no GitHub that could be asked');
  if ('unknown' in known) return unknownProtection(known.unknown);
  return {
    check: 'protection',
    findings: protectionNotices(known).map((what) => ({
      where: url,
      what,
      allowed: 'rulesets that let nobody do so alone',
      remedy: 'import .github/rulesets, as their README.md says',
    })),
    notes: [],
  };
}

function unknownProtection(why: string): Outcome {
  return { check: 'protection', findings: [], notes: [`not known: ${why}`] };
}

async function refusal(action: () => Promise<void>): Promise<readonly Finding[]> {
  try {
    await action();
    return [];
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.findings;
  }
}
