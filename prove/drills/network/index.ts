import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildPlatform } from '../../../apps/platform.ts';
import { parseCidr } from '../../../constructs/core/cidr.ts';
import { clusterDns, describePeer } from '../../../constructs/core/endpoint.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { asksOutside } from '../../../constructs/core/outside-names.ts';
import { declaredEdges, foreignPodGroups } from '../../../synth/model.ts';
import type { DeclaredEdge } from '../../../synth/network/compare.ts';
import { podGroups } from '../../../synth/network/evaluate.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { apply, getJson } from '../../cluster/kubectl.ts';
import { workersOf } from '../../cluster/plan.ts';
import { committedObjects, inOrder } from '../../delivery/committed.ts';
import { stopIfAsked } from '../../machine/interruption.ts';
import type { Progress } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { ClusterGround } from '../ground.ts';
import { analysisOf } from './analysis.ts';
import { analyze } from './analyzer.ts';
import { askAtStart, askNames } from './names.ts';
import { checkOf, differencesOf, keyOf, reachedBy } from './reach.ts';
import type { Target } from './reach.ts';
import { standInsOf, strangersOf } from './stand-ins.ts';
import type { StandIn } from './stand-ins.ts';
import { metricsWork, restartSystem } from './system.ts';
import { targetsOf } from './targets.ts';
import type { PodList } from './targets.ts';
import { renderedUpstream } from './upstream.ts';

/** Seconds in which new pods have their rules. */
const patience = 60;

export const area: Area<'cluster'> = {
  purpose: 'tries every connection between all workloads in a real cluster',
  promises: {
    'net-deny':
      "what upstream's sources bring is rendered anew; the wires are compared with what the evaluator and np-guard read " +
      'out of all policies, and with what opens where two pods of every workload, and two that no policy names in every ' +
      'namespace, try every port of each other, of what K3s brings, of the API and of the kubelets, on two nodes',
    'dns-outside':
      'every pod that may ask CoreDNS asks it, restarted with the committed configuration, for names of the cluster, of ' +
      'the world and of a tunnel, and for names of addresses; what the name server of the world was asked',
  },
  needs: 'cluster',
  minutes: 5,
  programs: ['netpol-analyzer', 'helm'],
  about: [
    'synth/network',
    'synth/upstream',
    'config/upstream.ts',
    'imports/upstream.json',
    'prove/tools/netpold',
    'constructs/cluster-dns',
    'constructs/cluster-system',
    'constructs/core/network-policy.ts',
    'constructs/core/outside-names.ts',
  ],
  run: network,
};

/**
 * Declared = computed = enforced: the wires are compared with what this repository's evaluator and np-guard's analyzer
 * read out of the network policies, those that are committed and those that upstream's sources bring; and in a real
 * cluster with all of them, pods with the labels and ports of each workload try every port of every other one, of
 * CoreDNS and of the API. Then they ask CoreDNS for names.
 */
async function network({ root, folder, cluster, report, signal }: ClusterGround): Promise<Outcome> {
  const upstream = renderedUpstream(cluster);
  report(`rendered ${upstream.facts.length} sources of upstream`);
  const { rules, standIns, system, declared, wired, ...readings } = modelOf(root, cluster, upstream.objects);
  const manifests = [...rules, ...standIns.map(({ manifest }) => manifest)];
  const analyzed = await analyze(cluster.program('netpol-analyzer'), manifests, path.join(folder, 'analyzer'));
  const analysis = analysisOf({ ...readings, declared, standIns, analyzed });
  report(`compared ${declared.length} wires with the evaluator and with np-guard's analyzer`);
  await apply(cluster, inOrder(rules));
  report('starting what K3s brings anew, under the policies');
  await restartSystem(cluster, readings.committed);
  await start(cluster, standIns, { report, signal });
  const measured = await measure(cluster, { standIns, system, declared }, { report, signal });
  const lookups = new Set(
    declared.filter(({ to, port }) => to === describePeer(clusterDns) && port === 53).map(({ from }) => from),
  );
  const asking = standIns
    .filter(({ group }) => lookups.has(group.name))
    .map((standIn) => ({ standIn, isWired: wired.has(standIn.group.name) }));
  const answers = await askNames(cluster, asking, { report, signal });
  const first = asking.find(({ isWired }) => isWired);
  if (first !== undefined) answers.push(await askAtStart(cluster, first.standIn, { report, signal }));
  return {
    'net-deny': {
      figures: {
        tried: measured.tried,
        differences: measured.differences,
        'differences of the evaluator': analysis.evaluator,
        'differences of the analyzer': analysis.analyzer,
      },
      units: {
        tried: 'connections',
        differences: 'connections',
        'differences of the evaluator': 'connections',
        'differences of the analyzer': 'connections',
      },
      checks: [...upstream.checks, ...analysis.checks, ...measured.checks, await metricsWork(cluster, { signal })],
      standIns: [
        'two pods with the labels and ports of each workload in its place',
        'the internet is not tried, nor is what comes from the nodes themselves',
      ],
    },
    'dns-outside': {
      figures: { pods: asking.length },
      units: { pods: 'pods' },
      checks: answers,
      standIns: [
        'two pods with the labels of each workload in its place',
        'a CoreDNS that knows a few hosts, in place of the name servers of the world',
      ],
    },
  };
}

