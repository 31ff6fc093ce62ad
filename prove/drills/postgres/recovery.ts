import { setTimeout as delay } from 'node:timers/promises';
import { claimName } from '../../../constructs/patroni-cluster/index.ts';
import { kubectl, tryKubectl } from '../../cluster/kubectl.ts';
import { confirmingPruning } from '../../components/argocd/pruning.ts';
import { archiveAll, waitForBackups } from '../../components/postgres/backups.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { webOf } from '../../components/web.ts';
import { Releases } from '../../delivery/releases.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { objects, startObjectStorage, stopObjectStorage } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';

/** Milliseconds between two marks: what a recovery can be off by. */
const markEvery = 100;

/**
 * Rows are marked with their time all the while; something is destroyed; the cluster is wound back to before it by the
 * documented command, a release and nothing else. Then again, from the recovered cluster, while object storage fails.
 */
export async function recoveryRound(platform: PlatformGround): Promise<Part> {
  const { cluster, clone, signal, report } = platform;
  const releases = await Releases.of(cluster, clone);
  await releases.pin();
  const first = membersOf(platform);
  await first.whole(signal);
  await waitForBackups(first, 1, { atMost: 180, signal });
  const target = await markAndDestroy(first, 'first');
  await archiveAll(first, signal);
  const before = new Map(
    objects(cluster, first.archive.store, first.archive.folder).map(({ key, size }) => [key, size]),
  );

  report(`winding back to ${target}`);
  const start = performance.now();
  await recover(platform, releases, target);
  const second = membersOf(platform);
  await second.whole(signal, 420);
  const databaseBack = seconds(performance.now() - start);
  await clientsMoved(platform, second.scope);
  const recovered = seconds(performance.now() - start);
  report(`${databaseBack} s until the database was back, ${recovered} s until the backend uses it`);
  const marks = await marksOf(second, target);
  const after = new Map(
    objects(cluster, first.archive.store, first.archive.folder).map(({ key, size }) => [key, size]),
  );
  const changed = [...before].filter(([key, size]) => after.get(key) !== size).map(([key]) => key);
  const fulls = await waitForBackups(second, 1, { atMost: 240, signal });
  await confirmingPruning(platform, first.patroni.workload.application, () => gone(platform, first));
  const again = await secondRecovery(platform, releases, second);
  return {
    figures: {
      recovered: Math.round((recovered / 60) * 100) / 100,
      'off the target': marks.off,
      'database back': databaseBack,
      'second recovery': again.seconds,
    },
    checks: [
      { what: 'rows after the moment', expected: '0', got: String(marks.after) },
      { what: 'what was destroyed after the moment', expected: 'there', got: marks.destroyed ? 'gone' : 'there' },
      {
        what: 'objects of the old archive that are other than before',
        expected: 'none',
        got: changed.slice(0, 5).join(', ') || 'none',
      },
      { what: 'full backups of the new generation, made by itself', expected: '1', got: String(fulls.length) },
      ...again.checks,
    ],
  };
}

/** @returns a moment between two marks, before the destruction */
async function markAndDestroy(members: Members, name: string): Promise<string> {
  await members.sqlOfClients(
    'create table if not exists drill_marks (at timestamptz primary key, round text not null);' +
      'create table if not exists drill_precious (n int); insert into drill_precious values (1)',
  );
  const mark = (count: number): Promise<string> =>
    members.sqlOfClients(
      `do $$ begin for i in 1..${count} loop insert into drill_marks values (clock_timestamp(), '${name}'); commit;` +
        ` perform pg_sleep(${markEvery / 1000}); end loop; end $$`,
    );
  await mark(50);
  // Between two marks: what is off is the recovery's doing, not that of the question's way to the server.
  const target = await members.sqlOfClients(
    "select to_char((max(at) + interval '50 ms') at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US') from drill_marks",
  );
  await mark(50);
  await members.sqlOfClients('drop table drill_precious');
  return `${target}+00`;
}

interface Marks {
  /** Seconds from the newest mark to the target. */
  readonly off: number;
  /** Marks that are newer than the target. */
  readonly after: number;
  readonly destroyed: boolean;
}

async function marksOf(members: Members, target: string): Promise<Marks> {
  const line = await members.sqlOfClients(
    `select round(extract(epoch from timestamptz '${target}' - max(at) filter (where at <= '${target}'))::numeric, 3),` +
      ` count(*) filter (where at > '${target}'), to_regclass('drill_precious') is null from drill_marks`,
  );
  const [off = '', after = '', destroyed] = line.split('|');
  return { off: Number(off), after: Number(after), destroyed: destroyed === 't' };
}

