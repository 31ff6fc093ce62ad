import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { applicationOf } from '../core/application-chart.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { Dashboard } from '../core/dashboard.ts';
import type { Endpoint, PostgresEndpoint } from '../core/endpoint.ts';
import { selectorLabels } from '../core/labels.ts';
import { Objective } from '../core/objective.ts';
import { checkOptions } from '../core/option-names.ts';
import { Scrape } from '../core/scrape.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import type { Workload } from '../core/workload.ts';
import { Authority, Life, Recoverable } from '../stateful/index.ts';
import { agentConfiguration } from './agent-configuration.ts';
import { alertSettings } from './alert-settings.ts';
import { Archive } from './archive.ts';
import { backupObjective } from './backup-alerts.ts';
import { checkCluster } from './checks.ts';
import { scriptsOf } from './config-files.ts';
import { patroniDashboard } from './dashboard.ts';
import { completeDatabases } from './databases.ts';
import type { CompleteDatabase } from './databases.ts';
import {
  databaseEndpoints,
  onlyDatabaseEndpoints,
  passwordsOf,
  passwordsOfMembers,
  withCredentials,
} from './endpoints.ts';
import type { DatabaseEndpoints, DatabaseEndpointsProps, OpenDatabase } from './endpoints.ts';
import { members, program } from './member.ts';
import { patroniAlerts } from './monitoring.ts';
import { optionNames, optionParts, resolveOptions } from './options.ts';
import type { PatroniOptions } from './options.ts';
import { patroniSettings, patroniYaml } from './patroni-configuration.ts';
import { ports } from './paths.ts';
import { pooler } from './pooler.ts';
import type { PoolerProps } from './pooler.ts';
import type { PatroniClusterProps } from './props.ts';
import { recoveryCommands } from './recovery.ts';
import { restoreTest } from './restore-test.ts';
import { memberHosts, patroniServices, poolerHosts, serviceNames } from './services.ts';

interface Passwords {
  /** Of the roles of databases. */
  readonly roles: Readonly<Record<string, SecretKeyReference>>;
  /** By which members know each other. */
  readonly members: ReturnType<typeof passwordsOfMembers>;
}

