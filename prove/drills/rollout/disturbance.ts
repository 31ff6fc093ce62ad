import { setTimeout as delay } from 'node:timers/promises';
import type { Members } from '../../components/postgres/members.ts';
import { gapsOf, longestGap, reasonsOf, seconds } from '../../instruments/figures.ts';
import type { Writer } from '../../instruments/writer.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { PlatformGround } from '../ground.ts';

/** Seconds without a commit from which on writes count as stopped. */
const stopped = 1;

/** What a planned work on the members did to a client that writes all the time. */
export interface Disturbance {
  readonly name: string;
  /** Longest time without an acknowledged commit. */
  readonly outage: number;
  /** How often there was none for a second and more. */
  readonly stops: number;
  /** Seconds until all was done, and a synchronous standby there. */
  readonly seconds: number;
}

type Ground = Pick<PlatformGround, 'report' | 'signal'>;

/** Lets a rolling update begin, and waits until all pods are new and the standby is synchronous. */
export function rolledOut(
  ground: Ground,
  members: Members,
  writer: Writer,
  name: string,
  begin: () => Promise<void>,
): Promise<Disturbance> {
  return disturbed(ground, members, writer, name, async () => {
    const before = await uidsOf(members);
    await begin();
    await waitFor('all pods to be new', { atMost: 300, every: 1000, signal: ground.signal }, async () =>
      // A pod that is being replaced isn't there for a moment.
      areNew(before, await uidsOf(members).catch(() => [])),
    );
  });
}

/** Whether each pod is there and is another one than before. */
export function areNew(before: readonly string[], now: readonly string[]): boolean {
  return now.length === before.length && now.every((uid) => !before.includes(uid));
}

/** Restarts PostgreSQL on both members for a parameter as docs/runbooks/postgres-pending-restart.md says. */
export function restarted(
  ground: Ground,
  members: Members,
  writer: Writer,
  { name, value }: { readonly name: string; readonly value: string },
): Promise<Disturbance> {
  const { signal } = ground;
  return disturbed(ground, members, writer, 'restart', async () => {
    await waitFor(`${name} to be known to all members`, { atMost: 120, every: 1000, signal }, async () => {
      const waits = await Promise.all(members.names.map((member) => members.waitsForRestart(member, name)));
      const has = await Promise.all(members.names.map((member) => members.setting(member, name)));
      return has.every((found, index) => found === value || waits[index] === true);
    });
    const { leader, standby } = await members.whole(signal);
    for (const member of [standby, leader]) {
      await members.restart(member);
      await members.whole(signal);
    }
  });
}

async function disturbed(
  { report, signal }: Ground,
  members: Members,
  writer: Writer,
  name: string,
  work: () => Promise<void>,
): Promise<Disturbance> {
  const since = new Date();
  await work();
  const { leader } = await members.whole(signal, 180);
  const took = seconds(Date.now() - since.getTime());
  await delay(2000, undefined, { signal });
  const writes = await writer.writes(since);
  const until = new Date();
  const outage = longestGap(writes, since, until);
  const stops = gapsOf(writes, since, until).filter((gap) => gap >= stopped);
  report(
    `${name}: ${took} s, led by ${leader}; without a commit for ${stops.join(' and ') || 'less than 1'} s; ${reasonsOf(writes)}`,
  );
  return { name, outage, stops: stops.length, seconds: took };
}

async function uidsOf(members: Members): Promise<readonly string[]> {
  const pods = await Promise.all(members.names.map((name) => members.pod(name)));
  return pods.map(({ metadata }) => metadata.uid);
}
