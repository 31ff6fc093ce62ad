import { addressIn } from '../constructs/core/cidr.ts';
import { kubernetesApi } from '../constructs/core/endpoint.ts';
import type { AddressPeer, Endpoint } from '../constructs/core/endpoint.ts';
import type { Environment } from '../constructs/core/environment.ts';

/** The Kubernetes API of this environment, where its server nodes listen. */
export function apiServer(environment: Environment): Endpoint {
  return kubernetesApi(serverAddresses(environment));
}

/**
 * The API server as a client, of webhooks for example. From another node its connections come from that node's own
 * address in the pod network, which is the first of the node's /24; from the same node no policy applies.
 */
export function apiServerAsClient({ nodes, networks }: Environment): AddressPeer {
  const [a = '', b = ''] = networks.pods.split('.');
  return {
    name: 'API server',
    cidrs: nodes.map((_, index) => ({ cidr: `${a}.${b}.${index}.0/32` })),
  };
}

/** The kubelet of every node. */
export function kubelets({ nodes }: Environment): Endpoint {
  const peer: AddressPeer = { name: 'kubelets', cidrs: nodes.map(({ address }) => ({ cidr: `${address}/32` })) };
  return { name: 'kubelets', targets: [{ peer, host: nodes[0]?.address ?? '', port: 10250 }] };
}

/** Where pods ask for names: the tenth of the Services' addresses, as K3s tells the kubelets. */
export function dnsAddress({ networks }: Pick<Environment, 'networks'>): string {
  return addressIn(networks.services, 10);
}

function serverAddresses({ nodes }: Environment): string[] {
  return nodes.filter(({ role }) => role === 'server').map(({ address }) => address);
}

/** Where K3s keeps snapshots of etcd, in the bucket of `k3s.snapshots`. */
export const snapshotFolder = 'etcd';
