import path from 'node:path';
import { buildPlatform } from '../../apps/platform.ts';
import { environments } from '../../config/index.ts';
import type { Node } from '../../constructs/core/environment.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { ControlPlane } from '../control-plane/control-plane.ts';
import { DrillError } from '../processes.ts';
import type { DrillCheck, Measured } from '../results.ts';
import { committedObjects, defineCustomResources, inOrder } from './committed.ts';

interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: {
    readonly nodeName?: string;
    readonly containers: readonly { readonly resources: { readonly requests?: Requests } }[];
  };
}

type Requests = Readonly<Record<'cpu' | 'memory', string>>;

/**
 * The real scheduler places the committed workloads on nodes of the configured sizes: at their least, with each node
 * gone in turn, and with every autoscaler at its most.
 */
export async function capacityDrill(root: string, folder: string, report: (line: string) => void): Promise<Measured> {
  const checks: DrillCheck[] = [];
  const standIns = new Set(['nodes of the configured sizes without a kubelet: pods are bound to them, not started']);
  for (const environment of Object.keys(environments)) {
    const platform = buildPlatform(environment);
    for (const owner of platform.owners) {
      if (owner instanceof ForeignWorkload && owner.requests === undefined) {
        standIns.add(`${owner.name} is not counted: it is made by ${owner.madeBy}`);
      }
    }
    report(`${environment}: starting a control plane`);
    const plane = await ControlPlane.start(path.join(folder, environment));
    try {
      checks.push(...(await placements(plane, root, platform, report)));
    } finally {
      await plane.stop();
    }
  }
  return {
    promise: 'capacity',
    drill: 'the real scheduler places everything at its least, with each node gone in turn, and at its most',
    units: {},
    rounds: [{ figures: {}, checks }],
    versions: ControlPlane.versions,
    standIns: [...standIns],
  };
}

async function placements(
  plane: ControlPlane,
  root: string,
  platform: Platform,
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  const { name, nodes } = platform.environment;
  const workers = nodes.filter(({ role }) => role !== 'witness');
  await defineCustomResources(plane);
  for (const node of workers) addNode(plane, node);
  for (const manifest of [...inOrder(committedObjects(root, `dist/${name}`)), ...foreignDeployments(platform)]) {
    must(`apply ${manifest.kind} ${manifest.metadata.name}`, plane.apply([manifest]));
  }
  const checks: DrillCheck[] = [];

  report(`${name}: everything at its least`);
  checks.push(await allPlaced(plane, `${name}: everything at its least is placed`, 'least'));
  checks.push(...workers.map((node) => withinBudget(plane, name, node)));

  for (const lost of workers) {
    report(`${name}: ${lost.name} gone`);
    must(`delete ${lost.name}`, plane.kubectl(['delete', 'node', lost.name]));
    const bound = `--field-selector=spec.nodeName=${lost.name}`;
    must('evict', plane.kubectl(['delete', 'pods', '--all-namespaces', bound, '--force', '--grace-period=0']));
    checks.push(await allPlaced(plane, `${name}: with ${lost.name} gone, everything at its least is placed`, 'least'));
    addNode(plane, lost);
  }

  report(`${name}: every autoscaler at its most`);
  const { items } = plane.get('horizontalpodautoscalers', '--all-namespaces') as {
    readonly items: readonly Manifest[];
  };
  for (const { metadata, spec } of items) {
    const { maxReplicas } = spec as { readonly maxReplicas: number };
    const patch = JSON.stringify({ spec: { minReplicas: maxReplicas } });
    const { name: autoscaler, namespace = '' } = metadata;
    must(
      `scale ${autoscaler}`,
      plane.kubectl(['patch', 'hpa', autoscaler, '--namespace', namespace, '--patch', patch]),
    );
  }
  checks.push(await allPlaced(plane, `${name}: everything at its most is placed`, 'most'));
  return checks;
}

/** Waits until every Deployment has the pods it should have, and each of them a node. */
async function allPlaced(plane: ControlPlane, what: string, size: 'least' | 'most'): Promise<DrillCheck> {
  const seconds = 90;
  let open = '';
  try {
    await plane.waitFor(what, seconds, () => {
      open = unplaced(plane, size);
      return open === '';
    });
    return { what, expected: 'yes', got: 'yes' };
  } catch (error) {
    if (!(error instanceof DrillError)) throw error;
    return { what, expected: 'yes', got: `not within ${seconds} s: ${open}` };
  }
}

