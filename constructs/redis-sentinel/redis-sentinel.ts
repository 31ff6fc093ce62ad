import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import type { ConfigFiles } from '../core/config-files.ts';
import { Dashboard } from '../core/dashboard.ts';
import { serviceHost } from '../core/endpoint.ts';
import type { Endpoint, RedisEndpoint } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { checkOptions } from '../core/option-names.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import type { Workload } from '../core/workload.ts';
import { Archive, Authority, Life, Recoverable } from '../stateful/index.ts';
import { backupJob, restoreTest } from './backup.ts';
import { checkRedis } from './checks.ts';
import { redisDashboard } from './dashboard.ts';
import { exporterOf } from './exporter.ts';
import { configurationOf, members } from './member.ts';
import { redisAlerts } from './monitoring.ts';
import { optionNames, optionParts, resolveOptions } from './options.ts';
import type { RedisOptions } from './options.ts';
import { hostsOf, membersOf, sentinelsOf, serviceNames } from './parts.ts';
import type { Parts } from './parts.ts';
import { ports } from './paths.ts';
import type { RedisSentinelProps } from './props.ts';
import { proxy } from './proxy.ts';
import { recoveryCommands } from './recovery.ts';
import { sentinels } from './sentinels.ts';
import { passwordsOf } from './users.ts';

