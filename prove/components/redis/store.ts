import { backupName, RedisSentinel } from '../../../constructs/redis-sentinel/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { exec, getJson, kubectl, tryKubectl } from '../../cluster/kubectl.ts';
import { inNode } from '../../cluster/nodes.ts';
import { storeOf } from '../../cluster/plan.ts';
import type { StorePlan } from '../../cluster/plan.ts';
import type { PlatformClone } from '../../delivery/clone.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { runCronJob } from '../cron-jobs.ts';
import { podNames } from '../pod-names.ts';

interface Pod {
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly containerStatuses?: readonly { readonly name: string; readonly containerID?: string }[];
  };
}

interface ContainerPlace {
  readonly node: string;
  readonly id: string;
}

/** What a member says of itself. */
export interface MemberView {
  readonly name: string;
  readonly role: 'master' | 'slave';
  /** Whether it is in step with its primary. */
  readonly linked: boolean;
}

/** Primary, replica and Sentinels, as the construct describes them, each asked in its own pod. */
export class RedisStore {
  readonly cluster: Cluster;
  readonly redis: RedisSentinel;

  constructor(cluster: Cluster, redis: RedisSentinel) {
    this.cluster = cluster;
    this.redis = redis;
  }

  get namespace(): string {
    return this.redis.life.namespace;
  }

  get members(): readonly string[] {
    return podNames(this.redis.members);
  }

  get sentinels(): readonly string[] {
    return podNames(this.redis.sentinels);
  }

  /** What its objects are called. */
  get scope(): string {
    return this.redis.life.scope;
  }

  /** Where its backups are, in their bucket. */
  get archive(): { readonly store: StorePlan; readonly folder: string } {
    const { archive } = this.redis;
    if (archive === false) throw new ProvingError(`${this.scope} has no archive`);
    return { store: storeOf(this.cluster.plan, archive.bucket.store.name), folder: `${archive.folder()}/` };
  }

  /** Makes a backup now, by the job that does it each hour. @param id of the job. @returns its log. @throws ProvingError */
  backUp(id: string, signal: AbortSignal, env: Readonly<Record<string, string>> = {}): Promise<string> {
    return runCronJob(this, backupName(this.scope), id, { env, signal });
  }

  /** Runs a command in a pod's first container; a node without power never answers. */
  private async run(pod: string, command: readonly string[], timeout = 8): Promise<string | undefined> {
    const container = pod.includes('-sentinel-') ? 'sentinel' : 'redis';
    const { status, stdout } = await exec(this.cluster, { namespace: this.namespace, name: pod, container }, command, {
      timeout,
    });
    return status === 0 ? stdout : undefined;
  }

  /** Redis' own client in a pod, with all rights there. @returns its lines; undefined where nobody answers */
  async ask(pod: string, ...command: readonly string[]): Promise<readonly string[] | undefined> {
    const printed = await this.run(pod, ['/opt/redis/redis.sh', ...command]);
    return printed?.replaceAll('\r', '').trimEnd().split('\n');
  }

  /** What a member waits for that serves nothing, as it says it itself; undefined where it doesn't wait. */
  waitsFor(pod: string): Promise<string | undefined> {
    return this.run(pod, ['cat', '/run/redis/waiting']);
  }

  async view(name: string): Promise<MemberView | undefined> {
    const info = (await this.ask(name, 'info', 'replication')) ?? [];
    const field = (key: string): string | undefined =>
      info.find((line) => line.startsWith(`${key}:`))?.slice(key.length + 1);
    const role = field('role');
    if (role !== 'master' && role !== 'slave') return undefined;
    const linked = field('master_link_status') === 'up';
    return { name, role, linked };
  }

  async views(): Promise<readonly MemberView[]> {
    return (await Promise.all(this.members.map((name) => this.view(name)))).filter((view) => view !== undefined);
  }

  /** The addresses that the Sentinels which answer call the primary. */
  async named(): Promise<readonly string[]> {
    const name = this.redis.endpoint.primaryName;
    const answers = await Promise.all(
      this.sentinels.map((pod) => this.ask(pod, 'sentinel', 'get-master-addr-by-name', name)),
    );
    return answers.flatMap((lines) => (lines?.[0] === undefined || lines[0] === '' ? [] : [lines[0]]));
  }

  async addressOf(member: string): Promise<string> {
    const { spec } = await getJson<{ readonly spec: { readonly clusterIP: string } }>(this.cluster, [
      ...['service', member, `--namespace=${this.namespace}`],
    ]);
    return spec.clusterIP;
  }

  /**
   * Waits until one is the primary, the other one in step with it, and every Sentinel says so.
   * @returns seconds it took, and who is which
   */
  async whole(
    signal?: AbortSignal,
    atMost = 180,
  ): Promise<{ readonly seconds: number; readonly primary: string; readonly replica: string }> {
    const start = performance.now();
    let seen = '';
    // Each question is a program: the next one is only asked where the one before was answered well.
    const found = await waitFor('Redis to be whole', { atMost, every: 500, signal }, async () => {
      const views = await this.views();
      seen = views.map(({ name, role, linked }) => `${name} ${role} ${linked ? 'linked' : ''}`).join('; ');
      const [primary, ...others] = views.filter(({ role }) => role === 'master');
      const replica = views.find(({ role, linked }) => role === 'slave' && linked);
      if (primary === undefined || others.length > 0 || replica === undefined) return undefined;
      const named = await this.named();
      seen += `; Sentinels: ${named.join(', ')}`;
      const address = await this.addressOf(primary.name);
      if (named.length < this.sentinels.length || named.some((each) => each !== address)) return undefined;
      return (await this.promotable(replica.name)) ? { primary: primary.name, replica: replica.name } : undefined;
    }).catch((error: unknown) => {
      if (error instanceof Error) error.message += `\n  ${seen || 'no member answers'}`;
      throw error;
    });
    return { seconds: seconds(performance.now() - start), ...found };
  }

