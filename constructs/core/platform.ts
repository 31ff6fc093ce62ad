import { App } from 'cdk8s';
import type { IConstruct } from 'constructs';
import { Alert } from './alert.ts';
import type { Application } from './application.ts';
import type { ApplicationChart } from './application-chart.ts';
import { buildApplications } from './build.ts';
import { Dashboard } from './dashboard.ts';
import { clusterDns, describePeer, isPodPeer } from './endpoint.ts';
import type { Anyone, Peer } from './endpoint.ts';
import type { Environment } from './environment.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { LogAlert } from './log-alert.ts';
import { nameLookups, networkPolicy } from './network-policy.ts';
import { asksOutside, outsideNames } from './outside-names.ts';
import { Objective } from './objective.ts';
import { collects, completes, enterPhase, refuseLateCollectors } from './phase.ts';
import type { Found } from './phase.ts';
import { PodOwner } from './pod-owner.ts';
import { Scrape } from './scrape.ts';
import { SecretRef } from './secret-ref.ts';
import { UpstreamSource } from './upstream-source.ts';
import { applicationNeeds, waves } from './waves.ts';
import type { Need } from './waves.ts';
import { Workload } from './workload.ts';
import { connectionsOf } from './wire.ts';
import type { Connection, Wire } from './wire.ts';

/** Everything the applications built, and what follows from it. Read by synth, the drills, the docs and the picture. */
export class Platform implements Found {
  readonly environment: Environment;
  readonly app: App;
  readonly charts: readonly ApplicationChart[];
  readonly owners: readonly PodOwner[];
  readonly alerts: readonly Alert[];
  readonly logAlerts: readonly LogAlert[];
  readonly objectives: readonly Objective[];
  readonly dashboards: readonly Dashboard[];
  readonly scrapes: readonly Scrape[];
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
    this.charts = buildApplications(this.app, environment, applications);
    const built = this.nodes();
    this.owners = built.filter((node) => node instanceof PodOwner);
    this.alerts = built.filter((node) => node instanceof Alert);
    this.logAlerts = built.filter((node) => node instanceof LogAlert);
    this.objectives = built.filter((node) => node instanceof Objective);
    this.dashboards = built.filter((node) => node instanceof Dashboard);
    this.scrapes = built.filter((node) => node instanceof Scrape);

    enterPhase(this.app, 'collect');
    const collectors = built.filter(collects);
    for (const construct of collectors) construct.collect(this);
    refuseLateCollectors(this.nodes().filter(collects), collectors);

    enterPhase(this.app, 'frozen');
    this.secrets = this.nodes().filter((node) => node instanceof SecretRef);
    this.wires = this.owners.flatMap(({ wires }) => wires);
    const admissions = this.owners.flatMap((owner) => owner.admissions);
    this.connections = [...connectionsOf(this.wires, admissions), ...nameLookups(this.wires)];
    this.checkPeers();
    this.needs = applicationNeeds(this.wires);
    this.waves = waves(this.charts, this.needs);
    this.writePolicies();
    for (const owner of this.owners) {
      if (owner instanceof Workload && asksOutside(owner.wires)) owner.labelPods(outsideNames.key, outsideNames.value);
    }
    for (const construct of this.nodes().filter(completes)) construct.complete(this.owners);
  }

  /** Every construct of a class, such as what a command works with. */
  all<C extends IConstruct>(kind: abstract new (...args: never) => C): C[] {
    return this.nodes().filter((node): node is C => node instanceof kind);
  }

  upstreamSources(chart: ApplicationChart): UpstreamSource[] {
    return chart.node.findAll().filter((node) => node instanceof UpstreamSource);
  }

  private nodes(): IConstruct[] {
    return this.charts.flatMap((chart) => chart.node.findAll());
  }

  private writePolicies(): void {
    const byPeer = connectionsByPeer(this.connections);
    for (const owner of this.owners) {
      const annotations = owner instanceof Workload ? owner.props.annotations : undefined;
      networkPolicy(owner, byPeer.get(owner) ?? [], annotations);
    }
  }

  /** A policy for pods that nobody makes allows nothing: such a wire is a mistake, not a permission. */
  private checkPeers(): void {
    const owners: ReadonlySet<Peer> = new Set([...this.owners, clusterDns]);
    const inTree = (peer: Peer | Anyone): boolean => !isPodPeer(peer) || owners.has(peer);
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

function connectionsByPeer(connections: readonly Connection[]): Map<Peer | Anyone, Connection[]> {
  const result = new Map<Peer | Anyone, Connection[]>();
  for (const connection of connections) {
    for (const peer of new Set([connection.from, connection.to])) {
      const list = result.get(peer);
      if (list === undefined) result.set(peer, [connection]);
      else list.push(connection);
    }
  }
  return result;
}
