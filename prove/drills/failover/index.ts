import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { failover, nodesOfMembers, quickFaults, slowFaults } from './fault.ts';
import type { Failover } from './fault.ts';
import { rebuildReplica } from './rebuild.ts';
import { splitBrain } from './split-brain.ts';

/** The ways to lose a primary: those of which nobody else loses anything in each round, the others in the last. */
export const area: Area<'platform'> = {
  purpose: 'loses the PostgreSQL primary in seven ways, under a writing client',
  promises: {
    'pg-failover':
      "the primary's process killed, its pod deleted (each round); its postmaster killed, its container frozen, its " +
      'node lost, cut off and drained (last round), under a client that commits twenty times a second',
    'pg-rpo': 'every acknowledged row looked up on the new primary, after each of the same faults',
    'pg-spread': 'the nodes of both members, before and after all faults',
  },
  needs: 'platform',
  minutes: 8,
  programs: [],
  about: ['constructs/patroni-cluster', 'constructs/stateful', 'prove/components/postgres', 'prove/cluster/faults.ts'],
  run: failovers,
};

async function failovers(platform: PlatformGround): Promise<Outcome> {
  const members = membersOf(platform);
  await members.whole(platform.signal, 300);
  const spread = await nodesOfMembers(members);
  const quick: Failover[] = [];
  for (const fault of quickFaults(members)) quick.push(await failover(platform, members, fault));
  const slow = platform.round.number === platform.round.of ? await slowly(platform, members) : undefined;
  const after = await nodesOfMembers(members);
  const checks = [...quick.flatMap((each) => each.checks), ...(slow?.checks ?? [])];
  const isLoss = ({ what }: DrillCheck): boolean => what.endsWith('rows lost');
  const figures = {
    outage: Math.max(...quick.map(({ outage }) => outage)),
    ...Object.fromEntries(quick.map(({ name, outage }) => [name, outage])),
    whole: Math.max(...quick.map(({ whole }) => whole)),
    ...slow?.figures,
  };
  return {
    'pg-failover': {
      figures,
      units: Object.fromEntries(Object.keys(figures).map((name) => [name, 's'])),
      checks: checks.filter((check) => !isLoss(check)),
    },
    'pg-rpo': {
      figures: { lost: lostOf(quick) + (slow?.lost ?? 0) },
      units: { lost: 'transactions' },
      checks: checks.filter(isLoss),
    },
    'pg-spread': {
      figures: {},
      units: {},
      checks: [spreadCheck('before', spread), spreadCheck('after', after)],
    },
  };
}

interface Slow {
  readonly figures: Readonly<Record<string, number>>;
  readonly checks: readonly DrillCheck[];
  readonly lost: number;
}

async function slowly(platform: PlatformGround, members: Members): Promise<Slow> {
  const slow: Failover[] = [];
  for (const fault of slowFaults(platform, members)) slow.push(await failover(platform, members, fault));
  const split = await splitBrain(platform, members);
  const rebuilt = await rebuildReplica(platform, members);
  return {
    figures: {
      ...Object.fromEntries(slow.map(({ name, outage }) => [name, outage])),
      'cable pulled': split.outage,
      'old primary stopped before the new one began': split.between,
      'replica from the archive': rebuilt.seconds,
    },
    checks: [...slow.flatMap(({ checks }) => checks), ...split.checks, ...rebuilt.checks],
    lost: lostOf(slow) + split.lost,
  };
}

function lostOf(list: readonly Failover[]): number {
  return list.reduce((sum, { lost }) => sum + lost, 0);
}

function spreadCheck(when: string, nodes: readonly string[]): DrillCheck {
  return { what: `nodes of the members ${when} the faults`, expected: '2', got: String(new Set(nodes).size) };
}