  /** Whether a majority of the Sentinels would promote that replica. */
  private async promotable(replica: string): Promise<boolean> {
    const address = await this.addressOf(replica);
    const lists = await Promise.all(
      this.sentinels.map((pod) => this.ask(pod, 'sentinel', 'replicas', this.redis.endpoint.primaryName)),
    );
    // They ask the replica only every ten seconds whether it may be.
    const may = (lines: readonly string[]): boolean => lines[lines.indexOf('slave-priority') + 1] !== '0';
    const good = lists.filter((lines) => lines?.includes(address) === true && lines.includes('ok') && may(lines));
    return good.length * 2 > this.sentinels.length;
  }

  async nodeOf(pod: string): Promise<string> {
    const { spec } = await getJson<Pod>(this.cluster, ['pod', pod, `--namespace=${this.namespace}`]);
    if (spec.nodeName === undefined) throw new ProvingError(`${pod} has no node`);
    return spec.nodeName;
  }

  /** Hands over to the member on a node, if that isn't the primary, as a planned stop does. */
  async leadOn(node: string, signal?: AbortSignal): Promise<{ readonly primary: string; readonly replica: string }> {
    const now = await this.whole(signal);
    if ((await this.nodeOf(now.primary)) === node) return now;
    await this.run(now.primary, ['/opt/redis/before-stop.sh'], 40);
    const after = await this.whole(signal);
    if (after.primary !== now.replica) throw new ProvingError(`${now.primary} did not hand over to ${now.replica}`);
    return after;
  }

  /** Kills the server alone; what watches over it in the pod stays. */
  async killServer(pod: string): Promise<void> {
    const script =
      'for each in /proc/[0-9]*; do [ "$(cat "$each/comm" 2>/dev/null)" = redis-server ] && kill -9 "${each#/proc/}"; done; true';
    if ((await this.run(pod, ['bash', '-c', script])) === undefined) throw new ProvingError(`${pod} can't be reached`);
  }

  /** Where a pod's first container is, for what is done from its node. */
  async containerOf(pod: string): Promise<ContainerPlace> {
    const { spec, status } = await getJson<Pod>(this.cluster, ['pod', pod, `--namespace=${this.namespace}`]);
    const wanted = pod.includes('-sentinel-') ? 'sentinel' : 'redis';
    const id = status.containerStatuses?.find(({ name }) => name === wanted)?.containerID?.replace('containerd://', '');
    if (id === undefined || spec.nodeName === undefined) throw new ProvingError(`${pod} has no container`);
    return { node: spec.nodeName, id };
  }

  /** Sends a signal to the first process of a pod's first container, or to all, from its node: nothing is asked or told. */
  async signal(pod: string, signalName: 'SIGSTOP' | 'SIGCONT', all = false): Promise<void> {
    const { node, id } = await this.containerOf(pod);
    await this.onNode(node, ['tasks', 'kill', '--signal', signalName, ...(all ? ['--all'] : []), id]);
  }

  /** Redis' own client in a container, from its node: also while no API answers. */
  askOnNode({ node, id }: ContainerPlace, ...command: readonly string[]): Promise<string> {
    return this.onNode(node, ['tasks', 'exec', '--exec-id', 'drill', id, '/opt/redis/redis.sh', ...command]);
  }

  private onNode(node: string, command: readonly string[]): Promise<string> {
    return inNode(this.cluster, node, ['ctr', '--namespace', 'k8s.io', ...command]);
  }

  /** Deletes pods at once, without grace. */
  async deleteOutright(...pods: readonly string[]): Promise<void> {
    const how = ['--force', '--grace-period=0', '--wait=false', `--namespace=${this.namespace}`];
    await kubectl(this.cluster, ['delete', 'pod', ...pods, ...how]);
  }

  /** Of the drill's keys, the numbers that the primary has. */
  async numbers(signal?: AbortSignal): Promise<ReadonlySet<number>> {
    const keys = await waitFor('the keys of the primary', { atMost: 60, every: 500, signal }, async () => {
      const primary = (await this.views()).find(({ role }) => role === 'master');
      return primary && this.ask(primary.name, '--scan', '--pattern', 'drill:*');
    });
    return new Set(keys.map((key) => Number(key.replace('drill:', ''))));
  }

  /** What a drill has written; fails where nobody is the primary. */
  async clear(): Promise<void> {
    const primary = (await this.views()).find(({ role }) => role === 'master');
    if (primary !== undefined) await this.ask(primary.name, 'flushall');
  }

  async uid(pod: string): Promise<string | undefined> {
    const format = '--output=jsonpath={.metadata.uid}';
    const { status, stdout } = await tryKubectl(this.cluster, [
      'get',
      'pod',
      pod,
      `--namespace=${this.namespace}`,
      format,
    ]);
    return status === 0 && stdout !== '' ? stdout : undefined;
  }
}

/** The platform's own store, in the life that the clone's configuration gives it now. @throws ProvingError without one */
export function redisOf({ cluster, clone }: { readonly cluster: Cluster; readonly clone: PlatformClone }): RedisStore {
  const [redis] = clone.platform().all(RedisSentinel);
  if (redis === undefined) throw new ProvingError(`${clone.environment} has no Redis`);
  return new RedisStore(cluster, redis);
}
