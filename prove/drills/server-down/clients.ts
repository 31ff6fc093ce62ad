import { WayIn } from '../../components/edge/way-in.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { redisOf } from '../../components/redis/store.ts';
import type { RedisStore } from '../../components/redis/store.ts';
import { lastFailure, longestGap, reasonsOf } from '../../instruments/figures.ts';
import { lostOf, RedisWriter } from '../../instruments/redis-writer.ts';
import { WebRecorder } from '../../instruments/web-client.ts';
import { Writer } from '../../instruments/writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { gatherStateful } from '../failures/placement.ts';
import type { PlatformGround } from '../ground.ts';
import type { ServerNodes } from '../recovered.ts';

/** Who looks on while the node with the API is lost: somebody outside, and writers on the node that stays. */
export interface Clients {
  readonly members: Members;
  readonly store: RedisStore;
  readonly web: WebRecorder;
  readonly rows: Writer;
  readonly keys: RedisWriter;
}

/** Brings all that there is one of to the node that will be lost, and has clients look on, until an action has ended. */
export async function underClients<Value>(
  platform: PlatformGround,
  { lost, other }: ServerNodes,
  action: (clients: Clients) => Promise<Value>,
): Promise<Value> {
  const { cluster, signal } = platform;
  const [members, store] = [membersOf(platform), redisOf(platform)];
  await gatherStateful(platform, lost, other);
  await members.leadOn(lost, signal);
  await store.leadOn(lost, signal);
  await store.clear();
  await Writer.prepare(members);
  const way = await WayIn.of(platform);
  const request = way.request(way.host('backend'));
  const web = await WebRecorder.start(cluster, request, { name: 'server-down', milliseconds: 200 });
  return withCleanUp([() => web.stop()], async () => {
    const rows = await Writer.start(members, { number: 1, node: other });
    return withCleanUp([() => rows.remove()], async () => {
      const keys = await RedisWriter.start(store, 'sentinel', other);
      return withCleanUp([() => keys.remove(), () => store.clear()], () => action({ members, store, web, rows, keys }));
    });
  });
}

/** What clients saw between two moments, in seconds. */
export interface Seen {
  /** Until the last request that failed. */
  readonly pages: number;
  /** Longest time without a commit. */
  readonly database: number;
  /** Longest time without a write. */
  readonly redis: number;
  readonly reasons: string;
}

export async function seenBy({ web, rows, keys }: Clients, since: Date, until: Date): Promise<Seen> {
  const before = <Request extends { readonly at: Date }>(requests: readonly Request[]): Request[] =>
    requests.filter(({ at }) => at <= until);
  const requests = before(web.requests(since));
  return {
    pages: lastFailure(requests, since),
    database: longestGap(before(await rows.writes(since)), since, until),
    redis: longestGap(before(await keys.writes(since)), since, until),
    reasons: reasonsOf(requests),
  };
}

/** Acknowledged rows that the database doesn't have, and how many keys, written since a moment, Redis doesn't have. */
export async function lostBy(
  { rows, keys, store }: Clients,
  since: Date,
  signal: AbortSignal,
): Promise<{ readonly rows: readonly number[]; readonly keys: number }> {
  return {
    rows: await rows.lost(),
    keys: lostOf(await keys.writes(since), await store.numbers(signal)).length,
  };
}
