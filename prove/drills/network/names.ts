import crypto from 'node:crypto';
import fs from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Cluster } from '../../cluster/handle.ts';
import { apply, exec, kubectl, podManifest } from '../../cluster/kubectl.ts';
import { stopIfAsked } from '../../machine/interruption.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import { nameServerLog } from '../../stand-ins/internet/name-server.ts';
import { worldHosts } from '../../stand-ins/internet/names.ts';
import type { StandIn } from './stand-ins.ts';

/** Seconds in which a pod is known to CoreDNS, and its way to it open. */
const patience = 60;

/** What a pod asks, and what it has to be told. */
interface Question {
  readonly question: string;
  readonly expected: string;
}

/**
 * What a pod may hear, by whether a wire of it leads to a name outside. A name of a tunnel that isn't refused gets as far as
 * the world's name server, which knows none such.
 */
export function questionsOf(cluster: Pick<Cluster, 'plan'>, isWired: boolean, tunnel: string): readonly Question[] {
  const { apiService, dnsService, nodes } = cluster.plan;
  const reverse = [apiService, dnsService, ...nodes.map(({ address }) => address)];
  return [
    { question: 'A/kubernetes.default.svc.cluster.local', expected: 'answered' },
    { question: 'A/nobody.default.svc.cluster.local', expected: 'NXDOMAIN' },
    { question: `A/${worldHosts.git}`, expected: isWired ? 'answered' : 'REFUSED' },
    { question: `TXT/${tunnel}`, expected: isWired ? 'NXDOMAIN' : 'REFUSED' },
    ...reverse.map((address) => ({ question: `PTR/${address}`, expected: 'REFUSED' })),
    { question: 'A/kubernetes.default.svc.pods.invalid', expected: 'REFUSED' },
  ];
}

/** What every pod that may ask CoreDNS is told by it, and which questions left the cluster. */
export async function askNames(
  cluster: Cluster,
  asking: readonly { readonly standIn: StandIn; readonly isWired: boolean }[],
  { report, signal }: Progress,
): Promise<DrillCheck[]> {
  report(`asking names from ${asking.length} pods`);
  const checks: DrillCheck[] = [];
  const tunnels = new Map<string, boolean>();
  for (const { standIn, isWired } of asking) {
    const name = `${standIn.namespace}/${standIn.name}`;
    const tunnel = `${crypto.randomBytes(20).toString('hex')}.tunnel.example`;
    tunnels.set(tunnel, isWired);
    const questions = questionsOf(cluster, isWired, tunnel);
    // A pod that CoreDNS doesn't know yet may ask. What counts is what it is told from then on, the tunnel's name with it.
    const first = questions.filter(({ question }) => question !== `TXT/${tunnel}`);
    const begin = performance.now();
    while (
      (await answersTo(cluster, standIn, first)) !== textOf(first) &&
      performance.now() - begin < patience * 1000
    ) {
      stopIfAsked(signal);
      await pause(1000);
    }
    const got = await answersTo(cluster, standIn, questions);
    checks.push({ what: `what ${name} is told of names`, expected: textOf(questions), got });
  }
  const log = fs.readFileSync(nameServerLog(cluster), 'utf8');
  const arrived = [...tunnels].filter(([tunnel, isWired]) => !isWired && log.includes(tunnel)).length;
  const passed = [...tunnels].filter(([tunnel, isWired]) => isWired && log.includes(tunnel)).length;
  const wired = [...tunnels.values()].filter(Boolean).length;
  return [
    ...checks,
    { what: 'names of tunnels, of pods without a wire, that left the cluster', expected: '0', got: String(arrived) },
    // Else the row above would be right because nothing leaves it.
    { what: 'of pods with a wire', expected: String(wired), got: String(passed) },
  ];
}

const textOf = (questions: readonly Question[]): string =>
  questions.map(({ question, expected }) => `${question} ${expected}`).join(', ');

async function answersTo(
  cluster: Cluster,
  { namespace, name }: StandIn,
  questions: readonly Question[],
): Promise<string> {
  const command = ['probe', 'ask', '2s', cluster.plan.dnsService, ...questions.map(({ question }) => question)];
  const { stdout, stderr } = await exec(cluster, { namespace, name, container: 'probe' }, command, { timeout: 60 });
  return stdout.trim().split('\n').join(', ') || stderr.trim();
}

/** A new pod with a wire is told a name outside by the first thing it does. */
export async function askAtStart(cluster: Cluster, { group }: StandIn, { signal }: Progress): Promise<DrillCheck> {
  const { namespace, labels } = group;
  const name = 'asks-at-start';
  const question = `A/${worldHosts.git}`;
  const args = ['ask', '5s', cluster.plan.dnsService, question];
  const { spec, ...manifest } = podManifest({ namespace, name, labels, args });
  await apply(cluster, [{ ...manifest, spec: { ...(spec as object), restartPolicy: 'Never' } }]);
  const where = [name, `--namespace=${namespace}`];
  await waitFor(`the pod ${namespace}/${name} to end`, { atMost: 60, every: 500, signal }, async () => {
    const phase = await kubectl(cluster, ['get', 'pod', ...where, '--output=jsonpath={.status.phase}']);
    return ['Succeeded', 'Failed'].includes(phase.trim());
  });
  const got = (await kubectl(cluster, ['logs', ...where])).trim();
  return { what: `what a new pod like ${group.name} is told first`, expected: `${question} answered`, got };
}
