import fs from 'node:fs';
import path from 'node:path';
import { loadEnvironment } from '../../config/index.ts';
import { writeDisk } from '../cluster/disk.ts';
import { checkEnforcement } from '../cluster/enforcement.ts';
import { logsOf, pkiFolder, readState, unlock, withClusterLock, writeState } from '../cluster/handle.ts';
import type { Cluster } from '../cluster/handle.ts';
import { apply, kubectl, readinessOf, tryKubectl } from '../cluster/kubectl.ts';
import { fabricPid, initPid, onNode, startFabric, startNode } from '../cluster/nodes.ts';
import { makePki } from '../cluster/pki.ts';
import { firstServer } from '../cluster/plan.ts';
import type { NodePlan } from '../cluster/plan.ts';
import { checkMachine } from '../cluster/requirements.ts';
import { netpoldReady } from '../cluster/services.ts';
import { systemManifests } from '../cluster/system/index.ts';
import { aliasDigest, publishImage } from '../images/publish.ts';
import { dnsImage, systemImageContents } from '../images/recipes/system.ts';
import { cgroupExists, destroyCgroup, removeEmptyParent } from '../machine/cgroup.ts';
import { ProvingError } from '../machine/error.ts';
import { stopIfAsked } from '../machine/interruption.ts';
import type { Progress } from '../machine/interruption.ts';
import { waitFor } from '../machine/wait-for.ts';
import { committedDns } from './committed-dns.ts';
import { startWorld, worldFolder } from '../stand-ins/internet/start.ts';

export interface UpOptions extends Progress {
  /** What providers have kept of a cluster that was lost, by `lose`: a folder, which is moved. @default nothing */
  readonly world?: string;
}

/**
 * Brings a cluster up, or says that it is. What a crashed run left behind is removed first. When it fails,
 * only its logs stay; when it is interrupted, nothing.
 * @throws InputError where the machine can't run it; ProvingError where it doesn't come up
 */
export async function up(cluster: Cluster, { world, ...progress }: UpOptions): Promise<void> {
  checkMachine(cluster);
  await withClusterLock(cluster, async () => {
    if (isWhole(cluster)) {
      progress.report(`${cluster.plan.name} is up already`);
      return;
    }
    if (exists(cluster)) {
      progress.report('removing what an earlier run left behind');
      await tearDown(cluster);
    }
    writeState(cluster, 'starting');
    if (world !== undefined) fs.renameSync(world, worldFolder(cluster));
    try {
      await bringUp(cluster, progress);
      writeState(cluster, 'up');
    } catch (error) {
      if (progress.signal?.aborted) {
        await tearDown(cluster);
        unlock(cluster);
        throw error;
      }
      progress.report('it failed: taking everything down again, but the logs');
      await tearDown(cluster, 'keep the logs');
      const logs = path.join(cluster.folder, 'logs');
      throw error instanceof ProvingError ? new ProvingError(`${error.message}\nlogs: ${logs}`) : error;
    }
  });
}

/** Takes a cluster down and removes all it kept. Does nothing where there is none. */
export async function down(cluster: Cluster, progress: Progress): Promise<void> {
  await withClusterLock(cluster, async () => {
    progress.report(exists(cluster) ? `taking ${cluster.plan.name} down` : `there is no cluster ${cluster.plan.name}`);
    await tearDown(cluster);
    unlock(cluster);
  });
}

/** What providers have in the world of a cluster, whatever becomes of the cluster. */
const kept = ['object-storage', 'git'] as const;

/** Loses a cluster with all its disks and keys at once; what providers have is moved to a folder. */
export async function lose(cluster: Cluster, world: string, { report }: Progress): Promise<void> {
  await withClusterLock(cluster, async () => {
    await destroyCgroup(cluster.cgroup);
    removeEmptyParent(cluster.cgroup);
    fs.mkdirSync(world, { recursive: true, mode: 0o700 });
    for (const name of kept) fs.renameSync(path.join(worldFolder(cluster), name), path.join(world, name));
    await tearDown(cluster);
    unlock(cluster);
    report(`${cluster.plan.name} is lost`);
  });
}

/** True if anything of the cluster is there, be it from a run that crashed. */
export function exists(cluster: Cluster): boolean {
  return fs.existsSync(cluster.folder) || cgroupExists(cluster.cgroup);
}

/** True if it came up and every node still has power. */
export function isWhole(cluster: Cluster): boolean {
  if (readState(cluster)?.phase !== 'up' || fabricPid(cluster) === undefined) return false;
  return cluster.plan.nodes.every(({ name }) => initPid(cluster, name) !== undefined);
}

/** Of this repository. */
const root = path.join(import.meta.dirname, '..', '..');

/** Removes processes, then files: namespaces, mounts and interfaces end with the processes that hold them. */
async function tearDown(cluster: Cluster, logs?: 'keep the logs'): Promise<void> {
  await destroyCgroup(cluster.cgroup);
  removeEmptyParent(cluster.cgroup);
  if (!fs.existsSync(cluster.folder)) return;
  const names = fs.readdirSync(cluster.folder).filter((name) => logs === undefined || name !== 'logs');
  for (const name of names) await fs.promises.rm(path.join(cluster.folder, name), { recursive: true, force: true });
  if (logs === undefined) fs.rmdirSync(cluster.folder);
}

