import { directoryOf } from '../../components/directory/server.ts';
import { membersOf } from '../../components/postgres/members.ts';
import { redisOf } from '../../components/redis/store.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { Checks } from '../hardware/checks.ts';
import { person, redisKey, table } from './before.ts';
import type { Before } from './before.ts';

/** Asks each store for what was there before. */
export async function restored(
  platform: PlatformGround,
  before: Before,
  checks: Checks,
): Promise<{ readonly lost: number; readonly checks: readonly DrillCheck[] }> {
  const { signal } = platform;
  const [members, store, directory] = [membersOf(platform), redisOf(platform), directoryOf(platform)];
  await members.whole(signal, 300);
  const { primary } = await store.whole(signal, 300);
  await directory.ready(signal);
  checks.same('the generation of PostgreSQL', members.scope, 'postgres-2');
  checks.same('the key that Redis had', (await store.ask(primary, 'get', redisKey))?.join() ?? '', 'kept');
  const users = await directory.users();
  checks.same('the users of the directory', users.join(', '), before.users.join(', '));
  checks.same('the one who was made last', users.includes(person) ? 'is there' : 'is missing', 'is there');
  checks.same('the SID of the domain', await directory.sid(), before.sid);

  const answer = await members.sqlOfClients(
    `select count(*) || ' ' || coalesce(max(number), 0) || ' ' || coalesce(extract(epoch from max(at)), 0) from ${table}`,
  );
  const [count = 0, newest = 0, at = 0] = answer.trim().split(' ').map(Number);
  const rows = new Checks();
  rows.same('rows that are missing before the newest one', String(newest - count), '0');
  rows.same('rows that are there', count > 0 ? 'some' : 'none', 'some');
  const lost = Math.round(Math.max(0, before.lostAt.getTime() / 1000 - at) / 6) / 10;
  platform.report(`${count} of ${before.rows} rows are there`);
  return { lost, checks: rows.all };
}
