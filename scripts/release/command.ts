import path from 'node:path';
import process from 'node:process';
import { environments, loadEnvironment, parseEnvironment } from '../../config/index.ts';
import { readJson } from '../../config/json.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { acceptedChecks } from '../ready/accept.ts';
import { checkTree, treeChecks } from '../ready/checks.ts';
import { run } from './child-process.ts';
import { Git } from './git.ts';
import { planRelease, releasesFile } from './plan.ts';
import type { ReleaseContext, ReleaseOptions } from './plan.ts';
import { protectionNotices, protectionOf } from './protection.ts';
import { makeRelease, pushCommand } from './release.ts';
import { Interrupted } from './signals.ts';

const help = `npm run release -- [OPTION...]

Pins every application to the next release tag: writes config/releases.json, synthesises, commits, makes the tag and
pushes both at once. If any of that fails, commit and tag are taken back. Makes nothing if dist/ENVIRONMENT is as in the
last release, or if npm run ready finds something in the tree. Says when tag or branch could be changed by others alone;
with a token in GH_TOKEN it asks GitHub.

  --environment NAME  the environment of config/environments   [production]
  --remote NAME       the git remote that Argo CD reads        [origin]
  --accept CHECK      release although npm run ready finds examples, secrets or images to mend; one CHECK an option
  --no-push           leave the push to you
  --dry-run           check everything, tell what would be released, and change nothing
  --help              this text
`;

/** Runs `npm run release`. @returns the exit code: 0 done or nothing to do, 1 refused, 2 called wrongly, 130 interrupted */
export function releaseCommand(root: string, args: readonly string[], output: Output = process): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values } = parseArguments({
        args: [...args],
        options: {
          environment: { type: 'string', default: 'production' },
          remote: { type: 'string', default: 'origin' },
          accept: { type: 'string', multiple: true, default: [] },
          'no-push': { type: 'boolean', default: false },
          'dry-run': { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) return 'help';
      const { environment, remote, 'no-push': noPush, 'dry-run': dryRun } = values;
      const accepted = acceptedChecks(values.accept, Object.keys(treeChecks));
      const context = contextOf(root, environment, (line) => output.stdout.write(`${line}\n`));
      try {
        await release(context, { environment, remote, push: !noPush, accepted }, dryRun);
        return 0;
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        output.stderr.write(`${error.message}: nothing was released\n`);
        return error.exitCode;
      }
    },
    output,
  );
}

function contextOf(root: string, environment: string, print: (line: string) => void): ReleaseContext {
  const { branch } = loadEnvironment(environment).repository;
  const input = environments[environment];
  const images = readJson('config/images.json', path.join(root, 'config/images.json'));
  const git = new Git(root);
  return {
    git,
    branch,
    tagOf: (number) =>
      input && parseEnvironment(environment, input, images, { releases: { [environment]: number } }).releaseTag,
    // A process of its own: this one has read the configuration already.
    synthesise: () => run(root, process.execPath, ['scripts/run.cjs', 'main.ts', '--environment', environment]),
    checkTree: () => checkTree(root, environment, new Date()),
    protectionNotices: async (tag, remote) => {
      const url = await git.pushUrl(remote);
      return url === undefined ? [] : protectionNotices(await protectionOf({ branch, tag, url, env: process.env }));
    },
    print,
  };
}

/** Checks, tells and, unless it is a dry run, makes the release. */
export async function release(context: ReleaseContext, options: ReleaseOptions, dryRun: boolean): Promise<void> {
  const { print, branch } = context;
  const plan = await planRelease(context, options);
  const { tag, previous, applications } = plan;
  if (applications.length === 0) {
    print(`nothing in dist/${options.environment} changed since ${previous ?? 'the beginning'}: no release is needed`);
    return;
  }
  for (const notice of await context.protectionNotices(tag, options.remote)) print(notice);
  if (!dryRun) await makeRelease(context, options, plan);
  print(`${dryRun ? 'would release' : 'released'} ${tag}: ${applications.join(', ')}`);
  if (dryRun) print(`would commit ${releasesFile} and argocd/${options.environment} and make the tag ${tag}`);
  const pushed = dryRun ? 'would push' : 'pushed';
  print(
    options.push
      ? `${pushed} ${branch} and ${tag} to ${options.remote}`
      : `to push it: git ${pushCommand(options, context, plan).join(' ')}`,
  );
}
