import fs from 'node:fs';
import path from 'node:path';
import { loadEnvironment } from '../../config/index.ts';
import { authorityFile } from '../../constructs/core/authority-files.ts';
import type { RedisEndpoint } from '../../constructs/core/endpoint.ts';
import { cacheContract } from '../../constructs/nest-backend/index.ts';
import { getJson } from '../cluster/kubectl.ts';
import type { RedisStore } from '../components/redis/store.ts';
import { publishImage } from '../images/publish.ts';
import { ioredisImage } from '../images/recipes/ioredis.ts';
import { ProvingError } from '../machine/error.ts';
import { Recorder } from './recorder.ts';
import type { RecordedRequest, RecordingClient } from './recorder.ts';

/** Milliseconds between two writes. */
const every = 50;
/** Room for the keys of one writer: numbers never meet. */
const block = 1_000_000;

/**
 * By which client, and whom it asks:
 * - `sentinel`: the Sentinels, by a client of ours that waits for nothing
 * - `plain`: the address of the proxy, by the same
 * - `ioredis`: the Sentinels, by ioredis with the settings that the page of the construct shows
 */
export type Way = 'sentinel' | 'plain' | 'ioredis';

/** What each is called in records. */
export const wayNames: Readonly<Record<Way, string>> = {
  sentinel: 'by Sentinels',
  plain: 'by the plain address',
  ioredis: 'by ioredis',
};

const numbers: Readonly<Record<Way, number>> = { sentinel: 1, plain: 2, ioredis: 3 };

/** Sets keys all the time, each with a number of its own, as the applications' user. */
export class RedisWriter {
  readonly way: Way;
  private readonly recorder: Recorder;

  private constructor(way: Way, recorder: Recorder) {
    this.way = way;
    this.recorder = recorder;
  }

  static async start(store: RedisStore, way: Way, node?: string): Promise<RedisWriter> {
    const { redis, namespace } = store;
    const [member, sentinel] = [redis.members, redis.sentinels];
    if (redis.proxy === undefined) throw new ProvingError('there is no proxy');
    const recorder = await Recorder.start(store.cluster, {
      namespace,
      name: `redis-writer-${numbers[way]}`,
      url: `Redis ${wayNames[way]}`,
      ...(way === 'plain'
        ? { target: redis.proxy.selector, port: redis.proxy.port('redis') }
        : {
            target: member.selector,
            port: member.port('redis'),
            further: [{ target: sentinel.selector, port: sentinel.port('sentinel') }],
          }),
      node,
      client: way === 'ioredis' ? await ioredisClient(store) : ownClient(store, way),
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

/** Keys of each begin at another million. */
const first = (way: Way): string => String(numbers[way] * block);

function ownClient({ cluster, redis: { endpoint } }: RedisStore, way: 'sentinel' | 'plain'): RecordingClient {
  const { server, sentinels, credentials } = endpoint;
  if (server === undefined) throw new ProvingError('there is no plain address');
  const script = fs.readFileSync(path.join(import.meta.dirname, 'redis_writer.py'), 'utf8');
  const servers = way === 'plain' ? [server] : sentinels;
  // It has Python.
  const { repository, tag } = loadEnvironment(cluster.plan.name).image('spilo');
  return {
    image: `${repository}:${tag}`,
    secret: credentials.password.secret.name,
    command: [
      ...['python3', '-u', '-c', script, way, servers.map(({ host, port }) => `${host}:${port}`).join(',')],
      ...[endpoint.primaryName, credentials.user, `/run/secret/${credentials.password.key}`],
      ...[first(way), String(every)],
    ],
  };
}

/** With the variables and certificates that a backend has. */
async function ioredisClient({ cluster, redis, namespace }: RedisStore): Promise<RecordingClient> {
  const image = await ioredisImage();
  await publishImage(cluster, image);
  // The tree may have none: those of the authority that this cluster has, as the proxy is given them.
  const map = ['configmap', `${redis.proxy?.name}-authorities`, `--namespace=${namespace}`];
  const { data } = await getJson<{ readonly data: Readonly<Record<string, string>> }>(cluster, map);
  return {
    image: image.reference,
    ...ioredisInputs(redis.endpoint, data),
    command: ['node', 'writer.js', first('ioredis'), String(every)],
  };
}

/** @param certificates of authorities, by the names of their files */
export function ioredisInputs(
  endpoint: RedisEndpoint,
  certificates: Readonly<Record<string, string>>,
): Pick<RecordingClient, 'secret' | 'environment' | 'authorities'> {
  const { environment, authorities } = cacheContract(endpoint);
  const { secret, key } = endpoint.credentials.password;
  const files = authorities.map((each) => path.basename(authorityFile(each)));
  const missing = files.filter((file) => !certificates[file]);
  if (missing.length > 0) throw new ProvingError(`no certificate in ${missing.join(', ')}`);
  return {
    secret: secret.name,
    environment: { ...environment, REDIS_PASSWORD_FILE: `/run/secret/${key}` },
    authorities: Object.fromEntries(files.map((file) => [file, certificates[file] ?? ''])),
  };
}

/** Writes that were acknowledged and that the primary does not have. */
export function lostOf(writes: readonly RecordedRequest[], stored: ReadonlySet<number>): readonly RecordedRequest[] {
  return writes.filter(({ ok, text }) => ok && !stored.has(Number(text)));
}
