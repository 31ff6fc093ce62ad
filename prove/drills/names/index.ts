import { setTimeout as delay } from 'node:timers/promises';
import { clusterDns } from '../../../constructs/core/endpoint.ts';
import { powerOff, returnNode } from '../../cluster/faults.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { apply, kubectl, podManifest, readinessOf } from '../../cluster/kubectl.ts';
import { initPid } from '../../cluster/nodes.ts';
import { workersOf } from '../../cluster/plan.ts';
import { isInUse, podsOf } from '../../cluster/pods.ts';
import { failedOf, reasonsOf, seconds } from '../../instruments/figures.ts';
import { parseRequest, settledSince } from '../../instruments/recorder.ts';
import type { RecordedRequest } from '../../instruments/recorder.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import { worldHosts } from '../../stand-ins/internet/names.ts';
import type { Area, Outcome } from '../area.ts';
import type { ClusterGround } from '../ground.ts';

/** Seconds without the node: longer than it takes to be seen as lost, and its pods as gone. */
const away = 60;
/** Milliseconds between two questions. */
const every = 200;
/** Answers in a row after which a client counts. */
const enough = 20;
/** Longer than any question takes: what a program would wait for is what counts. */
const timeout = '60s';

export const area: Area<'cluster'> = {
  purpose: 'takes each node away in turn, and asks for names on another one meanwhile',
  promises: {
    'dns-node-down':
      `the power of each node that carries pods taken away for ${away} s, the one with the Kubernetes API too, and given back; two ` +
      `pods on another node ask all the while, each ${every} ms anew, for a name of the cluster and for one of the world`,
  },
  needs: 'cluster',
  minutes: 6,
  programs: [],
  about: ['constructs/cluster-dns', 'constructs/core/service.ts', 'prove/cluster/faults.ts', 'prove/tools/probe'],
  run: names,
};

/** Of whom the clients ask. */
const questions = { cluster: 'kubernetes.default.svc.cluster.local.', world: `${worldHosts.git}.` } as const;
type Question = keyof typeof questions;

const namespace = 'names-drill';

async function names(ground: ClusterGround): Promise<Outcome> {
  const { cluster, report } = ground;
  const workers = workersOf(cluster.plan).map(({ name }) => name);
  if (workers.length < 2) throw new ProvingError('there is only one node for pods');
  const nodes = cluster.plan.nodes.map(({ name }) => name).sort();
  const checks: DrillCheck[] = [
    { what: 'nodes with a CoreDNS', expected: nodes.join(', '), got: (await nodesWithDns(cluster)).join(', ') },
  ];
  const undo = [
    ...workers.map((node) => async () => {
      if (initPid(cluster, node) === undefined) await returnNode(cluster, node);
    }),
    () => kubectl(cluster, ['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']).catch(() => ''),
  ];
  return withCleanUp(undo, async () => {
    await apply(cluster, [{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }]);
    const all: RecordedRequest[] = [];
    for (const lost of workers) {
      const on = workers.find((node) => node !== lost) ?? '';
      const asked = await lose(ground, { lost, on });
      for (const [question, requests] of Object.entries(asked)) {
        report(
          `${lost} lost: ${requests.length} questions for a name of the ${question} on ${on}, the slowest ` +
            `${slowest(requests)} s, failed: ${reasonsOf(requests)}`,
        );
        // A client that asked nothing would have waited for nothing.
        const many = requests.length > (away * 1000) / every / 2;
        checks.push({
          what: `questions for the ${question} without ${lost}`,
          expected: 'many',
          got: many ? 'many' : String(requests.length),
        });
        all.push(...requests);
      }
    }
    return {
      'dns-node-down': {
        figures: { 'slowest question': slowest(all), failed: failedOf(all), asked: all.length },
        units: { 'slowest question': 's', failed: 'questions', asked: 'questions' },
        checks,
      },
    };
  });
}

async function nodesWithDns(cluster: Cluster): Promise<string[]> {
  const [[label, value]] = Object.entries(clusterDns.selector) as [[string, string]];
  const pods = await podsOf(cluster, [`--namespace=${clusterDns.namespace}`, `--selector=${label}=${value}`]);
  return [...new Set(pods.filter(isInUse).flatMap(({ spec }) => spec.nodeName ?? []))].sort();
}

/** With two digits after the point: an answer takes milliseconds. */
function slowest(requests: readonly RecordedRequest[]): number {
  return Math.round(Math.max(0, ...requests.map(({ milliseconds }) => milliseconds)) / 10) / 100;
}

/** Takes a node's power for a while. @returns what the clients on another one were told, from then until it was ready again */
async function lose(
  { cluster, signal, report }: ClusterGround,
  { lost, on }: { readonly lost: string; readonly on: string },
): Promise<Readonly<Record<Question, readonly RecordedRequest[]>>> {
  const clients = { cluster: `cluster-${on}`, world: `world-${on}` };
  await apply(
    cluster,
    (['cluster', 'world'] as const).map((question) =>
      podManifest({
        namespace,
        name: clients[question],
        node: on,
        // What a workload with a wire to the world has.
        labels: { 'diptych/names': 'outside' },
        args: ['every', `${every}ms`, `dns:${questions[question]}`, timeout],
      }),
    ),
  );
  for (const client of Object.values(clients)) {
    await waitFor(`${enough} answers in a row of ${client}`, { atMost: 60, every: 500, signal }, async () =>
      settledSince(await requestsOf(cluster, client).catch(() => []), enough),
    );
  }
  const since = new Date();
  report(`${lost} loses its power`);
  await powerOff(cluster, lost);
  await delay(away * 1000, undefined, { signal });
  await returnNode(cluster, lost);
  await waitFor(
    `${lost} to be ready`,
    { atMost: 240, every: 500, signal },
    async () => (await readinessOf(cluster, lost)) === 'True',
  );
  report(`${lost} is ready again ${seconds(Date.now() - since.getTime())} s after it lost its power`);
  await waitFor(`the CoreDNS of ${lost}`, { atMost: 120, every: 500, signal }, async () =>
    (await nodesWithDns(cluster)).includes(lost),
  );
  const of = async (question: Question) =>
    (await requestsOf(cluster, clients[question])).filter(({ at }) => at >= since);
  return { cluster: await of('cluster'), world: await of('world') };
}

async function requestsOf(cluster: Cluster, client: string): Promise<readonly RecordedRequest[]> {
  const log = await kubectl(cluster, ['logs', client, `--namespace=${namespace}`]);
  return log.split('\n').flatMap((line) => parseRequest(line) ?? []);
}
