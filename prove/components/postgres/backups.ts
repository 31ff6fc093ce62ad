import path from 'node:path';
import { RestoreTest as RestoreTestJob } from '../../../constructs/stateful/index.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { objects } from '../../stand-ins/object-storage/index.ts';
import { runJob } from '../cron-jobs.ts';
import type { JobChanges } from '../cron-jobs.ts';
import type { Members } from './members.ts';

/** A full backup, as the agent lists it. */
export interface FullBackup {
  readonly name: string;
  readonly started: string;
  readonly finished: string;
  readonly permanent: boolean;
}

/** How the agent is started in its container. */
const agentOf = (members: Members): readonly string[] => members.container('agent').command ?? [];

/**
 * The archive's full backups as a member's agent lists them, oldest first. @throws ProvingError where it doesn't
 * @param name of the member. @default the first
 */
export async function fullBackups(members: Members, name = members.names[0] ?? ''): Promise<readonly FullBackup[]> {
  const { stdout, stderr } = await members.run(name, [...agentOf(members), 'status'], 'agent');
  try {
    return (JSON.parse(stdout) as { readonly backups?: readonly FullBackup[] }).backups ?? [];
  } catch {
    throw new ProvingError(`the agent of ${name} says no status: ${stderr.trim()}`);
  }
}

/** Waits until there are so many full backups. */
export async function waitForBackups(
  members: Members,
  count: number,
  { atMost, signal }: { readonly atMost: number; readonly signal: AbortSignal },
): Promise<readonly FullBackup[]> {
  return waitFor(`${count} full backups of ${members.scope}`, { atMost, every: 2000, signal }, async () => {
    const list = await fullBackups(members);
    return list.length >= count ? list : undefined;
  });
}

/** Makes a full backup now, as the agent would at its time. @param atMost in seconds. @throws ProvingError */
export async function backUp(members: Members, name: string, atMost = 300): Promise<void> {
  const { status, stdout, stderr } = await members.run(name, [...agentOf(members), 'backup'], 'agent', atMost);
  if (status !== 0) throw new ProvingError(`backup on ${name}: ${`${stdout}\n${stderr}`.trim()}`);
}

/**
 * Runs the agent's own retention with days of another length.
 * @param days in seconds
 */
export async function retain(
  members: Members,
  name: string,
  days: { readonly keepFullSeconds: number; readonly keepWalSeconds: number },
): Promise<void> {
  const [, script = '', , configuration = ''] = agentOf(members);
  const program = [
    `import sys; sys.path.insert(0, "${path.posix.dirname(script)}")`,
    'import dataclasses, backups, settings, walg',
    'from datetime import datetime, timezone',
    `rules = settings.load("${configuration}")`,
    `days = dataclasses.replace(rules.backups, keep_full_days=${days.keepFullSeconds}/86400, keep_wal_days=${days.keepWalSeconds}/86400)`,
    'archive = walg.Walg(rules.walg, rules.socket_directory)',
    'sys.exit(0 if backups.retain(archive, days, datetime.now(timezone.utc)) else 1)',
  ];
  const { status, stdout, stderr } = await members.run(name, ['python3', '-c', program.join('\n')], 'agent', 300);
  if (status !== 0) throw new ProvingError(`retention on ${name}: ${`${stdout}\n${stderr}`.trim()}`);
}

/** Marks a full backup permanent as a person would, by WAL-G itself. @throws ProvingError */
export async function markByHand(members: Members, member: string, name: string): Promise<void> {
  const [, agent = ''] = agentOf(members);
  const walg = path.posix.join(path.posix.dirname(agent), 'walg.sh');
  const { status, stderr } = await members.run(member, [walg, 'backup-mark', name], 'agent');
  if (status !== 0) throw new ProvingError(`marking ${name} on ${member}: ${stderr.trim()}`);
}

/** The segments in the archive, by name; also while the store doesn't run. */
export function archivedSegments({ cluster, archive }: Members): readonly string[] {
  return objects(cluster, archive.store, archive.folder).flatMap(({ key }) => segmentOf(key) ?? []);
}

/** The whole segment that an object of an archive is; undefined for histories, parts and backups. */
export function segmentOf(key: string): string | undefined {
  return /\/wal_005\/([0-9A-F]{24})\.[a-z0-9]+$/.exec(key)?.[1];
}

/** Ends the current segment and waits until it is in the archive. @returns seconds it took */
export async function archiveAll(members: Members, signal: AbortSignal, atMost = 120): Promise<number> {
  const start = performance.now();
  const segment = await members.sqlOnLeader(
    'create table if not exists drill_noise (n int); insert into drill_noise values (1); select pg_walfile_name(pg_switch_wal())',
  );
  await waitFor(`${segment} in the archive`, { atMost, every: 200, signal }, async () => {
    const last = await members.sqlOnLeader("select coalesce(last_archived_wal, '') from pg_stat_archiver");
    return last.slice(8) >= segment.slice(8);
  });
  return seconds(performance.now() - start);
}

export interface RestoreTest {
  readonly backup: string;
  readonly seconds?: number;
  readonly bytes?: number;
  readonly databases?: Readonly<Record<string, { readonly tables: number; readonly rows: number }>>;
  readonly error?: string;
}

/** Runs the weekly restore test now. @returns its report, also where it failed */
export async function restoreTest(
  members: Members,
  id: string,
  options: JobChanges,
  signal: AbortSignal,
): Promise<RestoreTest> {
  const test = members.patroni.node.findAll().find((node) => node instanceof RestoreTestJob);
  if (test === undefined) throw new ProvingError(`${members.scope} has no restore test`);
  const { log } = await runJob(members, test.job.workload.name, `restore-${id}`, options, signal);
  const line = log.trim().split('\n').at(-1) ?? '';
  return JSON.parse(line) as RestoreTest;
}
