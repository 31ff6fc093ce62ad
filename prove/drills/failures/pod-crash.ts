import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { loadEnvironment } from '../../../config/index.ts';
import { serviceHost } from '../../../constructs/core/endpoint.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { apply, kubectl } from '../../cluster/kubectl.ts';
import { inNode } from '../../cluster/nodes.ts';
import { inUseOf, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import { waitForSync } from '../../components/argocd/applications.ts';
import { askOf, webOf } from '../../components/web.ts';
import type { Web } from '../../components/web.ts';
import { failedOf, lastFailure, retriedOf, seconds, slowestOf } from '../../instruments/figures.ts';
import { Recorder } from '../../instruments/recorder.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

const headless = 'backend-pods';

/** What both clients saw of one fault. */
interface Case {
  readonly newPod: number;
  readonly failed: number;
  readonly retried: number;
  readonly slowest: number;
  readonly failedPlain: number;
  readonly failedFor: number;
}

/** Kills one backend's process outright, then deletes its pod outright, under two clients. */
export async function podCrash(platform: PlatformGround): Promise<Round & { readonly standIns: readonly string[] }> {
  const { cluster, report, signal, applications } = platform;
  const before = await backends(platform);
  const backend = webOf(platform.platform, 'backend');
  const { namespace } = backend;
  await apply(cluster, [podsByName(backend)]);
  const clients = await startClients(platform);
  try {
    const victim = [...before].sort((a, b) => restartsOf(a) - restartsOf(b))[0];
    if (victim === undefined) throw new ProvingError('no backend pod is ready');
    const { name } = victim.metadata;
    report(`killing the process of ${name} on ${victim.spec.nodeName ?? ''}`);
    const killed = await observe(platform, clients, () => killMain(platform, victim), {
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
    return {
      figures: figuresOf(killed, deleted),
      units,
      checks: checksOf(before.length, await backends(platform)),
      standIns: [
        "for the edge: a client that follows the ready pods' addresses and repeats a GET once on the next one where the " +
          "network failed, as Traefik's retry middleware does",
      ],
    };
  } finally {
    for (const client of clients) await client.remove();
    await kubectl(cluster, ['delete', 'service', headless, `--namespace=${namespace}`, '--ignore-not-found']);
  }
}

const units = {
  failed: 'requests',
  'new pod': 's',
  'retried after the kill': 'requests',
  'retried after the deletion': 'requests',
  'slowest answer': 'ms',
  'failed without retry, kill': 'requests',
  'failing without retry for, kill': 's',
  'failed without retry, deletion': 'requests',
};

function figuresOf(killed: Case, deleted: Case): Record<keyof typeof units, number> {
  return {
    failed: killed.failed + deleted.failed,
    'new pod': Math.max(killed.newPod, deleted.newPod),
    'retried after the kill': killed.retried,
    'retried after the deletion': deleted.retried,
    'slowest answer': Math.max(killed.slowest, deleted.slowest),
    'failed without retry, kill': killed.failedPlain,
    'failing without retry for, kill': killed.failedFor,
    'failed without retry, deletion': deleted.failedPlain,
  };
}

/** Both have to hold, or there was no fault to survive. */
function checksOf(count: number, pods: readonly PodObject[]): DrillCheck[] {
  return [{ what: 'backend pods in use at the end', expected: `${count}`, got: `${pods.length}` }];
}

/** Names every ready pod's address, as the edge reads them from the EndpointSlices. */
function podsByName({ namespace, labels, port }: Web): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: headless, namespace },
    spec: { clusterIP: 'None', selector: labels, ports: [{ port, protocol: 'TCP' }] },
  };
}

type Clients = readonly [retrying: Recorder, plain: Recorder];

async function startClients({ cluster, environment, platform }: PlatformGround): Promise<Clients> {
  const script = fs.readFileSync(path.join(import.meta.dirname, 'retrying-client.js'), 'utf8');
  const { repository, tag } = loadEnvironment(environment).image('backend');
  const backend = webOf(platform, 'backend');
  const command = [
    'node',
    '--input-type=module',
    '--eval',
    script,
    '--',
    serviceHost(headless, backend.namespace),
    `${backend.port}`,
    '/',
    '100',
    '1000',
  ];
  return [
    await Recorder.start(cluster, {
      ...askOf(backend),
      name: 'crash-retrying',
      client: { image: `${repository}:${tag}`, command },
    }),
    await Recorder.start(cluster, { ...askOf(backend), name: 'crash-plain' }),
  ];
}

interface Return {
  readonly what: string;
  readonly isBack: (pods: readonly PodObject[]) => boolean;
}

/** Does something to a pod and tells what came of it until its replacement is ready, and 5 s longer. */
async function observe(
  platform: PlatformGround,
  [retrying, plain]: Clients,
  fault: () => Promise<unknown>,
  { what, isBack }: Return,
): Promise<Case> {
  const since = new Date();
  await fault();
  await waitFor(what, { atMost: 120, signal: platform.signal }, async () => isBack(await backends(platform)));
  const newPod = seconds(Date.now() - since.getTime());
  await delay(5000);
  const [seen, seenPlain] = [await retrying.requests(since), await plain.requests(since)];
  // A client that stood still would have seen no failure either.
  if (seen.length < 20) throw new ProvingError(`the retrying client asked only ${seen.length} times`);
  return {
    newPod,
    failed: failedOf(seen),
    retried: retriedOf(seen),
    slowest: slowestOf(seen),
    failedPlain: failedOf(seenPlain),
    failedFor: lastFailure(seenPlain, since),
  };
}

async function backends({ cluster, platform }: PlatformGround): Promise<readonly PodObject[]> {
  const { name, namespace } = webOf(platform, 'backend');
  return inUseOf(`Deployment ${namespace}/${name}`, await podsOf(cluster, [`--namespace=${namespace}`]));
}

/** SIGKILL of the container's process 1, from its node: nothing in the pod is asked or told. */
async function killMain({ cluster }: PlatformGround, { spec, status }: PodObject): Promise<void> {
  const id = status.containerStatuses?.[0]?.containerID?.replace('containerd://', '');
  if (id === undefined || spec.nodeName === undefined) throw new ProvingError('the pod has no container');
  const tasks = ['ctr', '--namespace', 'k8s.io', 'tasks'];
  await inNode(cluster, spec.nodeName, [...tasks, 'kill', '--signal', 'SIGKILL', id]);
}

function deleteOutright({ cluster, platform }: PlatformGround, name: string): Promise<string> {
  const { namespace } = webOf(platform, 'backend');
  const how = ['--force', '--grace-period=0', '--wait=false'];
  return kubectl(cluster, ['delete', 'pod', name, `--namespace=${namespace}`, ...how]);
}

function restartsOf({ status }: PodObject): number {
  return status.containerStatuses?.[0]?.restartCount ?? 0;
}
