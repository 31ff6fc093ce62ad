import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { applicationOf } from '../core/application-chart.ts';
import { ConfigFiles } from '../core/config-files.ts';
import type { Endpoint, PostgresEndpoint } from '../core/endpoint.ts';
import { selectorLabels } from '../core/labels.ts';
import { persistentVolumeClaim } from '../core/pod-volume.ts';
import { Scrape } from '../core/scrape.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Workload } from '../core/workload.ts';
import { Authority } from '../stateful/index.ts';
import { agentConfiguration } from './agent-configuration.ts';
import { Archive } from './archive.ts';
import { checkCluster } from './checks.ts';
import { scriptsOf } from './config-files.ts';
import { completeDatabases } from './databases.ts';
import type { CompleteDatabase } from './databases.ts';
import { patroniClusterDefaults } from './defaults.ts';
import {
  databaseEndpoints,
  onlyDatabaseEndpoints,
  passwordsOf,
  passwordsOfMembers,
  withCredentials,
} from './endpoints.ts';
import type { DatabaseEndpoints, DatabaseEndpointsProps } from './endpoints.ts';
import { claimName, memberContainers, memberVolumes } from './member.ts';
import { patroniAlerts } from './monitoring.ts';
import type { ScheduledJob } from './monitoring.ts';
import { offsiteCopy } from './offsite.ts';
import { postgresqlParameters } from './parameters.ts';
import { patroniYaml } from './patroni-configuration.ts';
import type { PatroniSettings } from './patroni-configuration.ts';
import { ports, postgresGroup, postgresUser } from './paths.ts';
import { pooler } from './pooler.ts';
import type { PoolerProps } from './pooler.ts';
import type { PatroniClusterProps } from './props.ts';
import { restoreTest } from './restore-test.ts';
import { memberHosts, patroniServices, poolerHosts, roleLabel, serviceNames } from './services.ts';

const because =
  'Estimate until a load test says better: half a core carries its usual load; 2Gi are 512Mi of shared buffers, the ' +
  'page cache and what 100 connections sort in.';

