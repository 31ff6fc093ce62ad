import type { ContainerProps } from '../../../constructs/core/container.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { dataDirectory, PatroniCluster, socketDirectory } from '../../../constructs/patroni-cluster/index.ts';
import type { DatabaseEndpoints } from '../../../constructs/patroni-cluster/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { exec, getJson, kubectl } from '../../cluster/kubectl.ts';
import { inNode } from '../../cluster/nodes.ts';
import { storeOf } from '../../cluster/plan.ts';
import type { StorePlan } from '../../cluster/plan.ts';
import type { PlatformClone } from '../../delivery/clone.ts';
import { seconds } from '../../instruments/figures.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { podNames } from '../pod-names.ts';

/** What Patroni says of its own member. */
interface PatroniStatus {
  readonly state: string;
  readonly role: string;
  readonly timeline?: number;
  readonly replication_state?: string;
  readonly sync_standby?: boolean;
}

export interface PatroniMember extends PatroniStatus {
  readonly name: string;
}

interface PodObject {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly nodeName?: string };
  readonly status: {
    readonly podIP?: string;
    readonly containerStatuses?: readonly {
      readonly name: string;
      readonly containerID?: string;
      readonly restartCount: number;
    }[];
  };
}

/** The members of a PostgreSQL cluster, as its construct describes it, asked through Patroni and PostgreSQL themselves. */
export class Members {
  readonly cluster: Cluster;
  readonly patroni: PatroniCluster;

  constructor(cluster: Cluster, patroni: PatroniCluster) {
    this.cluster = cluster;
    this.patroni = patroni;
  }

  /** What its objects are called. */
  get scope(): string {
    return this.patroni.life.scope;
  }

  get namespace(): string {
    return this.patroni.life.namespace;
  }

  /** Names of the pods there should be. */
  get names(): readonly string[] {
    return podNames(this.patroni.workload);
  }

  /** Its first database, and how clients reach it. */
  get database(): DatabaseEndpoints & { readonly name: string } {
    const [first] = this.patroni.databases;
    if (first === undefined) throw new ProvingError(`${this.scope} has no database`);
    // Not spread: asking for a pooler that there isn't is refused.
    return Object.assign(Object.create(this.patroni.database(first.name)) as DatabaseEndpoints, { name: first.name });
  }

  /** Where its backups and WAL are, in their bucket. */
  get archive(): { readonly store: StorePlan; readonly folder: string } {
    const { archive, life, version } = this.patroni;
    if (archive === false) throw new ProvingError(`${this.scope} has no archive`);
    return { store: storeOf(this.cluster.plan, archive.bucket.store.name), folder: `${life.folderOf(version)}/` };
  }

  /** A container of its pods. */
  container(name: string): ContainerProps {
    const found = this.patroni.workload.allContainers.find((container) => container.name === name);
    if (found === undefined) throw new ProvingError(`the pods of ${this.scope} have no container ${name}`);
    return found;
  }

  /**
   * What each member says of itself. Never `/cluster`: while it answers that one, Patroni may take a lock that another
   * member holds, see constructs/patroni-cluster/files/agent/patroni_api.py.
   */
  async list(): Promise<readonly PatroniMember[]> {
    const all = await Promise.all(
      this.names.map(async (name) => {
        // A node without power never answers.
        const ask = ['curl', '-s', '-m', '3', `${this.api}/patroni`];
        const { status, stdout } = await this.run(name, ask, 'postgres', 5);
        return status === 0 ? [{ ...(JSON.parse(stdout) as PatroniStatus), name }] : [];
      }),
    );
    return all.flat();
  }

  /** The member that leads and runs; undefined while there is none. */
  async leader(): Promise<string | undefined> {
    const members = await this.list().catch(() => []);
    return members.find(isLeader)?.name;
  }

  /** Waits until a member leads that is not this one. @throws ProvingError after a minute */
  async ledByAnother(name: string, signal: AbortSignal): Promise<void> {
    await waitFor(`a leader in place of ${name}`, { atMost: 60, every: 200, signal }, async () => {
      const now = await this.leader();
      return now !== undefined && now !== name;
    });
  }

  /**
   * Waits until one leads and the other follows it synchronously on the same timeline.
   * @returns seconds it took, and who leads
   */
  async whole(
    signal?: AbortSignal,
    atMost = 180,
  ): Promise<{ readonly seconds: number; readonly leader: string; readonly standby: string }> {
    const start = performance.now();
    let seen = '';
    const found = await waitFor(`${this.scope} to be whole`, { atMost, every: 250, signal }, async () => {
      const members = await this.list().catch(() => []);
      seen = members.map(({ name, role, state, timeline }) => `${name} ${role} ${state} ${timeline}`).join('; ');
      const leader = members.find(isLeader);
      const standby = members.find((each) => each.sync_standby === true && each.replication_state === 'streaming');
      if (leader === undefined || standby === undefined || leader.timeline !== standby.timeline) return undefined;
      return { leader: leader.name, standby: standby.name };
    }).catch((error: unknown) => {
      if (error instanceof Error) error.message += `\n  ${seen || 'no member answers'}`;
      throw error;
    });
    return { seconds: seconds(performance.now() - start), ...found };
  }

  /** Of Patroni, as its own pod reaches it. */
  private get api(): string {
    return `http://127.0.0.1:${this.patroni.workload.port('patroni')}`;
  }

  /** Runs a command in a member's container. */
  run(name: string, command: readonly string[], container = 'postgres', timeout = 60) {
    return exec(this.cluster, { namespace: this.namespace, name, container }, command, { timeout });
  }

