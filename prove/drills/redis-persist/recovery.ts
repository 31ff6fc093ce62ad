import path from 'node:path';
import { exec, kubectl } from '../../cluster/kubectl.ts';
import { confirmingPruning, endSync } from '../../components/argocd/pruning.ts';
import { backupsOf, changed, momentOf, wrongBucket, wrongBucketSaid } from '../../components/backups.ts';
import { redisOf } from '../../components/redis/store.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import type { Releases } from '../../delivery/releases.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { truncateObject } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';
import type { BackedUp } from './backup.ts';
import { contentsOf, differences } from './contents.ts';

/**
 * Both volumes lost, and the store recovered by the documented command and a release. The backup is cut short at first: it has
 * to be refused, and taken when it is whole again.
 */
export async function recovery(ground: PlatformGround, releases: Releases, backedUp: BackedUp): Promise<Part> {
  const { cluster, report, signal } = ground;
  const first = redisOf(ground);
  const { good, contents, acknowledged } = backedUp;
  const name = path.posix.basename(good.key);
  await loseVolumes(ground, first);
  const { primary } = await first.whole(signal, 300);
  const left = await contentsOf(first, primary, signal);
  const putBack = truncateObject(cluster, first.archive.store, good.key);
  const { second, said, refused, wrong, roles, spoiled } = await withCleanUp([putBack], () =>
    refusedAtFirst(ground, releases, first, momentOf(good)),
  );
  const mended = performance.now();
  const whole = await second.whole(signal, 300);
  const back = seconds(performance.now() - mended);
  const after = await contentsOf(second, whole.primary, signal);
  const differing = differences(contents, after, new Date());
  const numbers = await second.numbers(signal);
  const missing = acknowledged.filter((number) => !numbers.has(number));
  report(`${after.size} of ${contents.size} keys back after ${refused} s to the refusal and ${back} s from there`);
  const checks: DrillCheck[] = [
    { what: 'keys after the loss of both volumes', expected: '0', got: String(left.size) },
    {
      what: 'what a member says of a backup that was cut short',
      expected: `${name} is not what was backed up`,
      got:
        said.startsWith(`${name} in `) && said.includes(' is not what was backed up')
          ? `${name} is not what was backed up`
          : said,
    },
    { what: 'what it says of a wrong bucket, in one line', expected: wrongBucketSaid, got: wrong },
    { what: 'primaries that began with anything else', expected: 'none', got: roles.join(', ') || 'none' },
    { what: 'backups that both refusals changed', expected: 'none', got: spoiled },
    { what: 'keys that are not as they were', expected: 'none', got: differing.slice(0, 5).join(', ') || 'none' },
    {
      what: 'writes that were acknowledged before the backup and are not in it',
      expected: 'none',
      got: missing.slice(0, 5).join(', ') || 'none',
    },
  ];
  return {
    figures: {
      'recovered keys': after.size,
      'until the backup was refused': refused,
      'from a whole backup until it serves': back,
    },
    checks,
  };
}

interface Refused {
  readonly second: RedisStore;
  /** What a member says of the backup. */
  readonly said: string;
  /** Seconds from the command to that. */
  readonly refused: number;
  /** What a member says of a wrong bucket. */
  readonly wrong: string;
  /** Members that began all the same. */
  readonly roles: readonly string[];
  readonly spoiled: string;
}

/** The command and its release, while the backup is no whole one. */
async function refusedAtFirst(
  ground: PlatformGround,
  releases: Releases,
  first: RedisStore,
  moment: string,
): Promise<Refused> {
  const { clone, report, signal } = ground;
  const before = backupsOf(first);
  const start = performance.now();
  const printed = await clone.npm('recover', ['redis', '--at', moment]);
  report(printed.split('\n')[0] ?? '');
  await releases.release(`Recover Redis to ${moment}`, () => undefined);
  const second = redisOf(ground);
  const { member, said } = await refusal(second, signal);
  report(`${member} waits: ${said}`);
  const refused = seconds(performance.now() - start);
  const wrong = await restoreFromWrongBucket(second, member);
  report(wrong);
  const roles = (await second.views()).filter(({ role }) => role === 'master').map(({ name }) => name);
  return { second, said, refused, wrong, roles, spoiled: changed(before, backupsOf(first)) };
}

async function loseVolumes({ cluster, report, signal }: PlatformGround, store: RedisStore): Promise<void> {
  const uids = () =>
    kubectl(cluster, [
      'get',
      'pvc',
      ...claimsOf(store.members),
      `--namespace=${store.namespace}`,
      '--output=jsonpath={..metadata.uid}',
    ]);
  const before = (await uids()).split(' ');
  await deleteVolumes(store, store.members);
  await store.deleteOutright(...store.members);
  await waitFor('other volumes', { atMost: 180, every: 500, signal }, async () => {
    const now = (await uids().catch(() => '')).split(' ');
    return now.length === before.length && now.every((uid) => uid !== '' && !before.includes(uid));
  });
  report('both members have lost their volumes');
}

const claimsOf = (pods: readonly string[]): readonly string[] => pods.map((name) => `data-${name}`);

async function deleteVolumes({ cluster, namespace }: RedisStore, pods: readonly string[]): Promise<void> {
  const where = [`--namespace=${namespace}`, '--ignore-not-found', '--wait=false'];
  await kubectl(cluster, ['delete', 'pvc', ...claimsOf(pods), ...where]);
}

/** Waits until a member says that it can't begin with the backup. */
async function refusal(store: RedisStore, signal: AbortSignal) {
  return waitFor('a member to refuse the backup', { atMost: 300, every: 1000, signal }, async () => {
    for (const member of store.members) {
      const said = (await store.waitsFor(member))?.trim();
      if (said?.includes('redis-recovery.md') === true) return { member, said };
    }
    return undefined;
  });
}

/** As a member would that was configured so. @returns what it says */
async function restoreFromWrongBucket({ cluster, namespace }: RedisStore, name: string): Promise<string> {
  const script = [
    'mkdir -p /tmp/drill',
    `DATA=/tmp/drill RUN=/tmp/drill STORE_BUCKET=${wrongBucket} /opt/redis/restore.sh`,
    'cat /tmp/drill/refused',
  ].join('; ');
  const where = { namespace, name, container: 'redis' };
  const { stdout, stderr } = await exec(cluster, where, ['bash', '-c', script], { timeout: 60 });
  return /^.*: (there is no bucket \S+)\n$/.exec(stdout)?.[1] ?? `${stdout}${stderr}`.trim();
}

/** Lets Argo CD remove the store that was lost, and removes its volumes. */
export async function removeFormer(ground: PlatformGround, releases: Releases, former: RedisStore): Promise<void> {
  const { applications, signal } = ground;
  await confirmingPruning(ground, former.redis.members.application, () => releases.applied(applications, signal));
  await deleteVolumes(former, [...former.members, ...former.sentinels]);
}

/** The first life again, which begins empty, whatever a drill that failed has left. */
export async function backToFirst(ground: PlatformGround, releases: Releases): Promise<void> {
  const { cluster, applications } = ground;
  const last = redisOf(ground);
  const { application } = last.redis.members;
  // A sync that waits keeps the next one out.
  for (const name of [application, 'root']) await endSync(cluster, name);
  await releases.undo();
  await confirmingPruning(ground, application, () => releases.applied(applications));
  if (redisOf(ground).scope !== last.scope) await deleteVolumes(last, [...last.members, ...last.sentinels]);
}
