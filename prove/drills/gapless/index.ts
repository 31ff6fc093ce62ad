import { Size } from 'cdk8s';
import { apiServer } from '../../../apps/cluster.ts';
import type { ApplicationChart } from '../../../constructs/core/application-chart.ts';
import { Cpu } from '../../../constructs/core/cpu.ts';
import type { Environment } from '../../../constructs/core/environment.ts';
import { claimName, PatroniCluster } from '../../../constructs/patroni-cluster/index.ts';
import type { PatroniClusterProps } from '../../../constructs/patroni-cluster/index.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { archiveAll, archivedSegments, fullBackups, waitForBackups } from '../../components/postgres/backups.ts';
import { DrillClusters } from '../../components/postgres/drill-clusters.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Round } from '../../results/index.ts';
import { startObjectStorage, stopObjectStorage } from '../../stand-ins/object-storage/index.ts';
import type { Area } from '../area.ts';
import type { PlatformGround } from '../ground.ts';

const name = 'gapless';
/** Segments that the primary can't push before it is lost. */
const backlog = 6;

export const area: Area<'platform'> = {
  purpose: 'loses the PostgreSQL primary with its volume while the archive lags, and recovers across that',
  promises: {
    'pg-gapless':
      "object storage away, six segments written by a client and not archived, the primary's volume and pod deleted; " +
      'object storage back, the archive looked through, a copy recovered from the full backup before all that',
  },
  needs: 'platform',
  minutes: 6,
  programs: [],
  about: ['constructs/patroni-cluster', 'constructs/stateful', 'prove/components/postgres'],
  run: async (platform) => ({ 'pg-gapless': await gapless(platform) }),
};

/** A cluster of its own: the platform's would have to be repaired afterwards. */
async function gapless(platform: PlatformGround): Promise<Round> {
  const { cluster, signal, report } = platform;
  const own = membersOf(platform);
  const clusters = new DrillClusters(own, name);
  const { store } = own.archive;
  let isAway = false;
  const undo = [() => isAway && startObjectStorage(cluster, store), () => clusters.remove()];
  return withCleanUp(undo, async () => {
    await clusters.remove();
    const props = (environment: Environment): PatroniClusterProps => ({
      image: environment.image('spilo'),
      exporter: false,
      kubernetesApi: apiServer(environment),
      authority: clusters.authority,
      databases: [{ name: 'drill' }],
      storage: Size.gibibytes(2),
      size: { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(512) },
      backups: { ...environment.backups('postgres'), restoreTestSchedule: false },
    });
    const make = (scope: ApplicationChart, environment: Environment) =>
      new PatroniCluster(scope, name, props(environment));
    const first = await clusters.apply(make);
    const { leader, standby } = await first.whole(signal, 300);
    const [full] = await waitForBackups(first, 1, { atMost: 180, signal });
    await archiveAll(first, signal);
    report(`${first.scope} is whole and has the full backup ${full?.name ?? ''}`);

    await stopObjectStorage(cluster, store);
    isAway = true;
    const { left, acknowledged } = await loseThePrimary(platform, first, { leader, standby });
    const target = await first.sqlOfClients(
      "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')",
    );
    const rows = await first.sqlOfClients('select count(*) from drill_writes');
    const before = archivedSegments(first);

    await startObjectStorage(cluster, store, { signal });
    isAway = false;
    const start = performance.now();
    const passed = (): number => seconds(performance.now() - start);
    await waitFor('what the lost primary had not archived', { atMost: 180, every: 500, signal }, () => {
      return lacking(left, archivedSegments(first)).length === 0;
    }).catch((error: unknown) => {
      signal.throwIfAborted();
      report(String(error));
    });
    const archived = passed();
    const gap = lacking(left, archivedSegments(first));
    report(
      `${left.length - gap.length} of ${left.length} segments of the lost primary are archived after ${archived} s`,
    );
    // A recovery to a moment needs something after it.
    await archiveAll(first, signal, 180);

    const startOfCopy = performance.now();
    const copy = await clusters.apply((scope, environment) => {
      const generation = { number: 2, recovery: { from: 1, to: `${target}+00` } };
      const copyOf = make(scope, environment);
      return new PatroniCluster(scope, 'copy', { ...props(environment), copyOf, generation, members: 1 });
    });
    await waitFor(`a leader of ${copy.scope}`, { atMost: 240, every: 500, signal }, () => copy.leader());
    const recovered = seconds(performance.now() - startOfCopy);
    const found = new Set((await copy.sqlOfClients('select id from drill_writes')).split('\n').map(Number));
    const missing = acknowledged.filter((id) => !found.has(id));
    report(
      `${copy.scope} has ${found.size} of ${rows} rows after ${recovered} s, ${missing.length} acknowledged are missing`,
    );

    const survivor = (await first.leader()) ?? standby;
    const since = await waitFor('a full backup after the failover', { atMost: 240, every: 2000, signal }, async () => {
      const made = (await fullBackups(first, survivor)).find(({ name: each }) => each !== full?.name);
      return made === undefined ? undefined : { name: made.name };
    });
    report(`full backup ${since.name} after ${passed()} s`);
    return {
      figures: {
        missing: missing.length,
        backlog: left.length,
        archived,
        recovered,
        acknowledged: acknowledged.length,
      },
      units: { missing: 'rows', backlog: 'segments', archived: 's', recovered: 's', acknowledged: 'rows' },
      checks: [
        {
          what: 'segments of the backlog in the archive when the primary is lost',
          expected: 'none',
          got: left.filter((segment) => before.includes(segment)).join(', ') || 'none',
        },
        { what: 'segments that the archive lacks afterwards', expected: 'none', got: gap.join(', ') || 'none' },
        { what: 'rows of the copy', expected: rows, got: String(found.size) },
        {
          what: 'acknowledged rows that the copy lacks',
          expected: 'none',
          got: missing.slice(0, 5).join(', ') || 'none',
        },
      ],
    };
  });
}

