import { firstServer } from '../../cluster/plan.ts';
import { redisOf } from '../../components/redis/store.ts';
import { Releases } from '../../delivery/releases.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { startWriters } from '../redis/fault.ts';
import { backedUp, retained } from './backup.ts';
import { crashes } from './crash.ts';
import { backToFirst, recovery, removeFormer } from './recovery.ts';

export const area: Area<'platform'> = {
  purpose:
    'kills both Redis servers at once, backs Redis up under clients, loses both volumes and recovers from a backup',
  promises: {
    'redis-persist':
      'both servers killed at the same moment, three times, under two clients that write twenty times a second; a backup ' +
      'under the same clients by the hourly job, then everything deleted and backed up again; both volumes lost, npm run ' +
      'recover to the moment of the first backup, a release; that backup cut short at first, and a wrong bucket, each refused; ' +
      'keys, types, ends and contents compared; four backups with days of no length',
  },
  needs: 'platform',
  minutes: 8,
  programs: [],
  about: [
    'constructs/redis-sentinel',
    'constructs/stateful',
    'prove/components/backups.ts',
    'prove/components/cron-jobs.ts',
    'prove/components/redis',
    'prove/instruments/redis-writer.ts',
    'scripts/recover',
  ],
  run: persists,
};

async function persists(platform: PlatformGround): Promise<Outcome> {
  const { cluster, clone, signal } = platform;
  const releases = await Releases.of(cluster, clone);
  const first = redisOf(platform);
  return withCleanUp([() => backToFirst(platform, releases)], async () => {
    await releases.pin();
    await releases.applied(platform.applications, signal);
    await first.whole(signal, 300);
    await first.clear();
    const writers = await startWriters(first, firstServer(cluster.plan).name);
    const stop = [() => writers.sentinel.remove(), () => writers.plain.remove()];
    const { crashed, backup } = await withCleanUp(stop, async () => ({
      crashed: await crashes(platform, first, writers),
      backup: await backedUp(platform, first, writers),
    }));
    const recovered = await recovery(platform, releases, backup);
    await removeFormer(platform, releases, first);
    const kept = await retained(redisOf(platform), first, signal);
    return {
      'redis-persist': {
        figures: {
          lost: crashed.lost,
          'writes lost by crashes': crashed.writes,
          'without a write by crashes': crashed.outage,
          backup: backup.seconds,
          ...recovered.figures,
        },
        units: {
          lost: 's of writes',
          'writes lost by crashes': 'writes',
          'without a write by crashes': 's',
          backup: 's',
          'recovered keys': 'keys',
          'until the backup was refused': 's',
          'from a whole backup until it serves': 's',
        },
        checks: [...backup.checks, ...recovered.checks, ...kept],
      },
    };
  });
}
