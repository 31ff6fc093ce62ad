import path from 'node:path';
import { Construct } from 'constructs';
import { applicationOf } from '../core/application-chart.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { anyone, clusterDns, publicEndpoint } from '../core/endpoint.ts';
import type { AddressPeer, Endpoint, PodPeer } from '../core/endpoint.ts';
import { InputError } from '../core/error.ts';
import { ForeignWorkload } from '../core/foreign-workload.ts';
import type { ForeignWorkloadProps } from '../core/foreign-workload.ts';
import { defaultDeny } from '../core/network-policy.ts';
import { asksOutside } from '../core/outside-names.ts';
import type { Completes } from '../core/phase.ts';
import type { PodOwner } from '../core/pod-owner.ts';
import { serviceQuota } from '../core/service-quota.ts';
import { refuseClaimedAddresses } from './claimed-addresses.ts';
import { customDns, mayAskOutside } from './custom-dns.ts';

export interface ClusterSystemProps {
  /** The API that CoreDNS, metrics-server and local-path-provisioner ask. */
  readonly kubernetesApi: Endpoint;
  /** The API server as a client: it asks metrics-server. */
  readonly apiServer: AddressPeer;
  /** Every node's kubelet, which metrics-server asks. */
  readonly kubelets: Endpoint;
  /**
   * Whom the cluster's DNS tells names of the world: pods with a wire that leads there, or all. With `wired`, names that
   * nobody has a wire to are no way out for data, and reverse lookups no list of what runs here.
   * @default wired
   */
  readonly outsideNames?: 'wired' | 'all';
  /**
   * The pods that fetch what the cluster is made of. They may ask outside by their name, whatever labels they have: what
   * they deliver must never be what cuts them off.
   */
  readonly fetcher: PodPeer;
  /**
   * Namespaces that Kubernetes makes and nothing runs in: all traffic is refused there.
   * @default default, kube-node-lease, kube-public
   */
  readonly emptyNamespaces?: readonly string[];
  /**
   * Whether Services that others make may claim addresses (`externalIPs`), in any namespace: each node hands what is sent
   * there to their pods.
   * @default refused
   */
  readonly claimedAddresses?: 'refused' | 'allowed';
}

/**
 * What every K3s cluster brings by itself, in the namespace of its application: whom its pods talk to, and whom its DNS
 * tells names of the world.
 * @see https://docs.k3s.io/networking/networking-services (v1.36)
 */
export class ClusterSystem extends Construct implements Completes {
  private readonly props: ClusterSystemProps;

  constructor(scope: Construct, id: string, props: ClusterSystemProps) {
    super(scope, id);
    this.props = props;
    const { emptyNamespaces = ['default', 'kube-node-lease', 'kube-public'], outsideNames = 'wired' } = props;
    for (const namespace of [applicationOf(this).destination.name, ...emptyNamespaces]) defaultDeny(this, namespace);
    for (const namespace of emptyNamespaces) serviceQuota(this, namespace);
    if (props.claimedAddresses !== 'allowed') refuseClaimedAddresses(this);
    this.dns();
    this.metricsServer();
    this.pods('local-path-provisioner', { app: 'local-path-provisioner' }).needs(
      props.kubernetesApi,
      'makes volumes for claims',
    );
    if (outsideNames === 'wired') {
      new ConfigFiles(this, 'coredns-custom', {
        name: 'coredns-custom',
        data: customDns(path.join(import.meta.dirname, 'files'), props.fetcher),
        // Read by CoreDNS, which looks whether they changed; no pod of ours mounts them.
        reloaded: true,
      });
    }
  }

  /** A pod that the world's names are for has to be one that CoreDNS can tell. @throws InputError naming those it can't */
  complete(owners: readonly PodOwner[]): void {
    if (this.props.outsideNames === 'all') return;
    const foreign = owners.filter((owner) => owner instanceof ForeignWorkload);
    const wrong = foreign.filter((owner) => asksOutside(owner.wires) !== mayAskOutside(owner, this.props.fetcher));
    if (wrong.length === 0) return;
    throw new InputError(
      wrong.map((owner) => ({
        where: `workload ${owner.namespace}/${owner.name}`,
        what: asksOutside(owner.wires)
          ? 'it has a wire to a name outside, and its pods no label by which CoreDNS could tell'
          : 'its pods have the label of those that may ask for names outside, and no wire leads there',
        allowed: 'the label diptych/names: outside on pods with such a wire, and on no others',
        remedy: `change the labels that ${owner.madeBy} gives the pods, and podLabels with them`,
      })),
    );
  }

  private dns(): void {
    const dns = this.pods(clusterDns.name, clusterDns.selector, [
      { name: 'dns', port: 53, protocol: 'UDP' },
      { name: 'dns-tcp', port: 53 },
      { name: 'metrics', port: 9153 },
    ]);
    dns.needs(this.props.kubernetesApi, 'watches what it gives names to');
    for (const protocol of ['UDP', 'TCP'] as const) {
      // Not by the pods that may ask: a new one would be refused until the nodes know its address.
      dns.admits(anyone, 53, 'answers whoever is let out to ask', protocol);
      // K3s' enforcer lets the pods of a policy ask each other what anyone may ask them, whatever their egress.
      dns.admits(dns, 53, 'cannot be kept from itself', protocol);
      dns.needs(publicEndpoint("the nodes' name servers", '185.12.64.1', 53, protocol), 'passes names outside on');
    }
  }

  private metricsServer(): void {
    const { apiServer, kubelets, kubernetesApi } = this.props;
    const server = this.pods('metrics-server', { 'k8s-app': 'metrics-server' }, [{ name: 'https', port: 10250 }]);
    server.needs(kubernetesApi, 'knows nodes and pods, and who asks');
    server.needs(kubelets, 'reads what pods use');
    server.admits(apiServer, 10250, 'passes questions for metrics on');
  }

  private pods(
    name: string,
    podLabels: Readonly<Record<string, string>>,
    ports: ForeignWorkloadProps['ports'] = [],
  ): ForeignWorkload {
    return new ForeignWorkload(this, name, { name, madeBy: 'K3s', podLabels, ports });
  }
}