interface Lost {
  /** What the old primary could not push. */
  readonly left: readonly string[];
  /** Numbers of the rows that a client was told of, before and after. */
  readonly acknowledged: readonly number[];
}

/** Under a writer: segments that nobody can archive, then the primary goes with its volume. */
async function loseThePrimary(
  { cluster, signal, report }: PlatformGround,
  members: Members,
  { leader, standby }: { readonly leader: string; readonly standby: string },
): Promise<Lost> {
  await Writer.prepare(members);
  const writer = await Writer.start(members, { number: 1 });
  const undo = [
    // No row is written after the moment that is recovered to.
    () => writer.remove(),
  ];
  return withCleanUp(undo, async () => {
    await commitsAfter(writer, new Date(), signal);
    const left: string[] = [];
    for (let segment = 0; segment < backlog; segment += 1) {
      await members.sql(leader, 'create table if not exists drill_noise (n int); insert into drill_noise values (1)');
      left.push(await members.sql(leader, 'select pg_walfile_name(pg_switch_wal())'));
    }
    await commitsAfter(writer, new Date(), signal);
    // A standby keeps no WAL from before its last restart point, but for what it is told to.
    await members.sql(leader, 'checkpoint');
    await members.sql(standby, 'checkpoint');
    const where = [`--namespace=${members.namespace}`, '--wait=false'];
    await kubectl(cluster, ['delete', 'pvc', `${claimName}-${leader}`, ...where]);
    const lost = new Date();
    await members.deleteOutright(leader);
    await members.ledByAnother(leader, signal);
    await commitsAfter(writer, lost, signal);
    const acknowledged = (await writer.writes()).filter(({ ok }) => ok).map(({ text }) => Number(text));
    report(
      `${leader} is gone with its volume and ${left.length} segments; ${acknowledged.length} rows are acknowledged`,
    );
    return { left, acknowledged };
  });
}

/** Ten commits in a row. */
async function commitsAfter(writer: Writer, since: Date, signal: AbortSignal): Promise<void> {
  await waitFor('commits', { atMost: 120, every: 500, signal }, async () => {
    const last = (await writer.writes(since)).slice(-10);
    return last.length === 10 && last.every(({ ok }) => ok);
  });
}

/** Those of `wanted` that an archive doesn't have. */
export function lacking(wanted: readonly string[], archived: readonly string[]): string[] {
  return wanted.filter((segment) => !archived.includes(segment));
}