/** PostgreSQL with a standby that takes over by itself, an archive of every change, and backups that are tried. */
export class PatroniCluster extends Construct {
  readonly workload: Workload;
  /** The same in every generation. */
  readonly name: string;
  readonly generation: number;
  /** Major version of PostgreSQL. */
  readonly version: number;
  /** Of all generations: one that follows another verifies it. */
  readonly authority: Authority | false;
  /** Whether it has the job that copies the backups of all generations to another provider. */
  readonly copiesElsewhere: boolean;
  readonly scope: string;
  readonly namespace: string;
  readonly databases: readonly CompleteDatabase[];
  readonly archive: Archive | false;
  /** Whoever leads, whatever the database. */
  private readonly leader: Endpoint & { readonly host: string; readonly port: number };
  private readonly endpoints: DatabaseEndpointsProps;
  /** The first of the generations that stand beside each other. */
  private readonly secretsOwner: Construct;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: PatroniClusterProps) {
    super(scope, id);
    const before = props.copyOf ?? props.standbyOf;
    const name = before?.name ?? props.name ?? id;
    const where = `PatroniCluster ${name}`;
    const namespace = applicationOf(this).destination.name;
    checkCluster(where, props, namespace);
    const databases = completeDatabases(where, props.databases);
    const { number: generation, recovery } = props.generation ?? { number: 1 };
    this.name = name;
    this.generation = generation;
    this.databases = databases;
    this.scope = scopeOf(name, generation);
    this.namespace = namespace;
    const resolved = resolve(props);
    this.version = resolved.version;
    this.authority = before?.authority ?? (props.authority && new Authority(this, 'authority', props.authority));
    const folder = `${name}/${resolved.version}`;
    const secretsOwner = before?.secretsOwner ?? this;
    this.secretsOwner = secretsOwner;
    const ownBackups = props.standbyOf === undefined && props.backups;
    this.copiesElsewhere = ownBackups !== false && ownBackups.offsite !== false;
    const open = withCredentials(secretsOwner, name, databases);
    const archive = props.backups && new Archive(secretsOwner, name, folder, generation, props.backups);
    this.archive = archive;
    const settings: PatroniSettings = {
      scope: this.scope,
      namespace: this.namespace,
      databases,
      archive: archive !== false,
      recovery: recovery && archive ? { ...recovery, prefix: archive.prefix(recovery.from) } : undefined,
      standbyOf: props.standbyOf && {
        ...props.standbyOf.leader,
        prefix: (archive && props.standbyOf.archive && archive.prefix(props.standbyOf.generation)) || undefined,
      },
      authority: this.authority,
      ...resolved,
    };
    const passwords = passwordsOf(open);
    const memberSecrets = passwordsOfMembers(secretsOwner, name);
    const identity = {
      name: 'patroni',
      instance: this.scope,
      component: 'database',
      partOf: applicationOf(this).application,
    };
    const configuration = new ConfigFiles(this, 'configuration', {
      name: `${this.scope}-configuration`,
      data: {
        'patroni.yml': patroniYaml(settings, selectorLabels(identity)),
        'agent.json': agentConfiguration(settings, { backups: ownBackups, memberSecrets, passwords }),
      },
      // By the agent, which tells Patroni.
      reloaded: true,
    });
    const member = {
      image: props.image,
      exporterImage: props.exporter === false ? undefined : props.exporter,
      ...resolved,
      archive: archive === false ? undefined : archive,
      memberSecrets,
      rolePasswords: passwords,
      scripts: scriptsOf('members', this, `${this.scope}-scripts`),
      configuration,
      authority: this.authority || undefined,
      certificate: this.authority ? this.authority.sign(`${this.scope}-tls`, memberHosts(this)) : undefined,
    };
    this.workload = new Workload(this, 'members', {
      name: this.scope,
      program: identity.name,
      component: identity.component,
      controller: {
        kind: 'StatefulSet',
        replicas: resolved.members,
        serviceName: serviceNames(this.scope).members,
        // The leader may be any of them: one that waits for it must not keep it from starting.
        ordered: false,
        volumeClaims: [persistentVolumeClaim(claimName, props.storage, resolved.storageClass)],
      },
      containers: memberContainers(member),
      volumes: memberVolumes(member),
      priority: 'critical-data',
      spread: 'strict',
      api: {
        endpoint: props.kubernetesApi,
        reason: 'holds the lock of the leader',
        rules: patroniRules(resolved.consensus),
      },
      runtimeLabels: [roleLabel],
      dataFormat: {
        program: 'PostgreSQL',
        major: resolved.version,
        recoveredFrom: recovery && scopeOf(name, recovery.from),
        runbook: 'postgres-major-upgrade',
      },
      user: postgresUser,
      group: postgresGroup,
      // On SIGTERM Patroni writes a checkpoint, sends the last WAL to the standby and hands the lock over by itself. A
      // preStop hook that asks for a switchover only takes time from a pod that is killed soon: 22 s in place of 5.
      terminationGracePeriodSeconds: 180,
      // Its data is on its node: there is nowhere to go.
      leaveLostNodeAfterSeconds: false,
    });
    this.workload.object.addJsonPatch(...(props.patches ?? []));
    const services = patroniServices(this, this.workload, resolved.consensus);
    const { host } = services.members;
    this.leader = {
      ...services.primary.endpoint('postgres', `primary of ${this.scope}`),
      authority: this.authority || undefined,
    };
    this.connect(props, archive, host);
    this.endpoints = {
      scope: this.scope,
      namespace,
      databases: open,
      authority: this.authority,
      sslMode: props.sslMode ?? patroniClusterDefaults.sslMode,
      members: this.workload,
      pooler: props.pooler ? this.pool(props.pooler, passwords) : undefined,
    };
    this.offerMetrics(props.exporter !== false, host);

    let restoreTestJob: ScheduledJob | undefined;
    let offsiteJob: ScheduledJob | undefined;
    if (archive && ownBackups) {
      const { restoreTestSchedule: schedule, offsite } = ownBackups;
      const { image, storage } = props;
      const { storageClass } = resolved;
      if (schedule !== false) {
        restoreTestJob = { name: `${this.scope}-restore-test`, schedule };
        restoreTest(this, { ...restoreTestJob, image, archive, storage, storageClass, configuration });
      }
      if (offsite) {
        offsiteJob = { name: `${name}-offsite`, schedule: offsite.schedule };
        offsiteCopy(this, offsiteJob.name, name, archive, offsite);
      }
    }
    const alerts = patroniAlerts({
      scope: this.scope,
      namespace: this.namespace,
      members: resolved.members,
      synchronous: resolved.synchronous !== 'off' && resolved.members > 1,
      exporter: props.exporter !== false,
      backups: ownBackups ? ownBackups.schedule : undefined,
      restoreTest: restoreTestJob,
      offsiteCopy: offsiteJob,
      pooler: this.endpoints.pooler?.name,
    });
    for (const alert of alerts) new Alert(this, alert.name, alert);
  }

  /** The only database's primary. @throws InputError where there are several */
  get primary(): PostgresEndpoint {
    return onlyDatabaseEndpoints(this.endpoints).primary;
  }

  /** The only database's replicas, for reading what may be a moment old. @throws InputError where there are several */
  get replicas(): PostgresEndpoint {
    return onlyDatabaseEndpoints(this.endpoints).replicas;
  }

  /** The only database's primary through PgBouncer. @throws InputError where there are several, or no pooler */
  get pooled(): PostgresEndpoint {
    return onlyDatabaseEndpoints(this.endpoints).pooled;
  }

  /** How to reach a database. @throws InputError naming the databases there are */
  database(name: string): DatabaseEndpoints {
    return databaseEndpoints(this.endpoints, name);
  }

  private pool(props: PoolerProps, passwords: Readonly<Record<string, SecretKeyReference>>): Workload {
    const { scope, databases, leader } = this;
    const name = `${serviceNames(scope).pooler}-tls`;
    const certificate = this.authority ? this.authority.sign(name, poolerHosts(this)) : undefined;
    return pooler(this, { ...props, scope, databases, passwords, certificate, primary: leader });
  }

  private connect(props: PatroniClusterProps, archive: Archive | false, host: string): void {
    const target = { peer: this.workload, host };
    const members: Endpoint = {
      name: `members of ${this.scope}`,
      targets: [
        { ...target, port: ports.postgres },
        { ...target, port: ports.patroni },
        // Agents ask each other before one makes a backup.
        { ...target, port: ports.agent },
      ],
    };
    this.workload.observes(members, 'replicates and agrees on the leader');
    if (archive) this.workload.observes(archive.endpoint, 'archives WAL and backups');
    if (props.standbyOf) this.workload.observes(props.standbyOf.leader, 'follows its primary');
  }

  /** Numbers of Patroni, the agent and the exporter, of all members. */
  private offerMetrics(exporter: boolean, host: string): void {
    const scrape = (what: string, path: string, port: number): void => {
      const endpoint = { name: `${what} of ${this.scope}`, path, targets: [{ peer: this.workload, host, port }] };
      new Scrape(this, `scrape-${what}`, { endpoint });
    };
    scrape('Patroni', '/metrics', ports.patroni);
    scrape('agent', '/metrics.txt', ports.agent);
    if (exporter) scrape('PostgreSQL', '/metrics', ports.exporter);
  }
}