/** What is still missing, in words; empty when nothing is. */
function unplaced(plane: ControlPlane, size: 'least' | 'most'): string {
  const list = (kind: string) => (plane.get(kind, '--all-namespaces') as { readonly items: readonly Manifest[] }).items;
  const key = ({ metadata }: Manifest): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  const bounds = new Map(list('horizontalpodautoscalers').map((manifest) => [key(manifest), manifest.spec as Bounds]));
  const missing = list('deployments').flatMap((deployment) => {
    const bound = bounds.get(key(deployment));
    const { replicas } = deployment.spec as { readonly replicas: number };
    const wanted = bound === undefined ? replicas : size === 'most' ? bound.maxReplicas : bound.minReplicas;
    const has = podsOf(plane, deployment).filter(({ spec }) => spec.nodeName !== undefined).length;
    return has === wanted ? [] : [`${key(deployment)} has ${has} of ${wanted}`];
  });
  return missing.join(', ');
}

interface Bounds {
  readonly minReplicas: number;
  readonly maxReplicas: number;
}

function podsOf(plane: ControlPlane, { metadata, spec }: Manifest): readonly Pod[] {
  const { selector } = spec as { readonly selector: { readonly matchLabels: Readonly<Record<string, string>> } };
  const labels = Object.entries(selector.matchLabels).map(([label, value]) => `${label}=${value}`);
  const answer = plane.get('pods', '--namespace', metadata.namespace ?? '', '--selector', labels.join(','));
  return (answer as { readonly items: readonly Pod[] }).items;
}

function withinBudget(plane: ControlPlane, environment: string, { name, allocatable, budget }: Node): DrillCheck {
  const { items } = plane.get('pods', '--all-namespaces', `--field-selector=spec.nodeName=${name}`) as {
    readonly items: readonly Pod[];
  };
  const requests = items.flatMap(({ spec }) => spec.containers.map(({ resources }) => resources.requests));
  const sum = (of: (requests: Requests) => number): number =>
    requests.reduce((total, each) => total + (each === undefined ? 0 : of(each)), 0);
  const cpu = Math.round((100 * sum(({ cpu: text }) => millicores(text))) / allocatable.cpu.millicores);
  const memory = Math.round((100 * sum(({ memory: text }) => mebibytes(text))) / allocatable.memory.toMebibytes());
  const within = cpu <= budget.cpuPercent && memory <= budget.memoryPercent;
  return {
    what: `${environment}: ${name} has ${items.length} pods that request ${cpu} % of its CPU and ${memory} % of its memory`,
    expected: `at most ${budget.cpuPercent} % and ${budget.memoryPercent} %`,
    got: within ? `at most ${budget.cpuPercent} % and ${budget.memoryPercent} %` : 'more',
  };
}

function millicores(text: string): number {
  return text.endsWith('m') ? Number(text.slice(0, -1)) : Number(text) * 1000;
}

function mebibytes(text: string): number {
  const [, number = '', unit = ''] = /^(\d+)(Mi|Gi)$/.exec(text) ?? [];
  if (number === '') throw new DrillError(`a memory request of ${text}: Mi and Gi are what this platform writes`);
  return Number(number) * (unit === 'Gi' ? 1024 : 1);
}

/** A node that takes pods: its size, ready, and without the taint that a node has until its kubelet reports. */
function addNode(plane: ControlPlane, { name, allocatable }: Node): void {
  const labels = { 'kubernetes.io/hostname': name, 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' };
  must(`add ${name}`, plane.apply([{ apiVersion: 'v1', kind: 'Node', metadata: { name, labels } }]));
  const size = { cpu: allocatable.cpu.asString(), memory: allocatable.memory.asString(), pods: '110' };
  const status = { capacity: size, allocatable: size, conditions: [{ type: 'Ready', status: 'True' }] };
  const patch = (body: object, ...args: readonly string[]) =>
    plane.kubectl(['patch', 'node', name, '--type=merge', '--patch', JSON.stringify(body), ...args]);
  must(`size ${name}`, patch({ status }, '--subresource=status'));
  must(`open ${name}`, patch({ spec: { taints: null } }));
}

/** What other makers' charts request, as Deployments of the same size. */
function foreignDeployments({ owners }: Platform): Manifest[] {
  const foreign = owners.filter((owner) => owner instanceof ForeignWorkload);
  return foreign.flatMap(({ name, requests }): Manifest[] => {
    if (requests === undefined) return [];
    const labels = { 'proving/stands-for': name };
    const resources = { requests: { cpu: requests.cpu.asString(), memory: requests.memory.asString() } };
    const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
    const pod = {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [{ name: 'pods', image: 'proving.invalid/none:1', resources, securityContext }],
    };
    return [
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name, namespace: 'default' },
        spec: {
          replicas: requests.replicas,
          selector: { matchLabels: labels },
          template: { metadata: { labels }, spec: pod },
        },
      },
    ];
  });
}

function must(what: string, { ok, stderr }: { readonly ok: boolean; readonly stderr: string }): void {
  if (!ok) throw new DrillError(`${what}: ${stderr.trim()}`);
}