  /** Runs SQL as the superuser on a member. @returns what it printed, without alignment. @throws ProvingError */
  async sql(name: string, sql: string, database = 'postgres'): Promise<string> {
    const options = ['-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-h', socketDirectory, '-U', 'postgres'];
    const command = ['psql', ...options, '-d', database, '-c', sql];
    const { status, stdout, stderr } = await this.run(name, command, 'postgres', 180);
    if (status !== 0) throw new ProvingError(`${name}: ${sql}: ${stderr.trim()}`);
    return stdout.trim();
  }

  /** What a parameter is on a member, in its own unit. */
  setting(name: string, parameter: string): Promise<string> {
    return this.sql(name, `select setting from pg_settings where name = '${parameter}'`);
  }

  /** Whether a parameter has another value from a member's next start on. */
  async waitsForRestart(name: string, parameter: string): Promise<boolean> {
    return (await this.sql(name, `select pending_restart from pg_settings where name = '${parameter}'`)) === 't';
  }

  /** Restarts a member's PostgreSQL with Patroni's own client, as the runbooks do. @throws ProvingError */
  async restart(name: string): Promise<void> {
    const command = ['/opt/postgres/start.sh', 'patronictl', 'restart', this.scope, name, '--force'];
    const { status, stdout, stderr } = await this.run(name, command, 'postgres', 120);
    // A refusal is said, and ends well all the same.
    if (status !== 0 || !stdout.includes('Success')) throw new ProvingError(`${name}: ${stdout}${stderr}`.trim());
  }

  /** Runs SQL on whoever leads, in its first database. @throws ProvingError */
  sqlOfClients(sql: string): Promise<string> {
    return this.sqlOnLeader(sql, this.database.name);
  }

  /** Runs SQL on whoever leads. @throws ProvingError */
  async sqlOnLeader(sql: string, database?: string): Promise<string> {
    const leader = await waitFor(`a leader of ${this.scope}`, { atMost: 60 }, () => this.leader());
    return this.sql(leader, sql, database);
  }

  /** Asks a member's Patroni for a change. @returns what it answered. @throws ProvingError */
  async post(name: string, path: string, body: object): Promise<string> {
    const script =
      'printf \'user = "patroni:%s"\\n\' "$(cat "$RESTAPI_PASSWORD_FILE")" |' +
      ` curl -sS -m 60 -K - -X POST -d '${JSON.stringify(body)}' ${this.api}${path}`;
    const { status, stdout, stderr } = await this.run(name, ['bash', '-c', script]);
    if (status !== 0) throw new ProvingError(`${name}: POST ${path}: ${stderr.trim()}`);
    return stdout.trim();
  }

  async pod(name: string): Promise<PodObject> {
    return getJson(this.cluster, ['pod', name, `--namespace=${this.namespace}`]);
  }

  async nodeOf(name: string): Promise<string> {
    const { spec } = await this.pod(name);
    if (spec.nodeName === undefined) throw new ProvingError(`${name} has no node`);
    return spec.nodeName;
  }

  /** Hands the leader's lock to the member on a node, if it isn't there. */
  async leadOn(node: string, signal?: AbortSignal): Promise<{ readonly leader: string; readonly standby: string }> {
    const { leader, standby } = await this.whole(signal);
    if ((await this.nodeOf(leader)) === node) return { leader, standby };
    await this.post(leader, '/switchover', { leader, candidate: standby });
    const after = await this.whole(signal);
    if (after.leader !== standby) throw new ProvingError(`${leader} did not hand over to ${standby}`);
    return after;
  }

  /** Sends a signal to the first process of a member's container, or to all, from its node: nothing is asked or told. */
  async signal(name: string, signalName: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT', all = false): Promise<void> {
    const { spec, status } = await this.pod(name);
    const found = status.containerStatuses?.find((each) => each.name === 'postgres');
    const id = found?.containerID?.replace('containerd://', '');
    if (id === undefined || spec.nodeName === undefined) throw new ProvingError(`${name} has no container`);
    const tasks = ['ctr', '--namespace', 'k8s.io', 'tasks', 'kill', '--signal', signalName];
    await inNode(this.cluster, spec.nodeName, [...tasks, ...(all ? ['--all'] : []), id]);
  }

  /** Kills the postmaster alone: Patroni stays. */
  async killPostmaster(name: string): Promise<void> {
    const { status, stderr } = await this.run(name, [
      'bash',
      '-c',
      `kill -9 "$(head -n 1 ${dataDirectory}/postmaster.pid)"`,
    ]);
    if (status !== 0) throw new ProvingError(`${name}: ${stderr.trim()}`);
  }

  /** Deletes a pod at once, without grace. */
  deleteOutright(name: string): Promise<string> {
    const how = ['--force', '--grace-period=0', '--wait=false'];
    return kubectl(this.cluster, ['delete', 'pod', name, `--namespace=${this.namespace}`, ...how]);
  }
}

function isLeader({ role, state }: PatroniStatus): boolean {
  return role === 'primary' && state === 'running';
}

/** The platform's own cluster, whose backups have no cluster of their own beside it. @throws ProvingError */
export function patroniOf(platform: Platform): PatroniCluster {
  const found = platform.all(PatroniCluster).find((cluster) => cluster.life.owner === cluster);
  if (found === undefined) throw new ProvingError(`${platform.environment.name} has no PostgreSQL`);
  return found;
}

/** The members of the platform's cluster in the life that the clone's configuration gives it now. */
export function membersOf({ cluster, clone }: { readonly cluster: Cluster; readonly clone: PlatformClone }): Members {
  return new Members(cluster, patroniOf(clone.platform()));
}
