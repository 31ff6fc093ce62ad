import { setTimeout as delay } from 'node:timers/promises';
import { getJson } from '../../cluster/kubectl.ts';
import { applicationsOf, waitForSync } from '../../components/argocd/applications.ts';
import { askOf, webOf } from '../../components/web.ts';
import { slowestOf } from '../../instruments/figures.ts';
import { startLoad, stopLoad } from '../../instruments/load.ts';
import type { LoadOptions } from '../../instruments/load.ts';
import { noneFailed, Recorder } from '../../instruments/recorder.ts';
import { checksOf, isAt } from '../../instruments/samples.ts';
import type { Range, Sample } from '../../instruments/samples.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';

type Scaled = LoadOptions & Range & { readonly url: string };

/** What scales, and under how much load. */
function scaledOf({ platform, web }: PlatformGround): readonly [backend: Scaled, frontend: Scaled] {
  const of = (kind: 'backend' | 'frontend'): Scaled => {
    const asked = webOf(platform, kind);
    const { name, workload } = asked;
    const { controller } = workload.props;
    if (controller.kind !== 'Deployment' || typeof controller.replicas === 'number')
      throw new ProvingError(`${name} has no autoscaler`);
    const { minimum: least, maximum: most } = controller.replicas;
    return { name, ...askOf(asked, web.paths[kind]), least, most, ...web.load[kind] };
  };
  return [of('backend'), of('frontend')];
}

const units = {
  'backend up': 's',
  'backend down': 's',
  'frontend up': 's',
  'frontend down': 's',
  requests: 'requests',
  'slowest answer': 'ms',
};

interface Times {
  readonly up: number;
  readonly down: number;
}

export const area: Area<'platform'> = {
  purpose: 'lets load move the replicas up and its end move them down',
  promises: {
    hpa:
      'requests that burn CPU until all replicas run, first of the backend and then of the frontend, and none until they ' +
      'are down again, while a client asks each of them every 100 ms',
  },
  needs: 'platform',
  takesSamples: true,
  minutes: 12,
  programs: [],
  about: ['constructs/web-workload', 'config/environments', 'prove/cluster/system/metrics.ts'],
  run: scaling,
};

/** Load moves the replicas up, its end moves them down again, while a client of each application asks all the time. */
async function scaling(platform: PlatformGround): Promise<Outcome> {
  const { cluster, applications, signal } = platform;
  const scaled = scaledOf(platform);
  for (const each of scaled) await waitUntilCalm(platform, each);
  const recorders = new Map<string, Recorder>();
  const watch = watchOf(platform, scaled);
  const undo = [
    () => watch.stop(),
    ...scaled.map((each) => () => stopLoad(cluster, each)),
    () => Promise.all([...recorders.values()].map((recorder) => recorder.remove())),
  ];
  return withCleanUp(undo, async () => {
    for (const each of scaled) recorders.set(each.name, await startRecorder(platform, each));
    // One after the other: two cores carry one of the loads, and both wait for the same five minutes at the end.
    const tops: (() => Promise<Times>)[] = [];
    for (const each of scaled) tops.push(await raise(platform, each, watch));
    const times = await Promise.all(tops.map((lower) => lower()));
    await waitForSync(cluster, applications, { atMost: 120, signal });
    await watch.stop();
    const requests = await Promise.all([...recorders.values()].map((recorder) => recorder.requests()));
    const [backend, frontend] = times;
    if (backend === undefined || frontend === undefined) throw new TypeError('two applications scale');
    return {
      hpa: {
        figures: {
          'backend up': backend.up,
          'backend down': backend.down,
          'frontend up': frontend.up,
          'frontend down': frontend.down,
          requests: requests.flat().length,
          'slowest answer': slowestOf(requests.flat()),
        },
        units,
        checks: [
          ...scaled.flatMap((each) => checksOf(each.name, each, watch.samples(each.name))),
          ...scaled.map(({ name }, index) => noneFailed(name, requests[index] ?? [])),
        ],
      },
    };
  });
}

