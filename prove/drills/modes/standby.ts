import { archiveAll, waitForBackups } from '../../components/postgres/backups.ts';
import type { FullBackup } from '../../components/postgres/backups.ts';
import type { Members } from '../../components/postgres/members.ts';
import { seconds } from '../../instruments/figures.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { objects } from '../../stand-ins/object-storage/index.ts';
import { slowFaults } from '../failover/fault.ts';
import type { PlatformGround } from '../ground.ts';

/** The clusters of a drill, and what applies each stage. */
export interface Generations {
  readonly first: Members;
  /** Makes the second, which follows the first. */
  readonly follow: () => Promise<Members>;
  /** Lets the second go, and ends when it takes writes. */
  readonly part: (second: Members) => Promise<void>;
  /** Makes a third from the first one's archive, read-only and with an extension that there isn't. */
  readonly copy: () => Promise<Members>;
  /** Takes both back. */
  readonly correct: () => Promise<Members>;
}

const count = 'select count(*) from drill_rows';

/** A generation that follows another one, over a failover; let go; and a copy beside, from the archive. */
export async function standbyRound(platform: PlatformGround, generations: Generations): Promise<Part> {
  const { first } = generations;
  const { report, signal } = platform;
  await first.whole(signal, 180);
  await add(first, 1000);
  let start = performance.now();
  const second = await generations.follow();
  await waitFor(`${second.scope} to follow ${first.scope}`, { atMost: 300, every: 500, signal }, async () => {
    const members = await second.list().catch(() => []);
    const roles = members.filter(({ replication_state }) => replication_state === 'streaming').map(({ role }) => role);
    return roles.length === 2 && roles.includes('standby_leader');
  });
  const followed = seconds(performance.now() - start);
  report(`${second.scope} follows after ${followed} s`);
  const refused = await writeRefused(second);
  const arrivedBefore = await arrives(platform, first, second);
  const moved = await failOver(platform, first);
  const arrivedAfter = await arrives(platform, first, second);

  const expected = await rowsOf(first);
  start = performance.now();
  await generations.part(second);
  const parted = seconds(performance.now() - start);
  const rows = await rowsOf(second);
  report(`${second.scope} takes writes after ${parted} s, with ${rows} of ${expected} rows`);
  await add(second, 1);
  const written = await rowsOf(second);
  const stays = await rowsOf(first);
  const [full] = await waitForBackups(second, 1, { atMost: 240, signal });
  const leading = (await second.list()).find(({ role }) => role === 'primary');

  await waitForBackups(first, 1, { atMost: 240, signal });
  await archiveAll(first, signal);
  const before = archived(first);
  start = performance.now();
  const third = await generations.copy();
  // A leader alone doesn't say it: after a recovery Patroni may restart it once, for what is declared otherwise.
  const copiedRows = await waitFor(`${third.scope} to answer`, { atMost: 300, every: 500, signal }, async () => {
    return (await third.leader()) && rowsOf(third).catch(() => undefined);
  });
  const copied = seconds(performance.now() - start);
  report(`${third.scope} has ${copiedRows} of ${expected} rows after ${copied} s`);
  await parameterBecomes(platform, third, 'on');
  await generations.correct();
  const gone = await parameterBecomes(platform, third, 'off');
  report(`${third.scope} has lost a parameter that is declared no more after ${gone} s`);
  const checks: DrillCheck[] = [
    { what: 'who leads the one that is followed after its failover', expected: 'another member', got: moved },
    { what: 'a write to a cluster that follows', expected: 'refused', got: refused },
    { what: 'rows of the cluster that was let go', expected, got: rows },
    { what: 'rows after its first write', expected: String(Number(expected) + 1), got: written },
    { what: 'rows of the one it followed', expected, got: stays },
    // One from before would lack the WAL that nobody archived.
    { what: 'the timeline of its first full backup', expected: String(leading?.timeline), got: timelineOf(full) },
    { what: 'rows of the copy', expected, got: copiedRows },
    {
      what: 'the archive that was copied from',
      expected: 'as large or larger',
      got: archived(first) >= before ? 'as large or larger' : 'smaller',
    },
  ];
  return {
    figures: {
      followed,
      'row arrived': arrivedBefore,
      'row arrived after a failover': arrivedAfter,
      'took writes': parted,
      copied,
      'parameter gone': gone,
      missing: Number(expected) - Math.min(Number(rows), Number(copiedRows)),
    },
    checks,
  };
}

/** @returns seconds until the only member says that applications are kept from writing, or not any more */
async function parameterBecomes({ signal }: PlatformGround, members: Members, wanted: 'on' | 'off'): Promise<number> {
  const start = performance.now();
  const [name = ''] = members.names;
  // The kubelet brings a new configuration within two minutes.
  await waitFor(`default_transaction_read_only to be ${wanted}`, { atMost: 180, every: 500, signal }, async () => {
    return (await members.setting(name, 'default_transaction_read_only').catch(() => '')) === wanted;
  });
  return seconds(performance.now() - start);
}

/** How many objects its archive has. */
function archived({ cluster, archive }: Members): number {
  return objects(cluster, archive.store, archive.folder).length;
}

/** As the name of a backup has it. */
function timelineOf(backup: FullBackup | undefined): string {
  return String(parseInt(backup?.name.slice('base_'.length, 'base_'.length + 8) ?? '', 16));
}

/** Freezes the primary until the other member leads. */
async function failOver(platform: PlatformGround, members: Members): Promise<string> {
  const { signal } = platform;
  const frozen = slowFaults(platform, members).find(({ name }) => name === 'container frozen');
  const { leader } = await members.whole(signal);
  await frozen?.strike(leader);
  await members.ledByAnother(leader, signal);
  await frozen?.end?.(leader);
  const after = await members.whole(signal, 180);
  return after.leader === leader ? leader : 'another member';
}

async function add(members: Members, rows: number): Promise<void> {
  await members.sqlOfClients(
    'create table if not exists drill_rows (at timestamptz not null default clock_timestamp());' +
      `insert into drill_rows select clock_timestamp() from generate_series(1, ${rows})`,
  );
}

function rowsOf(members: Members): Promise<string> {
  return members.sqlOfClients(count);
}

/** @returns seconds until a row of the first is in both members of the other */
async function arrives({ signal }: PlatformGround, from: Members, to: Members): Promise<number> {
  await add(from, 1);
  const wanted = await rowsOf(from);
  const start = performance.now();
  // One that was ahead of the new primary is copied anew after two minutes.
  await waitFor(`${wanted} rows in ${to.scope}`, { atMost: 300, every: 200, signal }, async () => {
    const found = await Promise.all(to.names.map((name) => to.sql(name, count, to.database.name).catch(() => '')));
    return found.every((rows) => rows === wanted);
  });
  return seconds(performance.now() - start);
}

async function writeRefused(members: Members): Promise<string> {
  const answers = await Promise.all(
    members.names.map((name) =>
      members.sql(name, 'insert into drill_rows default values', members.database.name).then(
        () => `${name} took it`,
        (error: unknown) => (String(error).includes('read-only transaction') ? 'refused' : String(error)),
      ),
    ),
  );
  return [...new Set(answers)].join('; ');
}
