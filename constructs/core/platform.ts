import { App } from 'cdk8s';
import type { Application } from './application.ts';
import { ApplicationChart } from './application-chart.ts';
import { clusterDns, describePeer, isPodPeer } from './endpoint.ts';
import type { Peer } from './endpoint.ts';
import type { Environment } from './environment.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { nameLookups, networkPolicy } from './network-policy.ts';
import { completes, PodOwner } from './pod-owner.ts';
import { SecretRef } from './secret-ref.ts';
import { UpstreamSource } from './upstream-source.ts';
import { applicationNeeds, waves } from './waves.ts';
import type { Need } from './waves.ts';
import { Workload } from './workload.ts';
import { connectionsOf } from './wire.ts';
import type { Connection, Wire } from './wire.ts';

/** Everything the applications built, and what follows from it. Read by synth, the drills, the docs and the picture. */
export class Platform {
  readonly environment: Environment;
  readonly app: App;
  readonly charts: readonly ApplicationChart[];
  readonly owners: readonly PodOwner[];
  readonly secrets: readonly SecretRef[];
  readonly wires: readonly Wire[];
  /** All that may connect, name lookups included. */
  readonly connections: readonly Connection[];
  /** The applications that each application needs, by name. */
  readonly needs: ReadonlyMap<string, readonly Need[]>;
  /** Sync wave of each application, by name. */
  readonly waves: ReadonlyMap<string, number>;

  /** @throws InputError for duplicate names, cycles, and wires that lead out of the tree */
  constructor(environment: Environment, applications: readonly Application<unknown>[]) {
    this.environment = environment;
    // Where files go is the writer's business: cdk8s never writes any.
    this.app = new App();
    this.charts = build(this.app, environment, applications);
    const all = this.charts.flatMap((chart) => chart.node.findAll());
    this.owners = all.filter((node) => node instanceof PodOwner);
    this.secrets = all.filter((node) => node instanceof SecretRef);
    this.wires = this.owners.flatMap(({ wires }) => wires);
    const admissions = this.owners.flatMap((owner) => owner.admissions);
    this.connections = [...connectionsOf(this.wires, admissions), ...nameLookups(this.wires)];
    this.checkPeers();
    this.checkUnused();
    this.needs = applicationNeeds(this.wires);
    this.waves = waves(this.charts, this.needs);
    const byPeer = connectionsByPeer(this.connections);
    for (const owner of this.owners) {
      const annotations = owner instanceof Workload ? owner.props.annotations : undefined;
      networkPolicy(owner, byPeer.get(owner) ?? [], annotations);
    }
    for (const construct of all.filter(completes)) construct.complete(this.owners);
  }

  upstreamSources(chart: ApplicationChart): UpstreamSource[] {
    return chart.node.findAll().filter((node) => node instanceof UpstreamSource);
  }

  /** A size under a name that nobody asks for is a misspelling, and the default would apply without a word. */
  private checkUnused(): void {
    const findings = this.environment.unused().map((path) => ({
      where: `config/environments/${this.environment.name}.ts: ${path}`,
      what: 'no application asks for it',
      allowed: 'names that apps/ gives to environment.size(...), generation(...) and copy(...)',
      remedy: 'correct the name, or remove it',
    }));
    if (findings.length > 0) throw new InputError(findings);
  }

  /** A policy for pods that nobody makes allows nothing: such a wire is a mistake, not a permission. */
  private checkPeers(): void {
    const owners: ReadonlySet<Peer> = new Set([...this.owners, clusterDns]);
    const inTree = (peer: Peer): boolean => !isPodPeer(peer) || owners.has(peer);
    const findings: Finding[] = this.connections
      .flatMap(({ from, to, reason }) => [from, to].map((peer) => ({ peer, from, to, reason })))
      .filter(({ peer }) => !inTree(peer))
      .map(({ peer, from, to, reason }) => ({
        where: `wire ${describePeer(from)} -> ${describePeer(to)} (${reason})`,
        what: `${describePeer(peer)} is not a workload of this environment`,
        allowed: this.owners.map(describePeer).sort().join(', '),
        remedy: 'add its application to the table in apps/index.ts, or wire to something that is there',
      }));
    if (findings.length > 0) throw new InputError(findings);
  }
}

function build(
  app: App,
  environment: Environment,
  applications: readonly Application<unknown>[],
): readonly ApplicationChart[] {
  const built = new Map<Application<unknown>, unknown>();
  const charts = new Map<string, ApplicationChart>();
  const visit = (application: Application<unknown>, path: readonly string[]): void => {
    if (built.has(application)) return;
    if (!applications.includes(application)) {
      throw new InputError({
        where: `application ${path.at(-1) ?? application.name}`,
        what: `it uses ${application.name}, which is not in the table`,
        allowed: applications.map(({ name }) => name).join(', '),
        remedy: 'add it to the table in apps/index.ts',
      });
    }
    if (charts.has(application.name)) {
      throw new InputError({
        where: `application ${application.name}`,
        what: 'the name is in the table twice',
        allowed: 'each application once: its name is the folder in dist/ and the Argo CD application',
        remedy: 'rename one of them',
      });
    }
    const used = Object.entries(application.uses);
    for (const [, other] of used) visit(other, [...path, application.name]);
    const chart = new ApplicationChart(app, application.name, application.props);
    charts.set(application.name, chart);
    built.set(
      application,
      application.build(chart, environment, Object.fromEntries(used.map(([key, other]) => [key, built.get(other)]))),
    );
  };
  for (const application of applications) visit(application, []);
  return applications.map(({ name }) => charts.get(name)).filter((chart) => chart !== undefined);
}

function connectionsByPeer(connections: readonly Connection[]): Map<Peer, Connection[]> {
  const result = new Map<Peer, Connection[]>();
  for (const connection of connections) {
    for (const peer of new Set([connection.from, connection.to])) {
      const list = result.get(peer);
      if (list === undefined) result.set(peer, [connection]);
      else list.push(connection);
    }
  }
  return result;
}
