import { Construct } from 'constructs';
import { Alert } from '../core/alert.ts';
import { Dashboard } from '../core/dashboard.ts';
import { serviceHost } from '../core/endpoint.ts';
import type { DirectoryEndpoint, Endpoint } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import { Objective } from '../core/objective.ts';
import { checkOptions } from '../core/option-names.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import type { Workload } from '../core/workload.ts';
import { Archive, Authority, Life, Recoverable } from '../stateful/index.ts';
import { backupJob, restoreTest } from './backup.ts';
import { checkDirectory } from './checks.ts';
import { directoryDashboard } from './dashboard.ts';
import { directoryAlerts, signInObjectives } from './monitoring.ts';
import { optionNames, optionParts, resolveOptions } from './options.ts';
import type { DirectoryOptions } from './options.ts';
import { ports } from './paths.ts';
import type { SambaDCProps } from './props.ts';
import { recoveryCommands } from './recovery.ts';
import { configurationOf, server } from './server.ts';

/** An Active Directory for signing in: LDAPS, Kerberos and the names of its realm, by one server without any privilege. */
export class SambaDC extends Construct {
  readonly life: Life;
  readonly authority: Authority;
  readonly archive: Archive | false;
  readonly workload: Workload;
  /** Its name server, which answers for the realm's names. */
  readonly names: { readonly zone: string; readonly address: string; readonly endpoint: Endpoint };
  private readonly service: Service;
  private readonly options: DirectoryOptions;

  /** @throws InputError with everything that is wrong */
  constructor(scope: Construct, id: string, props: SambaDCProps) {
    super(scope, id);
    this.life = new Life(this, props.name ?? id, props.generation);
    const { name, namespace, scope: lifeName } = this.life;
    checkOptions(`SambaDC ${name}`, props, optionNames, optionParts);
    checkDirectory(`SambaDC ${name}`, props);
    this.options = resolveOptions(props);
    const { address, realm, server: serverName, zone } = this.options;
    this.authority = new Authority(this, 'authority', props.authority);
    // Clients outside of Kubernetes know it by the names of its realm.
    const hosts = [serviceHost(name, namespace), `${serverName.toLowerCase()}.${zone}`, zone];
    const certificate = this.authority.sign(`${lifeName}-tls`, hosts);
    this.archive = props.backups && new Archive(this.life, 'ad', props.backups);
    const configuration = configurationOf(this, this.life, this.options);
    const { archive, life, options } = this;
    this.workload = server(this, props, { life, options, certificate, configuration, archive });
    new Service(this, 'pods', { name: `${lifeName}-pods`, pods: this.workload, headless: true, publishNotReady: true });
    const offered = ['dns', 'dns-udp', 'kerberos', 'kerberos-udp', 'ldaps'].map((port) => ({ name: port }));
    // Its name and its address are what clients know: they lead to the life before until this one is there.
    const afterPods = life.generation > 1;
    this.service = new Service(this, 'service', { name, pods: this.workload, ports: offered, address, afterPods });
    this.names = { zone, address, endpoint: this.to(`names of ${realm}`, ['dns', 'dns-udp']) };
    const commands = recoveryCommands(life);
    new Recoverable(this, 'recoverable', { kind: 'ad', life, workload: this.workload, archive, commands });
    if (props.backups && archive) {
      const settings = { props, backups: props.backups, archive, life, options, configuration };
      backupJob(this, this.workload, settings);
      restoreTest(this, settings);
    }
    const targets = [{ peer: this.workload, host: this.service.host, port: ports.metrics }];
    new Scrape(this, 'scrape', { endpoint: { name: `directory ${lifeName}`, path: '/metrics', targets } });
    for (const alert of directoryAlerts(this.life)) new Alert(this, alert.name, alert);
    new Dashboard(this, 'dashboard', {
      ...directoryDashboard(this.life),
      lines: { namespace: this.workload.namespace, workloads: [this.workload.name] },
    });
    for (const each of signInObjectives(this.life)) new Objective(this, `objective-${each.name}`, each);
  }

  /**
   * What an application is wired to that signs people in.
   * @param account of the service accounts: whom it searches as, and whose tickets it takes
   * @throws InputError naming the accounts there are
   */
  directory(account: string): DirectoryEndpoint {
    const { serviceAccounts, realm, zone, baseDn } = this.options;
    const found = serviceAccounts.find(({ name }) => name === account);
    if (found === undefined) {
      throw new InputError({
        where: `SambaDC ${this.life.name}`,
        what: `it has no service account "${account}"`,
        allowed: serviceAccounts.map(({ name }) => name).join(', ') || 'none: serviceAccounts names none',
        remedy: 'name one of these, or add it to serviceAccounts',
      });
    }
    const { name, password, principals = [] } = found;
    return {
      ...this.to('Active Directory', ['ldaps', 'kerberos', 'kerberos-udp']),
      authority: this.authority,
      url: `ldaps://${this.service.host}:${ports.ldaps}`,
      realm,
      baseDn,
      credentials: { user: `${name}@${zone}`, password },
      kdc: { host: this.service.host, port: ports.kerberos },
      keytab: principals.length > 0 ? { principals, salt: realm + name, password } : undefined,
    };
  }

  private to(what: string, names: readonly string[]): Endpoint {
    return { name: what, targets: names.flatMap((name) => this.service.endpoint(name, what).targets) };
  }
}
