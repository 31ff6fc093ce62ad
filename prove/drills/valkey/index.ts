import { Size } from 'cdk8s';
import type { Image } from '../../../constructs/core/environment.ts';
import { RedisSentinel } from '../../../constructs/redis-sentinel/index.ts';
import { firstServer } from '../../cluster/plan.ts';
import { DrillApplication } from '../../components/drill-application.ts';
import { redisOf, RedisStore } from '../../components/redis/store.ts';
import { publishImage } from '../../images/publish.ts';
import { valkeyImage } from '../../images/recipes/redis.ts';
import { RedisWriter } from '../../instruments/redis-writer.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { quickFaults, rollingRestart, struck } from '../redis/fault.ts';
import type { Struck, Writers } from '../redis/fault.ts';

const name = 'valkey';
/** How many primaries are lost in each of the two ways. */
const times = 5;

export const area: Area<'platform'> = {
  purpose: 'runs Valkey in the place of Redis, loses its primary and moves it, under clients',
  promises: {
    'redis-valkey':
      `a store of Valkey beside the platform's: ${times} kills of the server and ${times} deletions of the primary's pod, whose ` +
      'successor answers after a time from nothing to twice what makes Sentinels act, then a rolling restart; under two ' +
      'clients that write twenty times a second, by Sentinels and by the plain address',
  },
  needs: 'platform',
  minutes: 7,
  programs: [],
  about: [
    'constructs/redis-sentinel',
    'prove/components/redis',
    'prove/drills/redis',
    'prove/instruments/redis-writer.ts',
  ],
  run: valkey,
};

async function valkey(platform: PlatformGround): Promise<Outcome> {
  const { cluster, signal, used } = platform;
  await publishImage(cluster, valkeyImage);
  used.add({ standIns: [valkeyImage.standIn], versions: valkeyImage.versions });
  const application = new DrillApplication(redisOf(platform), name);
  const started: RedisWriter[] = [];
  const steps = [() => started.reduce((done, writer) => done.then(() => writer.remove()), Promise.resolve())];
  return withCleanUp([...steps, () => application.remove()], async () => {
    await application.remove();
    const built = await application.apply((scope, environment) => {
      return new RedisSentinel(scope, name, {
        engine: 'valkey',
        image: imageOf(valkeyImage.reference),
        exporter: false,
        proxy: environment.image('haproxy'),
        backups: false,
        storage: Size.gibibytes(1),
        authority: application.authority,
        // No less of the CPU than the platform's own store, whose figures it is compared with.
        size: { memory: Size.mebibytes(128) },
      });
    });
    const store = new RedisStore(cluster, built);
    await store.whole(signal, 300);
    const node = firstServer(cluster.plan).name;
    const sentinel = await RedisWriter.start(store, 'sentinel', node);
    started.push(sentinel);
    const plain = await RedisWriter.start(store, 'plain', node);
    started.push(plain);
    return strikes(platform, store, { sentinel, plain });
  });
}

async function strikes(platform: PlatformGround, store: RedisStore, writers: Writers): Promise<Outcome> {
  const quick: Struck[] = [];
  for (const fault of quickFaults(platform, store, times)) quick.push(await struck(platform, store, writers, fault));
  const switched = await struck(platform, store, writers, rollingRestart(platform, store));
  const outages = quick.flatMap(({ outage }) => [outage.sentinel, outage.plain]);
  const lostBeside = quick.reduce((total, { lost }) => total + lost, 0);
  return {
    'redis-valkey': {
      figures: {
        outage: Math.max(...outages),
        lost: switched.lost,
        'writes lost by kills': lostBeside,
        whole: Math.max(...quick.map(({ whole }) => whole)),
      },
      units: { outage: 's', lost: 'writes', 'writes lost by kills': 'writes', whole: 's' },
      checks: await refusals(store),
    },
  };
}

/** What a user wanted to do and may not: where that is anything, its list of rights lacks something. */
async function refusals(store: RedisStore): Promise<DrillCheck[]> {
  return Promise.all(
    [...store.members, ...store.sentinels].map(async (pod) => {
      const got = (await store.ask(pod, 'acl', 'log'))?.join(' ').trim();
      return {
        what: `what ${pod} has refused its users`,
        expected: 'nothing',
        got: got === '' ? 'nothing' : String(got),
      };
    }),
  );
}

function imageOf(reference: string): Image {
  const [repository = '', tag = ''] = reference.split(':');
  return { name, version: tag, reference, repository, tag, digest: undefined };
}