/** PostgreSQL with a standby that takes over by itself, an archive of every change, and backups that are tried. */
export class PatroniCluster extends Construct {
  readonly life: Life;
  /** Major version of PostgreSQL. */
  readonly version: number;
  /** Of all generations: one that follows another verifies it. */
  readonly authority: Authority | false;
  readonly databases: readonly CompleteDatabase[];
  readonly archive: Archive | false;
  readonly workload: Workload;
  /** Whoever leads, whatever the database. */
  readonly leader: Endpoint & { readonly host: string; readonly port: number };
  private readonly endpoints: DatabaseEndpointsProps;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: PatroniClusterProps) {
    super(scope, id);
    const before = props.copyOf ?? props.standbyOf;
    this.life = new Life(this, props.name ?? id, props.generation, before?.life);
    const where = `PatroniCluster ${this.life.name}`;
    checkOptions(where, props, optionNames, optionParts);
    checkCluster(where, props, this.life.namespace);
    const options = resolveOptions(props);
    this.version = options.version;
    this.authority = before?.authority ?? (props.authority && new Authority(this, 'authority', props.authority));

    this.databases = completeDatabases(where, props);
    const databases = withCredentials(this.life, this.databases);
    const passwords = { roles: passwordsOf(databases), members: passwordsOfMembers(this.life) };
    this.archive = props.backups && new Archive(this.life, options.version, props.backups);

    const configuration = this.configure(props, options, passwords);
    this.workload = this.run(props, options, passwords, configuration);
    this.beRecoverable();

    const services = patroniServices(this, this.workload, options.consensus);
    const { host } = services.members;
    const leader = services.primary.endpoint('postgres', `primary of ${this.life.scope}`);
    this.leader = { ...leader, authority: this.authority || undefined };
    this.connect(props, host);
    this.endpoints = {
      scope: this.life.scope,
      namespace: this.life.namespace,
      databases,
      authority: this.authority,
      sslMode: options.sslMode,
      members: this.workload,
      pooler: props.pooler ? this.pool(props.pooler, databases, passwords.roles) : undefined,
    };

    this.offerMetrics(props.exporter !== false, host);
    this.testBackups(props, options, configuration);
    const settings = alertSettings(this, props, options);
    for (const alert of patroniAlerts(settings)) new Alert(this, alert.name, alert);
    const { members, pooler: pooled } = this.endpoints;
    const lines = {
      namespace: members.namespace,
      workloads: [members.name, ...(pooled ? [pooled.name] : [])] as const,
    };
    new Dashboard(this, 'dashboard', { ...patroniDashboard(settings), lines });
    if (settings.backups) new Objective(this, 'objective-backup-age', backupObjective(settings, settings.backups));
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

  /** What Patroni and the agent read. */
  private configure(props: PatroniClusterProps, options: PatroniOptions, passwords: Passwords): ConfigFiles {
    const { scope } = this.life;
    const identity = { ...program, instance: scope, partOf: applicationOf(this).application };
    const settings = patroniSettings(this, props, options);
    const agent = { ...options, memberSecrets: passwords.members, passwords: passwords.roles };
    return new ConfigFiles(this, 'configuration', {
      name: `${scope}-configuration`,
      data: {
        'patroni.yml': patroniYaml(settings, selectorLabels(identity)),
        'agent.json': agentConfiguration(settings, agent),
      },
      // By the agent, which tells Patroni.
      reloaded: true,
    });
  }

  /** The members themselves. */
  private run(
    props: PatroniClusterProps,
    options: PatroniOptions,
    passwords: Passwords,
    configuration: ConfigFiles,
  ): Workload {
    const { life, authority } = this;
    return members(this, props, {
      ...options,
      life,
      image: props.image,
      exporterImage: props.exporter === false ? undefined : props.exporter,
      archive: this.archive || undefined,
      memberSecrets: passwords.members,
      rolePasswords: passwords.roles,
      scripts: scriptsOf('members', this, `${life.scope}-scripts`),
      configuration,
      authority: authority || undefined,
      certificate: authority ? authority.sign(`${life.scope}-tls`, memberHosts(life)) : undefined,
    });
  }

  private beRecoverable(): void {
    const { life, workload, archive } = this;
    const commands = recoveryCommands(life, this.databases);
    new Recoverable(this, 'recoverable', { kind: 'pg', life, workload, archive, commands });
  }

  private pool(props: PoolerProps, databases: readonly OpenDatabase[], passwords: Passwords['roles']): Workload {
    const { life, leader } = this;
    const name = `${serviceNames(life.scope).pooler}-tls`;
    const certificate = this.authority ? this.authority.sign(name, poolerHosts(life)) : undefined;
    return pooler(this, { ...props, scope: life.scope, databases, passwords, certificate, primary: leader });
  }

  private connect(props: PatroniClusterProps, host: string): void {
    const target = { peer: this.workload, host };
    const members: Endpoint = {
      name: `members of ${this.life.scope}`,
      targets: [
        { ...target, port: ports.postgres },
        { ...target, port: ports.patroni },
        // Agents ask each other before one makes a backup.
        { ...target, port: ports.agent },
      ],
    };
    this.workload.observes(members, 'replicates and agrees on the leader');
    if (this.archive) this.workload.observes(this.archive.bucket.endpoint, 'archives WAL and backups');
    if (props.standbyOf) this.workload.observes(props.standbyOf.leader, 'follows its primary');
  }

  /** Numbers of Patroni, the agent and the exporter, of all members. */
  private offerMetrics(exporter: boolean, host: string): void {
    const scrape = (what: string, path: string, port: number): void => {
      const endpoint = { name: `${what} of ${this.life.scope}`, path, targets: [{ peer: this.workload, host, port }] };
      new Scrape(this, `scrape-${what}`, { endpoint });
    };
    scrape('Patroni', '/metrics', ports.patroni);
    scrape('agent', '/metrics.txt', ports.agent);
    if (exporter) scrape('PostgreSQL', '/metrics', ports.exporter);
  }

  private testBackups(
    { image, storage }: PatroniClusterProps,
    { backups, storageClass }: PatroniOptions,
    configuration: ConfigFiles,
  ): void {
    const { life, archive } = this;
    if (!archive || !backups || !backups.restoreTestSchedule) return;
    const schedule = backups.restoreTestSchedule;
    restoreTest(this, { life, image, archive, schedule, storage, storageClass, configuration });
  }
}