async function bringUp(cluster: Cluster, { report, signal }: Progress): Promise<void> {
  const { nodes } = cluster.plan;
  const start = performance.now();
  const done = (what: string): void => {
    report(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}`);
    stopIfAsked(signal);
  };
  for (const image of await systemImageContents(cluster)) await publishImage(cluster, image);
  done('images packed');
  await makePki(cluster);
  for (const node of nodes) writeDisk(cluster, node);
  done('keys and disks made');
  await startFabric(cluster);
  await startWorld(cluster, { signal });
  await Promise.all(nodes.map((node) => startNode(cluster, node)));
  done(`${nodes.map(({ name }) => name).join(', ')} started`);
  const server = firstServer(cluster.plan);
  const log = (node: NodePlan, service: string) => path.join(logsOf(cluster, node.name), `${service}.log`);
  await waitFor('the API server', { atMost: 120, see: log(server, 'kube-apiserver'), signal }, () =>
    succeeds(cluster, ['get', '--raw=/readyz']),
  );
  done('API server ready');
  await waitFor('the service accounts', { atMost: 60, see: log(server, 'kube-controller-manager'), signal }, () =>
    succeeds(cluster, ['get', 'serviceaccount', 'default', '--namespace=kube-system']),
  );
  const environment = loadEnvironment(cluster.plan.name);
  await apply(cluster, systemManifests(cluster.plan, servingCertificate(cluster), environment.clusterDns));
  done('system pods applied');
  await Promise.all(nodes.map((node) => registerNode(cluster, node, log(node, 'kubelet'), signal)));
  done('nodes ready');
  if (environment.clusterDns === 'ours') {
    const { digest } = environment.image('coredns');
    if (digest !== undefined) await aliasDigest(cluster, dnsImage(cluster.plan.name), digest);
    await apply(cluster, committedDns(root, cluster.plan.name));
    done('CoreDNS applied as it is committed');
  }
  for (const node of nodes) {
    await waitFor(`the policies of ${node.name}`, { atMost: 60, see: log(node, 'netpold'), signal }, () =>
      fs.existsSync(onNode(cluster, node.name, netpoldReady)),
    );
  }
  done('policies enforced, as netpold says');
  const rolledOut = async (name: string, kind = 'deployment'): Promise<void> => {
    const rollout = ['rollout', 'status', `${kind}/${name}`, '--namespace=kube-system', '--timeout=2s'];
    await waitFor(`the pods of ${name}`, { atMost: 120, see: log(server, 'kubelet'), signal }, () =>
      succeeds(cluster, rollout),
    );
    done(`${name} ready`);
  };
  await rolledOut('coredns', environment.clusterDns === 'ours' ? 'daemonset' : 'deployment');
  await rolledOut('local-path-provisioner');
  await checkEnforcement(cluster, signal);
  done('one connection let through and one stopped on each node');
  // Its first readings take 15 s, so it comes last.
  await rolledOut('metrics-server');
  await waitFor('the metrics API', { atMost: 60, see: log(server, 'kube-apiserver'), signal }, () =>
    succeeds(cluster, ['get', '--raw=/apis/metrics.k8s.io/v1beta1']),
  );
  done('metrics API answers');
}

async function succeeds(cluster: Cluster, args: readonly string[]): Promise<boolean> {
  return (await tryKubectl(cluster, args, { timeout: 20 })).status === 0;
}

/** Gives a node, once its kubelet has made it, what the kubelet may not say about itself. */
async function registerNode(cluster: Cluster, node: NodePlan, see: string, signal?: AbortSignal): Promise<void> {
  const { name, podCidr } = node;
  await waitFor(`the kubelet of ${name}`, { atMost: 60, see, signal }, () => succeeds(cluster, ['get', 'node', name]));
  const patch = { metadata: { labels: nodeLabels(node) }, spec: { podCIDR: podCidr, podCIDRs: [podCidr] } };
  await kubectl(cluster, ['patch', 'node', name, `--patch=${JSON.stringify(patch)}`]);
  await waitFor(
    `${name} to be ready`,
    { atMost: 90, every: 200, see, signal },
    async () => (await readinessOf(cluster, name)) === 'True',
  );
}

/** Labels of a node beyond the kubelet's own, as K3s sets them. */
export function nodeLabels({ role, serverType }: NodePlan): Readonly<Record<string, string>> {
  return {
    'node.kubernetes.io/instance-type': serverType,
    ...(role === 'server' ? { 'node-role.kubernetes.io/control-plane': 'true' } : {}),
    ...(role === 'agent' ? {} : { 'node-role.kubernetes.io/etcd': 'true' }),
  };
}

function servingCertificate(cluster: Cluster) {
  const read = (file: string) => fs.readFileSync(path.join(pkiFolder(cluster), file)).toString('base64');
  return { authority: read('ca.crt'), certificate: read('metrics-server.crt'), key: read('metrics-server.key') };
}
