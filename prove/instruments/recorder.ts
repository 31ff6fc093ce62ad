import { authoritiesPath } from '../../constructs/core/authority-files.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Cluster } from '../cluster/handle.ts';
import { apply, kubectl, podManifest } from '../cluster/kubectl.ts';
import { firstServer } from '../cluster/plan.ts';
import { withCleanUp } from '../machine/clean-up.ts';
import { waitFor } from '../machine/wait-for.ts';
import type { DrillCheck } from '../results/index.ts';

/** One request that a recorder made. */
export interface RecordedRequest {
  readonly at: Date;
  readonly ok: boolean;
  readonly milliseconds: number;
  /** What came back, or why nothing did. */
  readonly text: string;
}

export interface RecorderOptions {
  readonly namespace: string;
  readonly name: string;
  /** Such as `http://backend.shop.svc.cluster.local:3000/`. */
  readonly url: string;
  /** Labels of the pods behind the address. The recorder gets policies that let it ask them, beside the committed ones. */
  readonly target: Readonly<Record<string, string>>;
  readonly port: number;
  /** Pods of other addresses that it asks too. @default none */
  readonly further?: readonly Pick<RecorderOptions, 'target' | 'port'>[];
  /** In milliseconds. @default 100 */
  readonly every?: number;
  /** Where it runs. @default the first node with the API */
  readonly node?: string;
  /** Another client that prints the same lines; it is told neither address nor interval. @default `probe every` */
  readonly client?: RecordingClient;
}

export interface RecordingClient {
  readonly image: string;
  readonly command: readonly string[];
  /** A Secret whose keys it finds as files in /run/secret. @default none */
  readonly secret?: string;
  /** @default none */
  readonly environment?: Readonly<Record<string, string>>;
  /** Certificates that it finds in the folder of pods' authorities, by the names of their files. @default none */
  readonly authorities?: Readonly<Record<string, string>>;
}

/** Answers in a row after which a client counts: it has then most likely asked pods of every node. */
const enough = 20;

/** A client in a pod that asks all the time, each time by a new connection, and writes down what it got. */
export class Recorder {
  private readonly cluster: Cluster;
  private readonly options: RecorderOptions;
  private settled = new Date(0);

  private constructor(cluster: Cluster, options: RecorderOptions) {
    this.cluster = cluster;
    this.options = options;
  }

  /**
   * Starts one, in place of an older one of the name, and waits until it gets answers. What it asked before isn't
   * counted: the enforcers of policies learn of its pod only after it runs, and refuse it until then.
   */
  static async start(cluster: Cluster, options: RecorderOptions): Promise<Recorder> {
    const recorder = new Recorder(cluster, options);
    await recorder.remove();
    const { namespace, name, url, every = 100, node = firstServer(cluster.plan).name } = options;
    const args = ['every', `${every}ms`, url, '2s'];
    const pod = podManifest({ namespace, name, args, labels: labelsOf(name), node });
    const client = options.client === undefined ? [pod] : withClient(pod, options.client, options);
    await apply(cluster, [...policies(options), ...client]);
    recorder.settled = await waitFor(`${enough} answers in a row of ${url}`, { atMost: 60, every: 500 }, async () =>
      // There is no log before its container.
      settledSince(await recorder.requests().catch(() => []), enough),
    ).catch((error: unknown) =>
      // Nobody else knows of it, who could remove it.
      withCleanUp([() => recorder.remove()], () => Promise.reject(error as Error)),
    );
    return recorder;
  }

  /** What it asked since it got its first answers, or since a later moment. @throws ProvingError without its log */
  async requests(since = this.settled): Promise<readonly RecordedRequest[]> {
    const { namespace, name } = this.options;
    const log = await kubectl(this.cluster, ['logs', name, `--namespace=${namespace}`]);
    return log
      .split('\n')
      .flatMap((line) => parseRequest(line) ?? [])
      .filter(({ at }) => at >= since);
  }

  /** Removes it and what it was given. */
  remove(): Promise<void> {
    return removeClient(this.cluster, this.options);
  }
}

/** Removes a client's pod, its policies and its certificates. */
export async function removeClient(
  cluster: Cluster,
  { namespace, name }: Pick<RecorderOptions, 'namespace' | 'name'>,
): Promise<void> {
  const [[label, value]] = Object.entries(labelsOf(name)) as [[string, string]];
  const what = ['pod,networkpolicy,configmap', `--selector=${label}=${value}`];
  await kubectl(cluster, ['delete', ...what, `--namespace=${namespace}`, '--ignore-not-found', '--now']);
}

