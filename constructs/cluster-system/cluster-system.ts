import { Construct } from 'constructs';
import { applicationOf } from '../core/application-chart.ts';
import type { AddressPeer, Endpoint } from '../core/endpoint.ts';
import { ForeignWorkload } from '../core/foreign-workload.ts';
import type { ForeignWorkloadProps } from '../core/foreign-workload.ts';
import { defaultDeny } from '../core/network-policy.ts';
import { serviceQuota } from '../core/service-quota.ts';
import { refuseClaimedAddresses } from './claimed-addresses.ts';

export interface ClusterSystemProps {
  /** The API that metrics-server and local-path-provisioner ask. */
  readonly kubernetesApi: Endpoint;
  /** The API server as a client: it asks metrics-server. */
  readonly apiServer: AddressPeer;
  /** Every node's kubelet, which metrics-server asks. */
  readonly kubelets: Endpoint;
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
 * What every K3s cluster brings by itself, in the namespace of its application: whom its pods talk to.
 * @see https://docs.k3s.io/networking/networking-services (v1.36)
 */
export class ClusterSystem extends Construct {
  private readonly props: ClusterSystemProps;

  constructor(scope: Construct, id: string, props: ClusterSystemProps) {
    super(scope, id);
    this.props = props;
    const { emptyNamespaces = ['default', 'kube-node-lease', 'kube-public'] } = props;
    for (const namespace of [applicationOf(this).destination.name, ...emptyNamespaces]) defaultDeny(this, namespace);
    for (const namespace of emptyNamespaces) serviceQuota(this, namespace);
    if (props.claimedAddresses !== 'allowed') refuseClaimedAddresses(this);
    this.metricsServer();
    this.pods('local-path-provisioner', { app: 'local-path-provisioner' }).needs(
      props.kubernetesApi,
      'makes volumes for claims',
    );
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