/** The documented way: the command, and a release of what it changed. */
async function recover({ clone, report }: PlatformGround, releases: Releases, target: string): Promise<void> {
  const printed = await clone.npm('recover', ['pg', '--to', target.replace(' ', 'T').replace('+00', 'Z')]);
  report(printed.split('\n')[0] ?? '');
  await releases.release(`Wind PostgreSQL back to ${target}`, () => undefined);
}

/** Waits until the backend's pods are those that use the cluster of this name. */
async function clientsMoved({ cluster, platform, signal }: PlatformGround, scope: string): Promise<void> {
  const { name, namespace } = webOf(platform, 'backend');
  const format =
    '--output=jsonpath={.spec.template.spec.containers[0].env[?(@.name=="DATABASE_HOST")].value} {.status.updatedReplicas} {.status.readyReplicas} {.status.replicas}';
  await waitFor(`the backend to use ${scope}`, { atMost: 420, every: 1000, signal }, async () => {
    const { stdout } = await tryKubectl(cluster, ['get', 'deployment', name, `--namespace=${namespace}`, format]);
    const [host = '', updated, ready, all] = stdout.split(' ');
    return host.startsWith(`${scope}.`) && updated === all && ready === all;
  });
}

/** Waits until a cluster's members are removed, and removes their volumes. */
async function gone({ cluster, signal }: PlatformGround, { scope, namespace, names }: Members): Promise<void> {
  await waitFor(`${scope} to be gone`, { atMost: 420, every: 1000, signal }, async () => {
    const get = ['get', 'statefulset', scope, `--namespace=${namespace}`, '--ignore-not-found', '--output=name'];
    const { status, stdout } = await tryKubectl(cluster, get);
    return status === 0 && stdout.trim() === '';
  });
  const claims = names.map((name) => `${claimName}-${name}`);
  await kubectl(cluster, ['delete', 'pvc', ...claims, `--namespace=${namespace}`, '--wait=false']);
}

/** From the recovered cluster to a later moment: nothing may be missing, although object storage fails on the way. */
async function secondRecovery(
  platform: PlatformGround,
  releases: Releases,
  second: Members,
): Promise<{ readonly seconds: number; readonly checks: readonly DrillCheck[] }> {
  const { cluster, signal, report } = platform;
  const target = await markAndDestroy(second, 'second');
  // Enough segments for a recovery that can be interrupted.
  for (let segment = 0; segment < 30; segment += 1) {
    await second.sqlOnLeader('create table if not exists drill_noise (n int); insert into drill_noise values (1)');
    await second.sqlOnLeader('select pg_switch_wal()');
  }
  await archiveAll(second, signal, 180);
  const expected = await second.sqlOfClients(`select count(*) from drill_marks where at <= '${target}'`);
  const start = performance.now();
  await recover(platform, releases, target);
  const third = membersOf(platform);
  await restoring(third, signal);
  await stopObjectStorage(cluster, third.archive.store);
  report('object storage is away in the middle of the recovery');
  const promoted = await withCleanUp([() => startObjectStorage(cluster, third.archive.store, { signal })], async () => {
    let seen = false;
    for (let passed = 0; passed < 40; passed += 1) {
      seen ||= (await third.leader()) !== undefined;
      await delay(1000, undefined, { signal });
    }
    return seen;
  });
  report(`object storage is back; ${promoted ? 'promoted meanwhile' : 'nobody was promoted meanwhile'}`);
  await third.whole(signal, 600);
  const took = seconds(performance.now() - start);
  const rows = await third.sqlOfClients('select count(*) from drill_marks');
  const { off, after } = await marksOf(third, target);
  report(`second recovery: ${rows} of ${expected} marks, ${off} s off, ${took} s`);
  return {
    seconds: took,
    checks: [
      { what: 'a leader while object storage was away', expected: 'none', got: promoted ? 'there was one' : 'none' },
      { what: 'marks after the second recovery', expected, got: rows },
      { what: 'marks after the second moment', expected: '0', got: String(after) },
    ],
  };
}

/** Waits until a member of a new cluster has fetched the first segments of its archive. */
async function restoring(members: Members, signal: AbortSignal): Promise<void> {
  await waitFor(`${members.scope} to read its archive`, { atMost: 300, every: 200, signal }, async () => {
    for (const name of members.names) {
      const args = ['logs', name, '--container=postgres', `--namespace=${members.namespace}`];
      const { status, stdout } = await tryKubectl(members.cluster, args);
      if (status === 0 && /restored log file "[0-9A-F]{24}"/.test(stdout)) return true;
    }
    return false;
  });
}
