import path from 'node:path';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { systemImages } from '../images/recipes/system.ts';
import { ProvingError } from '../machine/error.ts';
import { run } from '../machine/run.ts';
import type { Result, RunOptions } from '../machine/run.ts';
import { waitFor } from '../machine/wait-for.ts';
import { binary } from '../tools/cache.ts';
import { adminKubeconfig } from './handle.ts';
import type { Cluster } from './handle.ts';
import { initPid, inNetworkOf } from './nodes.ts';
import { serversOf } from './plan.ts';

/** An API on the loopback interface. */
export interface LoopbackApi {
  /** A file with the credentials of its administrator, in a folder of its own. */
  readonly kubeconfig: string;
}

/** What kubectl asks: a cluster, or a control plane alone. */
export type Api = Cluster | LoopbackApi;

/**
 * Command line of kubectl as administrator. That of a cluster is from inside the network of a server that has power: it
 * reaches that one's API also while the server's cable is cut.
 * @throws ProvingError where all servers are off
 */
export function kubectlCommand(api: Api, args: readonly string[]): readonly string[] {
  if ('kubeconfig' in api) {
    const { kubeconfig } = api;
    const cache = path.join(path.dirname(kubeconfig), 'kubectl');
    return [binary('kubectl'), `--kubeconfig=${kubeconfig}`, `--cache-dir=${cache}`, ...args];
  }
  return clusterCommand(api, args);
}

function clusterCommand(cluster: Cluster, args: readonly string[]): readonly string[] {
  const server = serversOf(cluster.plan).find(({ name }) => initPid(cluster, name) !== undefined);
  if (server === undefined) throw new ProvingError('no node with an API server has power');
  return [
    ...inNetworkOf(cluster, server.name),
    cluster.program('kubectl'),
    `--kubeconfig=${adminKubeconfig(cluster)}`,
    `--server=https://${server.address}:6443`,
    `--cache-dir=${path.join(cluster.folder, 'kubectl')}`,
    ...args,
  ];
}

/** Runs kubectl. Never throws for what kubectl refuses. */
export async function tryKubectl(api: Api, args: readonly string[], options?: RunOptions): Promise<Result> {
  const [program = '', ...rest] = kubectlCommand(api, args);
  return run(program, rest, options);
}

/** Runs kubectl. @returns what it printed. @throws ProvingError where it fails */
export async function kubectl(api: Api, args: readonly string[], options?: RunOptions): Promise<string> {
  const { status, stdout, stderr } = await tryKubectl(api, args, options);
  if (status !== 0) throw new ProvingError(`kubectl ${args.join(' ')}: exit code ${status}\n${stderr.trim()}`);
  return stdout;
}

const serverSide = ['apply', '--server-side', '--force-conflicts', '--filename=-'] as const;

const listOf = (manifests: readonly Manifest[]): string =>
  JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests });

/** Applies objects on the server's side, which lets no unknown field pass. @throws ProvingError */
export async function apply(api: Api, manifests: readonly Manifest[]): Promise<void> {
  await kubectl(api, serverSide, { input: listOf(manifests) });
}

/** The same. Never throws for what the server refuses. */
export function tryApply(api: Api, manifests: readonly Manifest[], ...more: readonly string[]): Promise<Result> {
  return tryKubectl(api, [...serverSide, ...more], { input: listOf(manifests) });
}

/** The object or list that `kubectl get` finds. @throws ProvingError */
export async function getJson<Value>(api: Api, args: readonly string[]): Promise<Value> {
  return JSON.parse(await kubectl(api, ['get', ...args, '--output=json'])) as Value;
}

/** Runs a command in a pod, such as `['probe', 'get', url]` in a pod of `runPod`. */
export function exec(
  cluster: Cluster,
  { namespace, name, container }: { readonly namespace: string; readonly name: string; readonly container?: string },
  command: readonly string[],
  options?: RunOptions,
): Promise<Result> {
  const where = [`--namespace=${namespace}`, name, ...(container === undefined ? [] : [`--container=${container}`])];
  const input = options?.input === undefined ? [] : ['--stdin'];
  return tryKubectl(cluster, ['exec', ...input, ...where, '--', ...command], options);
}

/** What the API says about a node; undefined where it says nothing, such as while no API answers. */
export async function readinessOf(cluster: Cluster, node: string): Promise<'True' | 'False' | 'Unknown' | undefined> {
  const format = '--output=jsonpath={.status.conditions[?(@.type=="Ready")].status}';
  const { status, stdout } = await tryKubectl(cluster, ['get', 'node', node, format, '--request-timeout=5s']);
  const known = (['True', 'False', 'Unknown'] as const).find((each) => each === stdout);
  return status === 0 ? known : undefined;
}

export interface PodOptions {
  readonly namespace: string;
  readonly name: string;
  /** Arguments of `probe`. @default answers HTTP on port 8080 */
  readonly args?: readonly string[];
  /** @default none */
  readonly labels?: Readonly<Record<string, string>>;
  /** Where it must run. @default wherever the scheduler puts it */
  readonly node?: string;
}

/** A pod with the program `probe`, as strict as the platform's own: its line of HTTP names the pod and its node. */
export function podManifest({ namespace, name, args = ['serve', ':8080'], labels = {}, node }: PodOptions): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace, labels },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 1,
      ...(node === undefined ? {} : { nodeSelector: { 'kubernetes.io/hostname': node } }),
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'probe',
          image: systemImages.probe,
          args,
          env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }],
          resources: { requests: { cpu: '10m', memory: '16Mi' }, limits: { memory: '64Mi' } },
          securityContext: {
            allowPrivilegeEscalation: false,
            capabilities: { drop: ['ALL'] },
            readOnlyRootFilesystem: true,
          },
        },
      ],
    },
  };
}

/** Starts a pod and waits until it is ready. @returns its address. @throws ProvingError after 60 s */
export async function runPod(cluster: Cluster, options: PodOptions, signal?: AbortSignal): Promise<string> {
  await apply(cluster, [podManifest(options)]);
  const { namespace, name } = options;
  return waitFor(`pod ${namespace}/${name}`, { atMost: 60, every: 200, signal }, () =>
    readyAddress(cluster, namespace, name),
  );
}

async function readyAddress(cluster: Cluster, namespace: string, name: string): Promise<string | undefined> {
  const format = '{.status.podIP} {.status.conditions[?(@.type=="Ready")].status}';
  const { status, stdout } = await tryKubectl(cluster, [
    ...['get', 'pod', name, `--namespace=${namespace}`, `--output=jsonpath=${format}`],
  ]);
  const [address, ready] = stdout.trim().split(' ');
  return status === 0 && ready === 'True' ? address : undefined;
}
