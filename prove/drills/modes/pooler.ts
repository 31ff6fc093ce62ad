import { setTimeout as delay } from 'node:timers/promises';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import type { DrillClusters } from '../../components/postgres/drill-clusters.ts';
import type { Members } from '../../components/postgres/members.ts';
import { failedOf, longestGap, reasonsOf, seconds } from '../../instruments/figures.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { failover, quickFaults, slowFaults } from '../failover/fault.ts';
import type { PlatformGround } from '../ground.ts';
import { migrate, numbers, poolerOf } from './pooler-memory.ts';

/** A cluster that keeps its lock in ConfigMaps loses its primary, under a client of its pooler. */
export async function poolerRound(platform: PlatformGround, members: Members, clusters: DrillClusters): Promise<Part> {
  const { report, signal } = platform;
  const { seconds: whole } = await members.whole(signal, 600);
  report(`${members.scope} is whole after ${whole} s`);
  const lock = await lockHolder(members);
  const faults = [...quickFaults(members), ...slowFaults(platform, members).filter(({ name }) => name === 'node lost')];
  const results = [];
  for (const fault of faults) results.push(await failover(platform, members, fault, true));
  const migrated = await migrate(platform, members);
  const shown = await numbers(platform, members);
  const updated = await updatePooler(platform, members);
  const rotated = await rotatePassword(platform, members, clusters);
  const quick = results.filter(({ name }) => name !== 'node lost');
  return {
    figures: {
      outage: Math.max(...quick.map(({ outage }) => outage)),
      ...Object.fromEntries(results.map(({ name, outage }) => [name, outage])),
      lost: results.reduce((sum, { lost }) => sum + lost, 0),
      ...migrated.figures,
      ...updated.figures,
      ...rotated.figures,
    },
    checks: [
      { what: 'who holds the lock in the ConfigMap', ...lock },
      ...results.flatMap(({ checks }) => checks),
      ...migrated.checks,
      ...shown.checks,
      ...updated.checks,
      ...rotated.checks,
    ],
  };
}

async function lockHolder(members: Members): Promise<Pick<DrillCheck, 'expected' | 'got'>> {
  const name = `${members.scope}-leader`;
  const { metadata } = await getJson<{ readonly metadata: { readonly annotations?: Record<string, string> } }>(
    members.cluster,
    ['configmap', name, `--namespace=${members.namespace}`],
  );
  return { expected: (await members.leader()) ?? 'a leader', got: metadata.annotations?.leader ?? 'nobody' };
}

/** All pods of the pooler are replaced under a client, one after the other. */
async function updatePooler({ cluster, report, signal }: PlatformGround, members: Members): Promise<Part> {
  const deployment = `deployment/${poolerOf(members).name}`;
  const { namespace } = members;
  await Writer.prepare(members);
  const writer = await Writer.start(members, { number: 1, pooled: true });
  return withCleanUp([() => writer.remove()], async () => {
    const since = new Date();
    await kubectl(cluster, ['rollout', 'restart', deployment, `--namespace=${namespace}`]);
    await kubectl(cluster, ['rollout', 'status', deployment, `--namespace=${namespace}`, '--timeout=180s'], {
      timeout: 200,
    });
    // The last of the old pods has its time to end.
    await delay(15_000, undefined, { signal });
    const writes = await writer.writes(since);
    const outage = longestGap(writes, since, new Date());
    const lost = await writer.lost();
    report(`pooler replaced: ${outage} s without a commit, ${failedOf(writes)} of ${writes.length} writes failed`);
    return {
      figures: { 'pooler replaced': outage, 'failed writes': failedOf(writes) },
      checks: [
        { what: 'rows lost while the pooler was replaced', expected: 'none', got: lost.join(', ') || 'none' },
        // A client with one connection loses it once for each pod it was on.
        {
          what: 'writes that failed while both pods were replaced',
          expected: '2 or fewer',
          got: failedOf(writes) <= 2 ? '2 or fewer' : `${failedOf(writes)}: ${reasonsOf(writes)}`,
        },
      ],
    };
  });
}

/** Another password, as `npm run seal` brings it: who is connected stays, and who comes uses the new one. */
async function rotatePassword(
  { cluster, report, signal }: PlatformGround,
  members: Members,
  clusters: DrillClusters,
): Promise<Part> {
  await Writer.prepare(members);
  const before = await Writer.start(members, { number: 1, pooled: true });
  const since = new Date();
  return withCleanUp([() => before.remove()], async () => {
    const { password } = members.database.pooled.credentials;
    await clusters.rotate(password.secret.name, password.key);
    const selector = selectorArgument(poolerOf(members).selector);
    const logs = [
      'logs',
      selector,
      `--namespace=${members.namespace}`,
      '--container=pgbouncer',
      '--prefix',
      '--tail=-1',
    ];
    await waitFor('both poolers to read the new password', { atMost: 240, every: 1000, signal }, async () => {
      const found = await kubectl(cluster, [...logs, `--since-time=${since.toISOString()}`]);
      const pods = found.matchAll(/^\[(\S+)\].*got SIGHUP/gm);
      return new Set([...pods].map(([, pod]) => pod)).size === 2;
    });
    const read = seconds(Date.now() - since.getTime());
    // It reads the Secret anew, and needs PostgreSQL, too, to have the new password.
    const after = await Writer.start(members, { number: 2, pooled: true });
    const took = seconds(Date.now() - since.getTime());
    await after.remove();
    const writes = await before.writes(since);
    report(`password: read after ${read} s, in use after ${took} s; ${failedOf(writes)} writes of others failed`);
    return {
      figures: { 'password read': read },
      checks: [
        { what: 'writes that failed while a password changed', expected: 'none', got: reasonsOf(writes) },
        { what: 'writes while a password changed', expected: 'some', got: writes.length > 0 ? 'some' : 'none' },
      ],
    };
  });
}
