import { setTimeout as delay } from 'node:timers/promises';
import { killMain } from '../../cluster/faults.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { inUseOf, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import { waitForSync } from '../../components/argocd/applications.ts';
import { WayIn } from '../../components/edge/way-in.ts';
import { askOf, webOf } from '../../components/web.ts';
import { failedOf, lastFailure, reasonsOf, seconds, slowestOf } from '../../instruments/figures.ts';
import { Recorder } from '../../instruments/recorder.ts';
import { WebRecorder } from '../../instruments/web-client.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** What the clients saw of one fault. */
interface Case {
  readonly newPod: number;
  readonly failed: number;
  readonly slowest: number;
  readonly failedInside: number;
  readonly failedFor: number;
}

/** Kills one backend's process outright, then deletes its pod outright, under clients of the way in and one inside. */
export async function podCrash(platform: PlatformGround): Promise<Round> {
  const { cluster, report, signal, applications } = platform;
  const before = await backends(platform);
  const clients = await startClients(platform);
  const undo = [...clients.outside.map((client) => () => client.stop()), () => clients.inside.remove()];
  return withCleanUp(undo, async () => {
    const victim = [...before].sort((a, b) => restartsOf(a) - restartsOf(b))[0];
    if (victim === undefined) throw new ProvingError('no backend pod is ready');
    const { name } = victim.metadata;
    report(`killing the process of ${name} on ${victim.spec.nodeName ?? ''}`);
    const killed = await observe(platform, clients, () => killMain(platform.cluster, victim), {
      what: `${name} to be ready again`,
      isBack: (pods) => pods.some((pod) => pod.metadata.name === name && restartsOf(pod) > restartsOf(victim)),
    });
    report(`deleting ${name} without grace`);
    const known = new Set((await backends(platform)).map(({ metadata }) => metadata.uid));
    const deleted = await observe(platform, clients, () => deleteOutright(platform, name), {
      what: 'another backend pod',
      isBack: (pods) => pods.length >= before.length && pods.some(({ metadata }) => !known.has(metadata.uid)),
    });
    await waitForSync(cluster, applications, { atMost: 180, signal });
    return { figures: figuresOf(killed, deleted), units, checks: checksOf(before.length, await backends(platform)) };
  });
}

const units = {
  failed: 'requests',
  'new pod': 's',
  'slowest answer': 'ms',
  'failed inside, kill': 'requests',
  'failing inside for, kill': 's',
  'failed inside, deletion': 'requests',
};

function figuresOf(killed: Case, deleted: Case): Record<keyof typeof units, number> {
  return {
    failed: killed.failed + deleted.failed,
    'new pod': Math.max(killed.newPod, deleted.newPod),
    'slowest answer': Math.max(killed.slowest, deleted.slowest),
    'failed inside, kill': killed.failedInside,
    'failing inside for, kill': killed.failedFor,
    'failed inside, deletion': deleted.failedInside,
  };
}

/** Both have to hold, or there was no fault to survive. */
function checksOf(count: number, pods: readonly PodObject[]): DrillCheck[] {
  return [{ what: 'backend pods in use at the end', expected: `${count}`, got: `${pods.length}` }];
}

interface Clients {
  /** By the load balancer, Traefik and the firewall. */
  readonly outside: readonly WebRecorder[];
  /** By the Service, as a pod does. */
  readonly inside: Recorder;
}

async function startClients(platform: PlatformGround): Promise<Clients> {
  const { cluster } = platform;
  const way = await WayIn.of(platform);
  const path = platform.web.paths.backend;
  const request = (client: number) => way.request(way.host('backend'), { path, client });
  return {
    outside: [
      await WebRecorder.start(cluster, request(90), { name: 'crash-new' }),
      await WebRecorder.start(cluster, request(91), { name: 'crash-kept', isKept: true }),
    ],
    inside: await Recorder.start(cluster, {
      ...askOf(webOf(platform.platform, 'backend'), path),
      name: 'crash-inside',
    }),
  };
}

interface Return {
  readonly what: string;
  readonly isBack: (pods: readonly PodObject[]) => boolean;
}

/** Does something to a pod and tells what came of it until its replacement is ready, and 5 s longer. */
async function observe(
  { report, signal, ...platform }: PlatformGround,
  { outside, inside }: Clients,
  fault: () => Promise<unknown>,
  { what, isBack }: Return,
): Promise<Case> {
  const since = new Date();
  await fault();
  await waitFor(what, { atMost: 120, signal }, async () => isBack(await backends(platform)));
  const newPod = seconds(Date.now() - since.getTime());
  await delay(5000);
  const each = outside.map((client) => client.requests(since));
  // A client that stood still would have seen no failure either.
  const fewest = Math.min(...each.map(({ length }) => length));
  if (fewest < 20) throw new ProvingError(`a client of the way in asked only ${fewest} times`);
  const [seen, seenInside] = [each.flat(), await inside.requests(since)];
  report(`failures outside: ${reasonsOf(seen)}; inside: ${reasonsOf(seenInside)}`);
  return {
    newPod,
    failed: failedOf(seen),
    slowest: slowestOf(seen),
    failedInside: failedOf(seenInside),
    failedFor: lastFailure(seenInside, since),
  };
}

async function backends({ cluster, platform }: Pick<PlatformGround, 'cluster' | 'platform'>) {
  const { name, namespace } = webOf(platform, 'backend');
  return inUseOf(`Deployment ${namespace}/${name}`, await podsOf(cluster, [`--namespace=${namespace}`]));
}

function deleteOutright({ cluster, platform }: PlatformGround, name: string): Promise<string> {
  const { namespace } = webOf(platform, 'backend');
  const how = ['--force', '--grace-period=0', '--wait=false'];
  return kubectl(cluster, ['delete', 'pod', name, `--namespace=${namespace}`, ...how]);
}

function restartsOf({ status }: PodObject): number {
  return status.containerStatuses?.[0]?.restartCount ?? 0;
}
