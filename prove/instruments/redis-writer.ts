import fs from 'node:fs';
import path from 'node:path';
import { loadEnvironment } from '../../config/index.ts';
import type { RedisStore } from '../components/redis/store.ts';
import { ProvingError } from '../machine/error.ts';
import { Recorder } from './recorder.ts';
import type { RecordedRequest } from './recorder.ts';

/** Milliseconds between two writes. */
const every = 50;
/** Room for the keys of one writer: numbers never meet. */
const block = 1_000_000;

/** By the Sentinels, or by the address of the proxy. */
export type Way = 'sentinel' | 'plain';

/** Sets keys all the time, each with a number of its own, as the applications' user. */
export class RedisWriter {
  readonly way: Way;
  private readonly recorder: Recorder;

  private constructor(way: Way, recorder: Recorder) {
    this.way = way;
    this.recorder = recorder;
  }

  /** @param number of the writer: keys of each begin at another million */
  static async start(store: RedisStore, way: Way, number: number, node?: string): Promise<RedisWriter> {
    const { cluster, redis, namespace } = store;
    const { endpoint } = redis;
    const { server, sentinels, credentials } = endpoint;
    if (server === undefined || redis.proxy === undefined) throw new ProvingError('there is no proxy');
    const script = fs.readFileSync(path.join(import.meta.dirname, 'redis_writer.py'), 'utf8');
    const servers = way === 'plain' ? [server] : sentinels;
    // It has Python.
    const { repository, tag } = loadEnvironment(cluster.plan.name).image('spilo');
    const [member, sentinel] = [redis.members, redis.sentinels];
    const recorder = await Recorder.start(cluster, {
      namespace,
      name: `redis-writer-${number}`,
      url: `Redis by ${way}`,
      ...(way === 'plain'
        ? { target: redis.proxy.selector, port: redis.proxy.port('redis') }
        : {
            target: member.selector,
            port: member.port('redis'),
            further: [{ target: sentinel.selector, port: sentinel.port('sentinel') }],
          }),
      node,
      client: {
        image: `${repository}:${tag}`,
        secret: credentials.password.secret.name,
        command: [
          ...['python3', '-u', '-c', script, way, servers.map(({ host, port }) => `${host}:${port}`).join(',')],
          ...[endpoint.primaryName, credentials.user, `/run/secret/${credentials.password.key}`],
          ...[String(number * block), String(every)],
        ],
      },
    });
    return new RedisWriter(way, recorder);
  }

  /** What it tried, since a moment if one is given. */
  writes(since?: Date): Promise<readonly RecordedRequest[]> {
    return this.recorder.requests(since);
  }

  remove(): Promise<void> {
    return this.recorder.remove();
  }
}

/** Writes that were acknowledged and that the primary does not have. */
export function lostOf(writes: readonly RecordedRequest[], stored: ReadonlySet<number>): readonly RecordedRequest[] {
  return writes.filter(({ ok, text }) => ok && !stored.has(Number(text)));
}
