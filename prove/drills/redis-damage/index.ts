import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { exec, kubectl } from '../../cluster/kubectl.ts';
import { redisOf } from '../../components/redis/store.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';

/** What a member does that finds its log so, and nobody who could replace it. */
const kinds = {
  truncated: 'serves',
  zeros: 'serves',
  flipped: 'waits',
  emptied: 'waits',
} as const satisfies Readonly<Record<string, 'serves' | 'waits'>>;

type Kind = keyof typeof kinds;

const keys = 20;

export const area: Area<'platform'> = {
  purpose: 'damages the log of the Redis primary in four ways, with and without the other member',
  promises: {
    'redis-damage':
      'the log of the primary cut short, followed by zeros, with another byte in its middle and without its first part, each ' +
      'while the other member is there and while it is not; every key looked up afterwards',
  },
  needs: 'platform',
  minutes: 9,
  programs: [],
  about: ['constructs/redis-sentinel', 'prove/components/redis'],
  run: damages,
};

async function damages(platform: PlatformGround): Promise<Outcome> {
  const store = redisOf(platform);
  const checks: DrillCheck[] = [];
  let lost = 0;
  let whole = 0;
  await withCleanUp([() => store.clear()], async () => {
    for (const kind of Object.keys(kinds) as Kind[]) {
      for (const alone of [false, true]) {
        const round = await damaged(platform, store, kind, alone);
        checks.push(...round.checks);
        lost += round.lost;
        whole = Math.max(whole, round.whole);
      }
    }
  });
  return {
    'redis-damage': { figures: { lost, whole }, units: { lost: 'keys', whole: 's' }, checks },
  };
}

async function damaged({ cluster, report, signal }: PlatformGround, store: RedisStore, kind: Kind, alone: boolean) {
  const { primary, replica } = await store.whole(signal, 300);
  await write(store, primary, signal);
  const node = await store.nodeOf(replica);
  const what = `log ${kind}, ${alone ? 'alone' : 'with the other member'}`;
  const broken = async (): Promise<void> => {
    await store.killServer(primary);
    await damage(store, primary, kind);
  };
  const uncordon = alone ? [() => kubectl(cluster, ['uncordon', node])] : [];
  const checks = await withCleanUp(uncordon, async (): Promise<DrillCheck[]> => {
    if (alone) {
      await kubectl(cluster, ['cordon', node]);
      await store.deleteOutright(replica);
    }
    // What would start the server anew stands still meanwhile.
    await store.signal(primary, 'SIGSTOP');
    await withCleanUp([() => store.signal(primary, 'SIGCONT')], broken);
    if (!alone) return [];
    return [{ what: `${what}: the member`, expected: kinds[kind], got: await outcome(store, primary, signal) }];
  });
  const after = await store.whole(signal, 300);
  const lost = keys - (await found(store, after.primary));
  report(
    `${what}: ${lost} of ${keys} keys lost, whole after ${after.seconds} s, primary ${after.primary} (before: ${primary})`,
  );
  return { checks, lost, whole: after.seconds };
}

/** Writes keys into the first part of the log, and more behind them than a member cuts off. */
async function write(store: RedisStore, primary: string, signal: AbortSignal): Promise<void> {
  const fill = (name: string, count: number, bytes: number): Promise<unknown> =>
    store.ask(
      primary,
      'eval',
      `for i = 1, ${count} do redis.call('set', 'drill:${name}:' .. i, string.rep('x', ${bytes}), 'ex', 3600) end`,
      '0',
    );
  await fill('key', keys, 10);
  await store.ask(primary, 'bgrewriteaof');
  const written = async (): Promise<boolean> => {
    const info = (await store.ask(primary, 'info', 'persistence')) ?? [];
    return info.includes('aof_rewrite_in_progress:0') && info.includes('aof_rewrite_scheduled:0');
  };
  await waitFor('the log to be written anew', { atMost: 60, every: 500, signal }, written);
  await fill('behind', 2000, 1000);
  await waitFor('the replica to have all of it', { atMost: 60, every: 500, signal }, async () => {
    return (await store.ask(primary, 'wait', '1', '5000'))?.[0] === '1';
  });
  // Each second to the disk.
  await delay(1500, undefined, { signal });
}

async function found(store: RedisStore, primary: string): Promise<number> {
  const lines = (await store.ask(primary, '--scan', '--pattern', 'drill:key:*')) ?? [];
  return lines.filter((line) => line !== '').length;
}

async function damage({ cluster, namespace }: RedisStore, name: string, kind: Kind): Promise<void> {
  const script = fs.readFileSync(path.join(import.meta.dirname, 'files', 'damage.sh'), 'utf8');
  const where = { namespace, name, container: 'redis' };
  const { status, stderr } = await exec(cluster, where, ['bash', '-c', script, 'damage', kind], { timeout: 10 });
  if (status !== 0) throw new ProvingError(`the log of ${name} could not be damaged: ${stderr.trim()}`);
}

/** Whether it serves again, or says that nobody but the other member, or a person, can help. */
async function outcome(store: RedisStore, name: string, signal: AbortSignal): Promise<'serves' | 'waits'> {
  return waitFor(`${name} to decide`, { atMost: 120, every: 1000, signal }, async () => {
    if ((await store.ask(name, 'set', 'drill:serves', 'yes', 'ex', '60'))?.[0] === 'OK') return 'serves';
    return (await store.waitsFor(name))?.includes('only the other member, or a backup, can help') === true && 'waits';
  });
}