/**
 * What Patroni asks of the Kubernetes API, as measured over bootstrap and failovers, and nothing more. Its Endpoints or
 * ConfigMaps don't exist before it makes them, so `create` can't be bound to names.
 */
function patroniRules(consensus: 'endpoints' | 'configmaps') {
  return [
    { apiGroups: [''], resources: [consensus], verbs: ['create', 'get', 'list', 'patch', 'watch'] },
    // Its own role is a label of its pod.
    { apiGroups: [''], resources: ['pods'], verbs: ['get', 'list', 'patch', 'watch'] },
  ];
}

function scopeOf(name: string, generation: number): string {
  return generation === 1 ? name : `${name}-${generation}`;
}

function resolve(props: PatroniClusterProps) {
  const { size, storage } = props;
  const memory = size?.memory ?? patroniClusterDefaults.size.memory;
  return {
    memory,
    cpuRequest: size?.cpuRequest ?? patroniClusterDefaults.size.cpuRequest,
    because:
      size?.cpuRequest === undefined && size?.memory === undefined
        ? because
        : 'Set for this environment in config/environments/.',
    version: props.version ?? patroniClusterDefaults.version,
    members: props.members ?? patroniClusterDefaults.members,
    synchronous: props.synchronous ?? patroniClusterDefaults.synchronous,
    consensus: props.consensus ?? patroniClusterDefaults.consensus,
    storageClass: props.storageClass ?? patroniClusterDefaults.storageClass,
    parameters: { ...postgresqlParameters(memory, storage, props.authority !== false), ...props.parameters },
  };
}
