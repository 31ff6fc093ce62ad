import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { environments, loadEnvironment, parseEnvironment } from '../../config/index.ts';
import { readJson } from '../../config/json.ts';
import { runCommand } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { run } from './child-process.ts';
import { Git } from './git.ts';
import { planRelease, releasesFile } from './plan.ts';
import type { ReleaseContext, ReleaseOptions } from './plan.ts';
import { protectionNotice } from './protection.ts';
import { makeRelease, pushCommand } from './release.ts';
import { Interrupted } from './signals.ts';

const help = `npm run release -- [OPTION...]

Pins every application to the next release tag: writes config/releases.json, synthesises, commits, makes the tag and
pushes both at once. If any of that fails, commit and tag are taken back. Makes nothing if dist/ENVIRONMENT is as in the
last release. Says when the tag could be moved or deleted by others; with a token in GH_TOKEN it asks GitHub.

  --environment NAME  the environment of config/environments   [production]
  --remote NAME       the git remote that Argo CD reads        [origin]
  --no-push           leave the push to you
  --dry-run           check everything, tell what would be released, and change nothing
  --help              this text
`;

/** Runs `npm run release`. @returns the exit code: 0 done or nothing to do, 1 refused, 2 called wrongly, 130 interrupted */
export function releaseCommand(root: string, args: readonly string[], output: Output = process): Promise<number> {
  return runCommand(
    help,
    async () => {
      const { values } = parseArgs({
        args: [...args],
        options: {
          environment: { type: 'string', default: 'production' },
          remote: { type: 'string', default: 'origin' },
          'no-push': { type: 'boolean', default: false },
          'dry-run': { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) {
        output.stdout.write(help);
        return 0;
      }
      const { environment, remote, 'no-push': noPush, 'dry-run': dryRun } = values;
      const context = contextOf(root, environment, (line) => output.stdout.write(`${line}\n`));
      try {
        await release(context, { environment, remote, push: !noPush }, dryRun);
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
    synthesise: (dryRun) => {
      const program = ['scripts/run.cjs', 'main.ts', '--environment', environment];
      return run(root, process.execPath, [...program, ...(dryRun ? ['--dry-run'] : [])]);
    },
    protectionNotice: async (tag, remote) => {
      const { code, stdout } = await git.attempt(['remote', 'get-url', '--push', remote]);
      return code === 0 ? protectionNotice({ tag, url: stdout.trimEnd(), env: process.env }) : undefined;
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
  const notice = await context.protectionNotice(tag, options.remote);
  if (notice !== undefined) print(notice);
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
