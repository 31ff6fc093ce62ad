import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { buildPlatform } from '../../../apps/platform.ts';
import { parseCidr } from '../../../constructs/core/cidr.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
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
import { checkOf, differencesOf, keyOf, reachedBy } from './reach.ts';
import type { Target } from './reach.ts';
import { standInsOf } from './stand-ins.ts';
import type { StandIn } from './stand-ins.ts';
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
      'out of all policies, and with what opens where two pods of every workload try every port of each other, of ' +
      'CoreDNS and of the API, on two nodes',
  },
  needs: 'cluster',
  minutes: 3,
  programs: ['netpol-analyzer', 'helm'],
  about: [
    'synth/network',
    'synth/upstream',
    'config/upstream.ts',
    'imports/upstream.json',
    'prove/tools/netpold',
    'constructs/core/network-policy.ts',
  ],
  run: network,
};

/**
 * Declared = computed = enforced: the wires are compared with what this repository's evaluator and np-guard's analyzer
 * read out of the network policies, those that are committed and those that upstream's sources bring; and in a real
 * cluster with all of them, pods with the labels and ports of each workload try every port of every other one, of
 * CoreDNS and of the API.
 */
async function network({ root, folder, cluster, report, signal }: ClusterGround): Promise<Outcome> {
  const upstream = renderedUpstream(cluster);
  report(`rendered ${upstream.facts.length} sources of upstream`);
  const { rules, standIns, system, declared, ...readings } = modelOf(root, cluster, upstream.objects);
  const pods = [...standIns, ...system];
  const manifests = [...rules, ...pods.map(({ manifest }) => manifest)];
  const analyzed = await analyze(cluster.program('netpol-analyzer'), manifests, path.join(folder, 'analyzer'));
  const analysis = analysisOf({ ...readings, declared, standIns: pods, analyzed });
  report(`compared ${declared.length} wires with the evaluator and with np-guard's analyzer`);
  await apply(cluster, inOrder(rules));
  await start(cluster, standIns, { report, signal });
  const measured = await measure(cluster, { standIns, system, declared }, { report, signal });
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
      checks: [...upstream.checks, ...analysis.checks, ...measured.checks],
      standIns: [
        'two pods with the labels and ports of each workload in its place',
        'the internet is not tried, nor is what comes from the nodes themselves',
      ],
    },
  };
}

/** What is applied and declared, and pods in place of those that run. @param upstream objects of others */
function modelOf(root: string, cluster: Cluster, upstream: readonly Manifest[]) {
  const platform = buildPlatform(cluster.plan.name);
  const committed = [...committedObjects(root, `dist/${cluster.plan.name}`), ...upstream];
  const foreign = foreignPodGroups(platform);
  const nodes = workersOf(cluster.plan).map(({ name }) => name);
  const all = standInsOf(podGroups(committed, foreign), nodes);
  return {
    committed,
    foreign,
    declared: declaredEdges(platform),
    rules: committed.filter(({ kind }) => kind === 'Namespace' || kind === 'NetworkPolicy').map(anywhere),
    standIns: all.filter(({ namespace }) => namespace !== 'kube-system'),
    /** These run already: nothing stands in for them but before the analyzer. */
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
  while (count(await tryAll()) > 0 && performance.now() - begin < patience * 1000) await pause(1000);
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
