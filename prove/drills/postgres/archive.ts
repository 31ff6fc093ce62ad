import { setTimeout as delay } from 'node:timers/promises';
import {
  archiveAll,
  archivedSegments,
  backUp,
  fullBackups,
  markByHand,
  restoreTest,
  retain,
  waitForBackups,
} from '../../components/postgres/backups.ts';
import type { FullBackup } from '../../components/postgres/backups.ts';
import { bulk } from '../../components/postgres/bulk.ts';
import type { Members } from '../../components/postgres/members.ts';
import { memberMetric } from '../../components/postgres/metrics.ts';
import { longestGap } from '../../instruments/figures.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { objects, startObjectStorage, stopObjectStorage } from '../../stand-ins/object-storage/index.ts';
import type { PlatformGround } from '../ground.ts';

const fulls = 7;
/**
 * Fulls with a row before and several segments after each, the first of them marked by hand; then retention with days of
 * some seconds, twice, so that it finds its own marks too: what should be gone is gone, what should be kept restores.
 */
export async function retentionRound({ signal, report }: PlatformGround, members: Members): Promise<Part> {
  const database = members.database.name;
  const { leader, standby } = await members.whole(signal);
  await waitForBackups(members, 1, { atMost: 180, signal });
  await members.sql(
    leader,
    'drop table if exists drill_writes; create table if not exists drill_rows (n int)',
    database,
  );
  await members.sql(leader, 'truncate drill_rows', database);
  const made: FullBackup[] = [];
  for (let number = 1; number <= fulls; number += 1) {
    if (number === fulls) await bulk(members, leader, 'drill_bulk');
    await members.sql(leader, `insert into drill_rows values (${number})`, database);
    const before = new Set((await fullBackups(members)).map(({ name }) => name));
    // A standby's full begins where it last had a restart point, and has its name from there.
    await members.sql(leader, 'checkpoint');
    await archiveAll(members, signal);
    await members.sql(standby, 'checkpoint');
    await backUp(members, standby);
    const added = (await fullBackups(members)).find(({ name }) => !before.has(name));
    if (added !== undefined) made.push(added);
    report(`full backup ${number} of ${fulls}: ${added?.name ?? 'none'}`);
    for (let segment = 0; segment < 3; segment += 1) await archiveAll(members, signal);
  }
  const [byHand, first, second, third, base, next] = made;
  const checks: DrillCheck[] = [
    { what: 'full backups made from the standby', expected: `${fulls}`, got: `${made.length}` },
  ];
  if (!byHand || !first || !second || !third || !base || !next) return { figures: {}, checks };
  const age = (from: FullBackup, until: FullBackup): number =>
    (Date.now() - (Date.parse(from.finished) + Date.parse(until.finished)) / 2) / 1000;
  await markByHand(members, standby, byHand.name);
  const keepWalSeconds = (): number => age(base, next);
  await retain(members, standby, { keepFullSeconds: age(byHand, first), keepWalSeconds: keepWalSeconds() });
  await retain(members, standby, { keepFullSeconds: age(first, second), keepWalSeconds: keepWalSeconds() });
  const left = await fullBackups(members);
  const number = ({ name }: FullBackup): number => made.findIndex((each) => each.name === name) + 1;
  checks.push(
    {
      what: 'fulls after retention, by number, kept older ones with a star',
      expected: '1* 3* 4* 5 6 7',
      got: left.map((each) => `${number(each)}${each.permanent ? '*' : ''}`).join(' '),
    },
    {
      what: 'WAL before the window that no kept full needs',
      expected: 'none',
      got: superfluous(archivedSegments(members), [byHand, second, third], base).join(', ') || 'none',
    },
  );
  for (const kept of [byHand, second, third, base]) {
    const result = await restoreTest(members, `${number(kept)}`, { args: ['--backup', kept.name] }, signal);
    report(`full ${number(kept)} restored: ${JSON.stringify(result)}`);
    checks.push({
      what: `rows of full ${number(kept)} when it is restored`,
      expected: `${number(kept)}`,
      got: result.error ?? String(result.databases?.[database]?.rows),
    });
  }
  const newest = await restoreTest(members, 'newest', {}, signal);
  checks.push({
    what: 'the newest full, restored by the weekly test',
    expected: `${fulls}`,
    got: newest.error ?? String(newest.databases?.[database]?.rows),
  });
  await members.sql(leader, 'drop table drill_rows', database);
  await members.sql(leader, 'drop table drill_bulk');
  return {
    figures: {
      'restore of the newest': newest.seconds ?? 0,
      'restored per GB': Math.round(((newest.seconds ?? 0) / ((newest.bytes ?? 1) / 1e9)) * 10) / 10,
      'objects in the archive': archived(members).length,
    },
    checks,
  };
}

function archived({ cluster, archive }: Members) {
  return objects(cluster, archive.store, archive.folder);
}

interface Ranged {
  readonly name: string;
}

/** Segments that lie before the base and that none of the kept fulls was made with. */
export function superfluous(all: readonly string[], kept: readonly Ranged[], base: Ranged): string[] {
  // A full's name has the segment that it begins with: base_000000010000000000000004.
  const begin = ({ name }: Ranged): string => name.replace('base_', '').slice(0, 24);
  const starts = kept.map(begin);
  return all.filter(
    (segment) => segment < begin(base) && !starts.some((start) => segment >= start && near(start, segment)),
  );
}

/** A full of the drill takes four segments at most. */
function near(start: string, segment: string): boolean {
  const position = (name: string): number =>
    Number.parseInt(name.slice(8, 16), 16) * 256 + Number.parseInt(name.slice(16), 16);
  return position(segment) - position(start) < 4;
}

/** Object storage away for longer than the alert waits: writes go on, and afterwards the archive catches up. */
export async function outageRound({ cluster, report, signal }: PlatformGround, members: Members): Promise<Part> {
  const { store } = members.archive;
  await members.whole(signal);
  await Writer.prepare(members);
  const writer = await Writer.start(members, { number: 4 });
  const undo = [() => startObjectStorage(cluster, store).catch(() => undefined), () => writer.remove()];
  return withCleanUp(undo, async () => {
    const since = new Date();
    await stopObjectStorage(cluster, store);
    report('object storage is away');
    // The alert wants a segment to wait for 300 s; the first one is written within a minute.
    await delay(380_000, undefined, { signal });
    const { leader } = await members.whole(signal);
    const waited = await memberMetric(members, leader, 'postgres_wal_waiting_seconds');
    await startObjectStorage(cluster, store, { signal });
    report(`object storage is back; WAL waited for ${Math.round(waited)} s`);
    const caughtUp = await archiveAll(members, signal, 180);
    const writes = await writer.writes(since);
    const until = new Date();
    const gap = longestGap(writes, since, until);
    const lost = await writer.lost();
    return {
      figures: { 'caught up': caughtUp, 'commits during the outage': writes.filter(({ ok }) => ok).length, gap },
      checks: [
        {
          what: 'commits go on without object storage',
          expected: 'yes',
          got: gap < 5 ? 'yes' : `no: ${gap} s without`,
        },
        { what: 'rows lost', expected: 'none', got: lost.slice(0, 5).join(', ') || 'none' },
        {
          what: 'the condition of the alert PostgresArchivingFails',
          expected: 'true',
          got: String(waited > 300),
        },
      ],
    };
  });
}