/** Redis with a replica that takes over by itself, where a majority of Sentinels sees that the primary is gone. */
export class RedisSentinel extends Construct {
  readonly life: Life;
  readonly authority: Authority | false;
  readonly archive: Archive | false;
  readonly members: Workload;
  readonly sentinels: Workload;
  /** The pods of HAProxy; undefined where there are none. */
  readonly proxy: Workload | undefined;
  /** What applications are wired to. */
  readonly endpoint: RedisEndpoint;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: RedisSentinelProps) {
    super(scope, id);
    this.life = new Life(this, props.name ?? id, props.generation);
    const { scope: name } = this.life;
    checkOptions(`RedisSentinel ${this.life.name}`, props, optionNames, optionParts);
    checkRedis(`RedisSentinel ${this.life.name}`, props);
    const options = resolveOptions(props);
    this.authority = props.authority && new Authority(this, 'authority', props.authority);
    const hosts = hostsOf(this.life, options.sentinels);
    const parts: Parts = {
      life: this.life,
      passwords: passwordsOf(this.life),
      certificate: this.authority ? this.authority.sign(`${name}-tls`, hosts) : undefined,
      exporter: props.exporter ? exporterOf(this, props.exporter, name) : undefined,
      sentinels: options.sentinels,
    };
    this.archive = props.backups && new Archive(this.life, options.engine, props.backups);
    const configuration = configurationOf(this, props, options, parts);
    this.members = members(this, props, options, parts, configuration, this.archive);
    this.sentinels = sentinels(this, props, options, parts);
    this.offerAddresses();
    this.connectParts(parts);
    this.backUp(props, options, parts, configuration);
    const through = props.proxy ? this.runProxy(props.proxy, parts) : undefined;
    this.proxy = through?.workload;
    this.endpoint = this.endpointOf(parts, through?.host);
    if (props.exporter) {
      this.offerMetrics('Redis', this.members);
      this.offerMetrics('Sentinels', this.sentinels);
      const { members, sentinels, proxy } = this;
      const workloads = [members.name, sentinels.name, ...(proxy ? [proxy.name] : [])] as const;
      const lines = { namespace: members.namespace, workloads };
      new Dashboard(this, 'dashboard', { ...redisDashboard(name, this.life.namespace), lines });
    }
    const { namespace } = this.life;
    const watched = { exporter: props.exporter !== false, proxy: props.proxy !== false };
    for (const alert of redisAlerts({ ...options, scope: name, namespace, ...watched }))
      new Alert(this, alert.name, alert);
  }

  /** The backups, the test of them, and what `npm run recover` asks for. */
  private backUp(props: RedisSentinelProps, options: RedisOptions, parts: Parts, configuration: ConfigFiles): void {
    const { archive, authority, life, members: workload, sentinels } = this;
    const commands = recoveryCommands(life);
    new Recoverable(this, 'recoverable', { kind: 'redis', life, workload, beside: [sentinels], archive, commands });
    const { backups, image } = props;
    if (!backups || !archive) return;
    const settings = { image, backups, archive, options, parts, authority, members: this.endpointOfMembers() };
    backupJob(this, settings);
    restoreTest(this, settings, props, configuration);
  }

  private offerMetrics(what: string, peer: Workload): void {
    const names = serviceNames(this.life.scope);
    const host = serviceHost(peer === this.members ? names.members : names.sentinels, this.life.namespace);
    const targets = [{ peer, host, port: ports.metrics }];
    new Scrape(this, `scrape-${what}`, {
      endpoint: { name: `${what} of ${this.life.scope}`, path: '/metrics', targets },
    });
  }

  /** One for each pod, which stays when the pod is made anew, and the names that StatefulSets ask for. */
  private offerAddresses(): void {
    const names = serviceNames(this.life.scope);
    const named = { headless: true, publishNotReady: true };
    new Service(this, 'members-names', { name: names.members, pods: this.members, ...named });
    new Service(this, 'sentinels-names', { name: names.sentinels, pods: this.sentinels, ...named });
    Service.perPod(this, this.members, [{ name: 'redis' }]);
    Service.perPod(this, this.sentinels, [{ name: 'sentinel' }]);
  }

  private connectParts(parts: Parts): void {
    const ofMembers = this.endpointOfMembers();
    const ofSentinels = this.endpointOfSentinels(parts.sentinels);
    this.members.observes(ofMembers, 'replicates, and asks the other one who is the primary');
    this.members.observes(ofSentinels, 'asks who is the primary, and hands over');
    this.sentinels.observes(ofMembers, 'watches them, and promotes the replica');
    this.sentinels.observes(ofSentinels, 'agrees with the others');
  }

  private endpointOfMembers(): Endpoint {
    const targets = membersOf(this.life).map((host) => ({ peer: this.members, host, port: ports.redis }));
    return { name: `members of ${this.life.scope}`, targets };
  }

  private endpointOfSentinels(count: number): Endpoint {
    const targets = sentinelsOf(this.life, count).map((host) => ({ peer: this.sentinels, host, port: ports.sentinel }));
    return { name: `Sentinels of ${this.life.scope}`, targets };
  }

  private runProxy(image: Image, parts: Parts) {
    const names = serviceNames(this.life.scope);
    const made = proxy(this, {
      name: names.proxy,
      service: names.primary,
      primaryName: this.life.name,
      image,
      members: membersOf(this.life),
      sentinels: sentinelsOf(this.life, parts.sentinels),
      authority: this.authority,
      probePassword: parts.passwords.own.probe,
    });
    made.workload.observes(this.endpointOfMembers(), 'leads clients to the primary');
    made.workload.observes(this.endpointOfSentinels(parts.sentinels), 'asks who is the primary');
    return made;
  }

  private endpointOf({ passwords, sentinels: count }: Parts, proxyHost: string | undefined): RedisEndpoint {
    const sentinelHosts = sentinelsOf(this.life, count);
    const [first = ''] = membersOf(this.life);
    const { primary } = serviceNames(this.life.scope);
    return {
      name: `Redis ${this.life.name}`,
      sentinels: sentinelHosts.map((host) => ({ host, port: ports.sentinel })),
      primaryName: this.life.name,
      server: proxyHost === undefined ? undefined : { host: proxyHost, port: ports.redis },
      serverName: this.authority ? serviceHost(primary, this.life.namespace) : undefined,
      credentials: { user: 'app', password: passwords.app },
      authority: this.authority || undefined,
      targets: [
        { peer: this.members, host: first, port: ports.redis },
        ...sentinelHosts.map((host) => ({ peer: this.sentinels, host, port: ports.sentinel })),
        ...(this.proxy === undefined || proxyHost === undefined
          ? []
          : [{ peer: this.proxy, host: proxyHost, port: ports.redis }]),
      ],
    };
  }
}