/** When the last requests began, if they are enough and all of them were answered. */
export function settledSince(requests: readonly RecordedRequest[], enough: number): Date | undefined {
  const last = requests.slice(-enough);
  return last.length === enough && last.every(({ ok }) => ok) ? last[0]?.at : undefined;
}

/** The check that a client was answered all the time; `name` is whom it asked. */
export function noneFailed(name: string, requests: readonly RecordedRequest[]): DrillCheck {
  const failed = requests.filter(({ ok }) => !ok);
  const last = failed.at(-1);
  const failures = last === undefined ? '0' : `${failed.length}, the last: ${last.at.toISOString()} ${last.text}`;
  // A client that asked nothing would have seen no failure either.
  const got = requests.length === 0 ? 'it asked nothing' : failures;
  return { what: `failed requests of the ${name}'s client`, expected: '0', got };
}

/** A line of `probe every`. */
export function parseRequest(line: string): RecordedRequest | undefined {
  const [, at = '', state, milliseconds, text = ''] = /^(\S+Z) (ok|failed) ([\d.]+) ?(.*)$/.exec(line) ?? [];
  if (state === undefined) return undefined;
  return { at: new Date(at), ok: state === 'ok', milliseconds: Number(milliseconds), text };
}

/** The pod with another client in it, behind what that one reads. */
export function withClient(
  pod: Manifest,
  { image, command, secret, environment = {}, authorities }: RecordingClient,
  { namespace, name }: Pick<RecorderOptions, 'namespace' | 'name'>,
): readonly Manifest[] {
  const spec = pod.spec as { readonly containers: readonly { readonly env: readonly object[] }[] };
  const resources = { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '128Mi' } };
  const certificates: Manifest = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace, labels: labelsOf(name) },
    data: authorities,
  };
  const files = [
    ...(secret === undefined ? [] : [{ name: 'secret', at: '/run/secret', from: { secret: { secretName: secret } } }]),
    ...(authorities === undefined ? [] : [{ name: 'authorities', at: authoritiesPath, from: { configMap: { name } } }]),
  ];
  const volumes = files.map(({ name: volume, from }) => ({ name: volume, ...from }));
  const volumeMounts = files.map(({ name: volume, at }) => ({ name: volume, mountPath: at, readOnly: true }));
  const variables = Object.entries(environment).map(([variable, value]) => ({ name: variable, value }));
  const containers = spec.containers.map((container) => ({
    ...container,
    ...{ image, command, args: [], resources, volumeMounts, env: [...container.env, ...variables] },
  }));
  // Neither a lost node nor pods that move to a full one may take the observer away.
  const stays = { priorityClassName: 'critical-data', tolerations: [{ operator: 'Exists', effect: 'NoExecute' }] };
  return [
    ...(authorities === undefined ? [] : [certificates]),
    { ...pod, spec: { ...spec, containers, volumes, ...stays } },
  ];
}

export const labelsOf = (name: string) => ({ 'proving/recorder': name });

/** Policies that let a client with `labelsOf(name)` ask the pods behind its addresses. */
export function policies({
  namespace,
  name,
  target,
  port,
  further = [],
}: Pick<RecorderOptions, 'namespace' | 'name' | 'target' | 'port' | 'further'>): readonly Manifest[] {
  const policy = (suffix: string, spec: unknown): Manifest => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name: `${name}-${suffix}`, namespace, labels: labelsOf(name) },
    spec,
  });
  const own = { podSelector: { matchLabels: labelsOf(name) } };
  const all = [{ target, port }, ...further].map((each) => ({
    others: { podSelector: { matchLabels: each.target } },
    ports: [{ port: each.port, protocol: 'TCP' }],
  }));
  const names = {
    to: [
      {
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'kube-system' } },
        podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
      },
    ],
    ports: [
      { port: 53, protocol: 'UDP' },
      { port: 53, protocol: 'TCP' },
    ],
  };
  const egress = [...all.map(({ others, ports }) => ({ to: [others], ports })), names];
  return [
    policy('asks', { ...own, policyTypes: ['Egress'], egress }),
    ...all.map(({ others, ports }, index) =>
      policy(index === 0 ? 'is-answered' : `is-answered-${index}`, {
        ...others,
        policyTypes: ['Ingress'],
        ingress: [{ from: [own], ports }],
      }),
    ),
  ];
}
