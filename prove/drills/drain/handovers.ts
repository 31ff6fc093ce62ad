import { setTimeout as delay } from 'node:timers/promises';
import type { Workload } from '../../../constructs/core/workload.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { inNode } from '../../cluster/nodes.ts';
import { isInUse, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import { webOf } from '../../components/web.ts';
import type { Releases } from '../../delivery/releases.ts';
import { failedOf, lastFailure, reasonsOf, seconds } from '../../instruments/figures.ts';
import { WebRecorder } from '../../instruments/web-client.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** What both clients saw of a change. */
interface Seen {
  readonly name: string;
  readonly failed: number;
  readonly asked: number;
  /** Seconds from its beginning until everything is as it was, and until the last request that failed. */
  readonly seconds: number;
  readonly failing: number;
}

/** Changes that may cost nobody a request, and losses whose cost is measured. */
export async function handovers(platform: PlatformGround, way: WayIn, releases: Releases): Promise<Round> {
  const { cluster } = platform;
  const request = (client: number) => way.request(way.host('backend'), { path: '/echo/handover', client });
  const clients = [
    await WebRecorder.start(cluster, request(80), { name: 'handover-new' }),
    await WebRecorder.start(cluster, request(81), { name: 'handover-kept', isKept: true }),
  ];
  const undo = clients.map((client) => () => client.stop());
  return withCleanUp(undo, async () => {
    const { traefik, waf } = way.edge;
    const done = async (name: string, change: () => Promise<unknown>): Promise<Seen> =>
      observe(platform, way, clients, name, change);
    const calm = [
      await done('an update of Traefik', () => restarted(way, traefik)),
      await done('a pod of Traefik deleted', () => deleted(way, traefik)),
      await done('an update of the firewall', () => restarted(way, waf)),
      await done('a pod of the firewall deleted', () => deleted(way, waf)),
      await done('another rule', () => anotherRule(platform, way, releases)),
    ];
    const hard = [
      await done('a firewall killed', () => killed(way, waf)),
      await done('a Traefik killed', () => killed(way, traefik)),
      await done('an application killed', () => killed(way, webOf(platform.platform, 'backend').workload)),
    ];
    const figures = {
      failed: calm.reduce((sum, { failed }) => sum + failed, 0),
      ...Object.fromEntries(calm.map(({ name, seconds: took }) => [name, took])),
      ...Object.fromEntries(
        hard.flatMap(({ name, failed, failing }) => [
          [`${name}, failed`, failed],
          [`${name}, failing for`, failing],
        ]),
      ),
    };
    const units = Object.fromEntries(
      Object.keys(figures).map((name) => [name, name.endsWith('failed') ? 'requests' : 's']),
    );
    return {
      figures,
      units,
      checks: [
        ...calm.map(({ name, failed }): DrillCheck => ({
          what: `${name}: requests that failed`,
          expected: '0',
          got: String(failed),
        })),
        ...[...calm, ...hard].map(({ name, asked }): DrillCheck => ({
          what: `${name}: whether both clients asked`,
          expected: 'true',
          got: String(asked > 40),
        })),
      ],
    };
  });
}

async function observe(
  { report, signal }: PlatformGround,
  way: WayIn,
  clients: readonly WebRecorder[],
  name: string,
  change: () => Promise<unknown>,
): Promise<Seen> {
  const since = new Date();
  await change();
  await whole(way, signal);
  const took = seconds(Date.now() - since.getTime());
  // For what is noticed late.
  await delay(5000);
  const requests = clients.flatMap((client) => client.requests(since));
  const failed = failedOf(requests);
  report(`${name}: ${failed} of ${requests.length} requests failed${failed === 0 ? '' : `: ${reasonsOf(requests)}`}`);
  return { name, failed, asked: requests.length, seconds: took, failing: lastFailure(requests, since) };
}

/** Waits until both have both pods in use, and no other. */
async function whole(way: WayIn, signal: AbortSignal): Promise<void> {
  for (const workload of [way.edge.traefik, way.edge.waf]) {
    await waitFor(`both pods of ${workload.name}`, { atMost: 240, every: 500, signal }, async () => {
      const pods = await podsBehind(way, workload);
      return pods.length === workload.demand(1).least && pods.every(isInUse);
    });
  }
}

function podsBehind({ cluster }: WayIn, { namespace, selector }: Workload): Promise<readonly PodObject[]> {
  return podsOf(cluster, [`--namespace=${namespace}`, selectorArgument(selector)]);
}

async function restarted({ cluster, namespace }: WayIn, { name }: Workload): Promise<void> {
  const what = [`deployment/${name}`, `--namespace=${namespace}`];
  await kubectl(cluster, ['rollout', 'restart', ...what]);
  await kubectl(cluster, ['rollout', 'status', ...what, '--timeout=300s'], { timeout: 320 });
}

async function deleted(way: WayIn, workload: Workload): Promise<void> {
  const { metadata } = await firstPod(way, workload);
  await kubectl(way.cluster, ['delete', 'pod', metadata.name, `--namespace=${way.namespace}`], { timeout: 120 });
}

/** SIGKILL of everything in the pod's container, from its node: nobody is asked or told. */
async function killed(way: WayIn, workload: Workload): Promise<void> {
  const { spec, status } = await firstPod(way, workload);
  const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '');
  if (id === undefined || spec.nodeName === undefined) throw new ProvingError('the pod has no container');
  const tasks = ['ctr', '--namespace', 'k8s.io', 'tasks'];
  await inNode(way.cluster, spec.nodeName, [...tasks, 'kill', '--all', '--signal', 'SIGKILL', id]);
  // It counts as ready until the kubelet has seen it.
  await delay(5000);
}

async function firstPod(way: WayIn, workload: Workload): Promise<PodObject> {
  const [pod] = (await podsBehind(way, workload)).filter(isInUse);
  if (pod === undefined) throw new ProvingError(`no pod of ${workload.name} is ready`);
  return pod;
}

/** A release that silences a rule: pods with another configuration take the place of those that have the old one. */
async function anotherRule({ signal }: PlatformGround, way: WayIn, releases: Releases): Promise<void> {
  const before = (await podsBehind(way, way.edge.waf)).map(({ metadata }) => metadata.uid);
  await releases.release('A rule of the firewall is silenced', (tree) => {
    const line = "    ...at(backend, [942100], 'ARGS:drill', 'a drill asks for it'),";
    tree.edit('apps/edge-exclusions.ts', /return \[\n/, (found) => `${found}${line}\n`);
  });
  await releases.applied([way.edge.waf.application], signal);
  await waitFor('pods with the new rules', { atMost: 240, every: 500, signal }, async () => {
    const now = (await podsBehind(way, way.edge.waf)).map(({ metadata }) => metadata.uid);
    return now.every((uid) => !before.includes(uid));
  });
}
