import { clusterOf } from '../../cluster/handle.ts';
import { Members } from '../../components/postgres/members.ts';
import { deliver } from '../../delivery/deliver.ts';
import { exists } from '../../delivery/lifecycle.ts';
import { withCluster } from '../../delivery/with-cluster.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck, Measured } from '../../results/index.ts';
import type { Drill } from '../area.ts';
import { failover, nodesOfMembers, quickFaults, slowFaults } from '../failover/fault.ts';
import type { Failover } from '../failover/fault.ts';
import { rebuildReplica } from '../failover/rebuild.ts';
import { splitBrain } from '../failover/split-brain.ts';
import { environment } from '../on-platform.ts';
import type { RunningPlatform } from '../on-platform.ts';
import { outageRound, retentionRound } from './archive-drill.ts';
import { offsiteRound } from './offsite.ts';
import { recoveryRound } from './recovery.ts';
import { common } from './result.ts';
import type { DrillRound } from './round.ts';

/** The ways to lose a primary; the quick ones in as many rounds as asked. */
export function failoverDrill(platform: RunningPlatform): Promise<readonly Measured[]> {
  return failovers(platform, 1);
}

/** All that the data tier promises of PostgreSQL, in a cluster of its own: at the end little of it is as it was. */
export const postgresDrill: Drill = async (run) => {
  const cluster = clusterOf(environment);
  if (exists(cluster)) throw new ProvingError('it needs an empty cluster: run npm run prove -- down before');
  const { root, report, rounds } = run;
  return withCluster(cluster, run, async (signal) => {
    const platform = { ...(await deliver(cluster, root, { report, signal })), cluster, root, report, signal };
    const members = new Members(cluster);
    const measured = [...(await failovers(platform, rounds))];
    measured.push(
      backupResult(platform, [await retentionRound(platform, members), await outageRound(platform, members)]),
    );
    const recovery = await recoveryRound(platform);
    measured.push({
      ...common(platform),
      promise: 'pg-pitr',
      drill:
        'rows marked ten times a second, a table dropped, npm run recover to the moment before, a release; then once more ' +
        'from the recovered cluster, while object storage fails on the way',
      units: {
        recovered: 'min',
        'off the target': 's',
        'database back': 's',
        'second recovery': 's',
      },
      rounds: [recovery],
    });
    measured.push(offsiteResult(platform, await offsiteRound(platform, new Members(cluster, 'postgres-3'), 3)));
    return measured;
  });
};

async function failovers(platform: RunningPlatform, rounds: number): Promise<readonly Measured[]> {
  const members = new Members(platform.cluster);
  await members.whole(platform.signal, 300);
  const spread = await nodesOfMembers(members);
  const quick: Failover[][] = [];
  for (let round = 1; round <= rounds; round += 1) {
    if (rounds > 1) platform.report(`failover, round ${round} of ${rounds}`);
    const results: Failover[] = [];
    for (const fault of quickFaults(members)) results.push(await failover(platform, members, fault));
    quick.push(results);
  }
  const slow: Failover[] = [];
  for (const fault of slowFaults(platform, members)) slow.push(await failover(platform, members, fault));
  const split = await splitBrain(platform, members);
  const rebuilt = await rebuildReplica(platform, members);
  const after = await nodesOfMembers(members);
  const slowFigures = Object.fromEntries([
    ...slow.map(({ name, outage }) => [name, outage] as const),
    ['cable pulled', split.outage],
    ['old primary stopped before the new one began', split.between],
    ['replica from the archive', rebuilt.seconds],
  ]);
  const slowChecks = [...slow.flatMap(({ checks }) => checks), ...split.checks, ...rebuilt.checks];
  const lostOf = (list: readonly { readonly lost: number }[]): number => list.reduce((sum, { lost }) => sum + lost, 0);
  return [
    {
      ...common(platform),
      promise: 'pg-failover',
      drill:
        "the primary's process killed, its pod deleted (each round); its postmaster killed, its container frozen, its " +
        'node lost, cut off and drained (last round), under a client that commits twenty times a second',
      units: {
        outage: 's',
        'process killed': 's',
        'pod deleted': 's',
        whole: 's',
        ...Object.fromEntries(Object.keys(slowFigures).map((name) => [name, 's'])),
      },
      rounds: quick.map((results, index) => ({
        figures: {
          outage: Math.max(...results.map(({ outage }) => outage)),
          ...Object.fromEntries(results.map(({ name, outage }) => [name, outage])),
          whole: Math.max(...results.map(({ whole }) => whole)),
          ...(index === quick.length - 1 ? slowFigures : {}),
        },
        checks: [
          ...results.flatMap(({ checks }) => checks.filter(({ what }) => !what.endsWith('rows lost'))),
          ...(index === quick.length - 1 ? slowChecks.filter(({ what }) => !what.endsWith('rows lost')) : []),
        ],
      })),
    },
    {
      ...common(platform),
      promise: 'pg-rpo',
      drill: 'every acknowledged row looked up on the new primary, after each of the same faults',
      units: { lost: 'transactions' },
      rounds: quick.map((results, index) => ({
        figures: { lost: lostOf(results) + (index === quick.length - 1 ? lostOf(slow) + split.lost : 0) },
        checks: [
          ...results.flatMap(({ checks }) => checks.filter(({ what }) => what.endsWith('rows lost'))),
          ...(index === quick.length - 1 ? slowChecks.filter(({ what }) => what.endsWith('rows lost')) : []),
        ],
      })),
    },
    {
      ...common(platform),
      promise: 'pg-spread',
      drill: 'the nodes of both members, before and after all faults',
      units: {},
      rounds: [{ figures: {}, checks: [spreadCheck('before', spread), spreadCheck('after', after)] }],
    },
  ];
}

function spreadCheck(when: string, nodes: readonly string[]): DrillCheck {
  return { what: `nodes of the members ${when} the faults`, expected: '2', got: String(new Set(nodes).size) };
}

function backupResult(platform: RunningPlatform, parts: readonly DrillRound[]): Measured {
  return {
    ...common(platform),
    promise: 'pg-backup',
    drill:
      'six full backups with WAL between them, retention with days of some seconds, every kept one restored; object ' +
      'storage away for 310 s under a writing client',
    units: {
      'restore of the newest': 's',
      'restored per GB': 's',
      'objects in the archive': 'objects',
      'caught up': 's',
      'commits during the outage': 'transactions',
      gap: 's',
    },
    rounds: [
      {
        figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as Record<string, number>,
        checks: parts.flatMap(({ checks }) => checks),
      },
    ],
  };
}

export function offsiteResult(platform: RunningPlatform, round: DrillRound): Measured {
  return {
    ...common(platform),
    promise: 'offsite',
    drill: 'backups copied to a second provider, the first one emptied, a backup restored from the copy',
    units: { copied: 'objects', copy: 's', restored: 's' },
    rounds: [round],
  };
}
