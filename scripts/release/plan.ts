import path from 'node:path';
import { readJson } from '../../config/json.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { isAcceptable, toMend } from '../ready/accept.ts';
import type { AcceptableCheck } from '../ready/accept.ts';
import { treeChecks } from '../ready/checks.ts';
import type { Outcome, TreeCheck } from '../ready/checks.ts';
import { dirtFindings } from '../ready/findings.ts';
import type { Ended } from './child-process.ts';
import { gitFailed } from './git.ts';
import type { Git } from './git.ts';

export const releasesFile = 'config/releases.json';

export interface ReleaseOptions {
  readonly environment: string;
  /** Name of the git remote that Argo CD reads. */
  readonly remote: string;
  readonly push: boolean;
  /** Checks of `npm run ready` whose findings are in nobody's way. */
  readonly accepted: readonly AcceptableCheck[];
}

/** What a release takes from the repository it is made in. */
export interface ReleaseContext {
  readonly git: Git;
  /** The branch that the root application follows. */
  readonly branch: string;
  /** The tag of a release; undefined where the applications follow the branch. */
  readonly tagOf: (release: number) => string | undefined;
  /** What `npm run ready` says of the files as they are now. */
  readonly checkTree: () => readonly Outcome<TreeCheck>[];
  /** Runs the synthesis on the files as they are now. */
  readonly synthesise: () => Promise<Ended>;
  /** What should be known of the protection of tag and branch. */
  readonly protectionNotices: (tag: string, remote: string) => Promise<readonly string[]>;
  readonly print: (line: string) => void;
}

export interface ReleasePlan {
  readonly tag: string;
  /** Tag of the release before this one; undefined for the first. */
  readonly previous: string | undefined;
  /** Applications whose objects changed since then, sorted. */
  readonly applications: readonly string[];
  /** What the release commit may consist of, relative to the root. */
  readonly paths: readonly string[];
  /** The text of `config/releases.json` with this release. */
  readonly releases: string;
}

/** Looks at everything a release depends on, and changes nothing. @throws InputError with all that stands in the way */
export async function planRelease(context: ReleaseContext, options: ReleaseOptions): Promise<ReleasePlan> {
  const { git, tagOf, print } = context;
  const { environment, accepted } = options;
  await git.checkRepository();
  const releases = readJson(releasesFile, path.join(git.root, releasesFile)) as Record<string, number>;
  const last = releases[environment] ?? 0;
  const [tag, previous] = [tagOf(last + 1), last === 0 ? undefined : tagOf(last)];
  if (tag === undefined) {
    throw new InputError({
      where: `config/environments/${environment}.ts: releases`,
      what: '"branch": the applications follow the branch, so there is nothing to release',
      allowed: '"tags" for environments that are released',
      remedy: 'leave it at that, or change it to "tags"',
    });
  }
  const outcomes = context.checkTree();
  const findings = [
    ...(await branchFindings(context)),
    ...(await dirtFindings(git)),
    ...unreadyFindings(outcomes, accepted),
    ...(await tagFindings(context, options, tag)),
    ...(previous === undefined ? [] : await previousFindings(git, previous, options.remote)),
  ];
  if (findings.length > 0) throw new InputError(findings);
  for (const { check, findings: known } of outcomes)
    if (known.length > 0) print(`accepted: ${known.length} of ${check} to mend`);
  return {
    tag,
    previous,
    applications: await changedApplications(git, environment, previous),
    paths: [releasesFile, `argocd/${environment}`, `dist/${environment}`],
    releases: `${JSON.stringify({ ...releases, [environment]: last + 1 }, null, 2)}\n`,
  };
}

async function branchFindings({ git, branch }: ReleaseContext): Promise<Finding[]> {
  const head = await git.attempt(['symbolic-ref', '--quiet', '--short', 'HEAD']);
  const current = head.stdout.trimEnd();
  if (current === branch) return [];
  const what = current === '' ? 'HEAD is on no branch' : `it is ${current}`;
  return [{ where: 'the branch', what, allowed: `${branch}, which Argo CD follows`, remedy: `git switch ${branch}` }];
}

/** What the tree is not ready for: what may be accepted in one finding a check, because `npm run ready` names each. */
function unreadyFindings(outcomes: readonly Outcome<TreeCheck>[], accepted: readonly AcceptableCheck[]): Finding[] {
  return toMend(outcomes, accepted).flatMap(({ check, findings }): readonly Finding[] => {
    const [first] = findings;
    if (first === undefined || !isAcceptable(check)) return findings;
    return [
      {
        where: `npm run ready, ${check}`,
        what: `${findings.length} to mend, such as ${first.where}: ${first.what}`,
        allowed: treeChecks[check],
        remedy: `npm run ready names each, and what to do; --accept ${check} releases all the same`,
      },
    ];
  });
}

async function tagFindings(
  { git, print }: ReleaseContext,
  { remote, push }: ReleaseOptions,
  tag: string,
): Promise<Finding[]> {
  const reference = `refs/tags/${tag}`;
  const taken = (where: string, remedy: string): Finding => {
    return { where, what: `it has a tag ${tag} already`, allowed: 'a tag that is new', remedy };
  };
  const findings: Finding[] = [];
  if ((await git.attempt(['rev-parse', '--verify', '--quiet', reference])).code === 0) {
    const remedy = `git pull if it is a release that ${releasesFile} doesn't know yet, git tag -d ${tag} if it is none`;
    findings.push(taken('this clone', remedy));
  }
  const remotes = (await git.read(['remote'])).split('\n').filter((name) => name !== '');
  if (!remotes.includes(remote)) {
    const allowed = remotes.join(', ') || 'none yet';
    const remedy = 'name one with --remote, or git remote add it';
    return push ? [...findings, { where: '--remote', what: `git knows no ${remote}`, allowed, remedy }] : findings;
  }
  const command = ['ls-remote', '--tags', remote, reference];
  const listed = await git.attempt(command);
  if (listed.code === 0 && listed.stdout !== '') findings.push(taken(remote, `git pull ${remote}, then run again`));
  if (listed.code !== 0 && push) findings.push(gitFailed(command, listed, `see that ${remote} can be reached`));
  if (listed.code !== 0 && !push) print(`${remote} could not be asked whether it has a tag ${tag} already`);
  return findings;
}

async function previousFindings(git: Git, previous: string, remote: string): Promise<Finding[]> {
  if ((await git.attempt(['rev-parse', '--verify', '--quiet', `refs/tags/${previous}`])).code === 0) return [];
  return [
    {
      where: 'this clone',
      what: `it has no tag ${previous}, which the applications are pinned to`,
      allowed: 'the tag of the last release, which tells what changed since',
      remedy: `git fetch ${remote} tag ${previous}; if it was never pushed, tag the commit of that release and push the tag`,
    },
  ];
}

/** The folders of `dist/<environment>` that differ between the last release and HEAD; every folder for the first. */
async function changedApplications(git: Git, environment: string, previous: string | undefined): Promise<string[]> {
  const folder = `dist/${environment}`;
  const files = await git.paths(
    previous === undefined
      ? ['ls-tree', '-r', '-z', '--name-only', 'HEAD', '--', folder]
      : ['diff', '--name-only', '--no-renames', '-z', `refs/tags/${previous}`, 'HEAD', '--', folder],
  );
  const applications = files.map((file) => file.slice(folder.length + 1).split('/')[0] ?? file);
  return [...new Set(applications)].sort();
}