/** The autoscaler has figures to go by, and nothing is left of an earlier load. */
async function waitUntilCalm({ cluster, signal }: PlatformGround, { name, namespace, least }: Scaled): Promise<void> {
  interface Autoscaler {
    readonly status?: {
      readonly currentReplicas?: number;
      readonly desiredReplicas?: number;
      readonly currentMetrics?: unknown;
    };
  }
  await waitFor(`the autoscaler of the ${name} to rest`, { atMost: 600, every: 2000, signal }, async () => {
    const { status } = await getJson<Autoscaler>(cluster, ['hpa', name, `--namespace=${namespace}`]);
    return status?.currentMetrics !== undefined && status.desiredReplicas === least && status.currentReplicas === least;
  });
}

function startRecorder({ cluster }: PlatformGround, { name, namespace, url, target, port }: Scaled): Promise<Recorder> {
  return Recorder.start(cluster, { namespace, name: `scaling-${name}`, url, target, port });
}

/** Loads one until all its replicas are ready. @returns what waits until they are gone again */
async function raise(
  { cluster, report, signal }: PlatformGround,
  each: Scaled,
  watch: Watch,
): Promise<() => Promise<Times>> {
  const { name, least, most } = each;
  const at = async (count: number, atMost: number, since: number): Promise<number> => {
    await waitFor(`${count} replicas of the ${name}`, { atMost, every: 500, signal }, () => {
      const last = watch.samples(name).at(-1);
      return last !== undefined && isAt(count, last);
    });
    return Math.round((performance.now() - since) / 1000);
  };
  report(`load on the ${name}`);
  const begin = performance.now();
  await startLoad(cluster, each);
  // Usually two minutes; a machine that others use too gives the load its CPU later.
  const up = await at(most, 600, begin);
  await stopLoad(cluster, each);
  const end = performance.now();
  report(`${up} s  ${most} replicas of the ${name}; no load any more`);
  return async () => {
    // The window of 300 s begins with the last figure above the target.
    const down = await at(least, 720, end);
    report(`${down} s  ${least} replicas of the ${name}`);
    return { up, down };
  };
}

interface Watch {
  readonly samples: (name: string) => readonly Sample[];
  readonly stop: () => Promise<void>;
}

/** Looks at the replicas and at Argo CD's word on them every second or so. */
function watchOf({ cluster }: PlatformGround, scaled: readonly Scaled[]): Watch {
  interface Deployment {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly replicas: number };
    readonly status: { readonly replicas?: number; readonly readyReplicas?: number };
  }
  const samples = new Map<string, Sample[]>(scaled.map(({ name }) => [name, []]));
  let stopped = false;
  const look = async (): Promise<void> => {
    const spaces = new Set(scaled.map(({ namespace }) => namespace));
    const lists = await Promise.all(
      [...spaces].map((namespace) =>
        getJson<{ readonly items: readonly Deployment[] }>(cluster, ['deployments', `--namespace=${namespace}`]),
      ),
    );
    const words = new Map(
      (await applicationsOf(cluster)).map(({ metadata, status }) => [metadata.name, status?.sync?.status]),
    );
    for (const { metadata, spec, status } of lists.flatMap(({ items }) => items)) {
      const ready = (status.replicas ?? 0) === (status.readyReplicas ?? 0) ? (status.replicas ?? 0) : -1;
      samples
        .get(metadata.name)
        ?.push({ at: new Date(), replicas: spec.replicas, ready, sync: words.get(metadata.name) ?? 'Unknown' });
    }
  };
  const run = async (): Promise<void> => {
    while (!stopped) {
      // An API that is slow for once leaves a gap; the waits above see to an end.
      await look().catch(() => undefined);
      await delay(1000);
    }
  };
  const running = run();
  return {
    samples: (name) => samples.get(name) ?? [],
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}