/** What is applied and declared, and pods in place of those that run. @param upstream objects of others */
function modelOf(root: string, cluster: Cluster, upstream: readonly Manifest[]) {
  const platform = buildPlatform(cluster.plan.name);
  const committed = [...committedObjects(root, `dist/${cluster.plan.name}`), ...upstream];
  const foreign = [...foreignPodGroups(platform), ...strangersOf(committed)];
  const nodes = workersOf(cluster.plan).map(({ name }) => name);
  const all = standInsOf(podGroups(committed, foreign), nodes);
  return {
    committed,
    foreign,
    declared: declaredEdges(platform),
    rules: committed.filter(({ kind }) => kind === 'Namespace' || kind === 'NetworkPolicy').map(anywhere),
    /** Who has to be told names outside. */
    wired: new Set(platform.owners.filter(({ wires }) => asksOutside(wires)).map(describePeer)),
    standIns: all,
    /** The real ones run beside these. */
    system: all.filter(({ namespace }) => namespace === 'kube-system'),
  };
}

/** A namespace whose pods may run on every node: what stands in for them does, to try all ways. */
function anywhere(manifest: Manifest): Manifest {
  if (manifest.kind !== 'Namespace') return manifest;
  const { name, labels = {} } = manifest.metadata;
  return { ...manifest, metadata: { name, labels } };
}

async function start(cluster: Cluster, standIns: readonly StandIn[], { report, signal }: Progress): Promise<void> {
  const namespaces = new Set(standIns.map(({ namespace }) => namespace));
  report(`starting ${standIns.length} pods in ${namespaces.size} namespaces`);
  // Without its service account a pod is refused.
  await waitFor('the service accounts', { atMost: 60, every: 500, signal }, async () => {
    const { items } = await getJson<PodList>(cluster, [
      ...['serviceaccounts', '--all-namespaces', '--field-selector=metadata.name=default'],
    ]);
    return [...namespaces].every((name) => items.some(({ metadata }) => metadata.namespace === name));
  });
  await apply(
    cluster,
    standIns.map(({ manifest }) => manifest),
  );
}

interface Ends {
  readonly standIns: readonly StandIn[];
  readonly system: readonly StandIn[];
  readonly declared: readonly DeclaredEdge[];
}

async function measure(cluster: Cluster, { standIns, system, declared }: Ends, { report, signal }: Progress) {
  const targets = await targetsOf(cluster, standIns, system, signal);
  const wanted = new Set(declared.map(({ from, to, protocol, port }) => `${from} ${to} ${protocol} ${port}`));
  const isDeclared = ({ group }: StandIn, target: Target) => wanted.has(`${group.name} ${keyOf(target)}`);
  const tryAll = () => {
    stopIfAsked(signal);
    return reachedBy(cluster, standIns, targets, isDeclared);
  };
  const count = (reached: Awaited<ReturnType<typeof tryAll>>): number =>
    reached.reduce((sum, each) => sum + differencesOf(each, isDeclared).length, 0);

  report(`trying ${targets.length} ports from ${standIns.length} pods`);
  // The enforcer learns of new pods within moments, and until then lets everything through: that doesn't count.
  const begin = performance.now();
  let differences = count(await tryAll());
  while (differences > 0 && performance.now() - begin < patience * 1000) {
    report(`${differences} connections differ`);
    await pause(1000);
    differences = count(await tryAll());
  }
  report('trying all of them again, which counts');
  const reached = await tryAll();
  const groups = [...new Set(reached.map(({ source }) => source.group))];
  return {
    tried: reached.reduce((sum, { tried }) => sum + tried.length, 0),
    differences: count(reached),
    checks: [
      ...groups.map((group) =>
        checkOf(
          reached.filter(({ source }) => source.group === group),
          isDeclared,
        ),
      ),
      untried(declared, standIns, targets),
    ],
  };
}

/** Every declared way from pod to pod or to the API is one that was tried. */
function untried(declared: readonly DeclaredEdge[], standIns: readonly StandIn[], targets: readonly Target[]) {
  const sources = new Set(standIns.map(({ group }) => group.name));
  const tried = new Set(targets.map(keyOf));
  const api = new Set(targets.map(({ name }) => name));
  const missed = declared.filter(
    ({ from, to, protocol, port }) =>
      sources.has(from) &&
      (parseCidr(to.split(' ')[0] ?? '') === undefined || api.has(to)) &&
      !tried.has(`${to} ${protocol} ${port}`),
  );
  const got = missed.map(({ from, to, protocol, port }) => `${from} to ${to} ${protocol} ${port}`).join(', ');
  return { what: 'wires between pods that were not tried', expected: 'none', got: got || 'none' } satisfies DrillCheck;
}
