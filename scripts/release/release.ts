import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import { gitFailed } from './git.ts';
import { releasesFile } from './plan.ts';
import type { ReleaseContext, ReleaseOptions, ReleasePlan } from './plan.ts';
import { watchSignals } from './signals.ts';

/**
 * Makes the release: writes, synthesises, commits, tags and pushes. Whatever fails, or a signal, takes all of it back.
 * @throws InputError with git's own words; Interrupted after a signal
 */
export async function makeRelease(context: ReleaseContext, options: ReleaseOptions, plan: ReleasePlan): Promise<void> {
  const { git } = context;
  const former = await git.read(['rev-parse', 'HEAD']);
  const signals = watchSignals();
  try {
    await synthesisedTree(context, plan);
    signals.check();
    await git.read(['add', '--all', '--', ...plan.paths]);
    await git.read(['commit', '--quiet', '--message', messageOf(plan), '--', ...plan.paths]);
    signals.check();
    await git.read(['tag', '--annotate', '--message', messageOf(plan), plan.tag]);
    signals.check();
    if (options.push) await push(context, options, plan);
  } catch (error) {
    await takeBack(context, plan, former);
    signals.check();
    throw error;
  } finally {
    signals.stop();
  }
}

/** `Release production-7` and what is in it. */
export function messageOf({ tag, previous, applications }: ReleasePlan): string {
  const title =
    previous === undefined ? 'Applications of the first release:' : `Applications changed since ${previous}:`;
  return `Release ${tag}\n\n${title}\n${applications.map((name) => `- ${name}\n`).join('')}`;
}

/** What is pushed in one transaction: a tag without its commit, or the reverse, would leave Argo CD without a revision. */
export function pushCommand({ remote }: ReleaseOptions, { branch }: ReleaseContext, { tag }: ReleasePlan): string[] {
  return ['push', '--atomic', remote, `HEAD:refs/heads/${branch}`, `refs/tags/${tag}`];
}

async function synthesisedTree({ git, synthesise }: ReleaseContext, plan: ReleasePlan): Promise<void> {
  fs.writeFileSync(path.join(git.root, releasesFile), plan.releases);
  const { code, stdout, stderr } = await synthesise();
  if (code === 0) return;
  throw new InputError({
    where: `the synthesis of ${plan.tag}`,
    what: `it ended with ${code}:\n${`${stdout}${stderr}`.trimEnd()}`,
    allowed: 'a synthesis that ends with 0',
    remedy: 'mend what it says, then run again',
  });
}

async function push(context: ReleaseContext, options: ReleaseOptions, plan: ReleasePlan): Promise<void> {
  const command = pushCommand(options, context, plan);
  const pushed = await context.git.attempt(command);
  if (pushed.code === 0) return;
  const remedy = `git pull ${options.remote} ${context.branch}, then run again; tag and commit were taken back`;
  // Git says it in ten lines, of which the last are for whoever pushed by hand.
  if (/\((fetch first|non-fast-forward)\)/.test(pushed.stderr)) {
    throw new InputError({
      where: `${options.remote}, branch ${context.branch}`,
      what: 'it has commits that this clone does not have',
      allowed: 'a release of all that is there',
      remedy,
    });
  }
  throw new InputError(gitFailed(command, pushed, remedy));
}

/** Leaves branch, tag and files as they were before; other people's commits and files are not touched. */
async function takeBack({ git }: ReleaseContext, { tag, paths }: ReleasePlan, former: string): Promise<void> {
  const shielded = { shielded: true };
  await git.attempt(['tag', '--delete', tag], shielded);
  const head = await git.read(['rev-parse', 'HEAD'], shielded);
  if (head !== former) {
    const parent = await git.read(['rev-parse', 'HEAD^'], shielded);
    if (parent !== former) {
      throw new InputError({
        where: 'the release commit',
        what: `the release failed, and meanwhile somebody has committed ${head} on top of its commit`,
        allowed: `the branch at ${former}, or at the release commit`,
        remedy: `the tag ${tag} was deleted; git rebase --onto ${former} removes the commit`,
      });
    }
    await git.read(['update-ref', '-m', `${tag} taken back`, 'HEAD', former, head], shielded);
  }
  // Staged first, so that files which are new count as git's and are removed again.
  await git.read(['add', '--all', '--', ...paths], shielded);
  await git.read(['restore', '--source', former, '--staged', '--worktree', '--', ...paths], shielded);
}
