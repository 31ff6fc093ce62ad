import type { Construct } from 'constructs';
import { kubeObject } from './kube-object.ts';
import { KubeResourceQuota, Quantity } from './level1.ts';

/**
 * Refuses Services that open a port of every node, or ask for a load balancer, beyond what constructs declared with a
 * reason: such a port is a way in that no wire declares, and no network policy guards it where the client's address is lost.
 */
export function serviceQuota(scope: Construct, namespace: string, nodePorts = 0): void {
  kubeObject(scope, `service-quota-${namespace}`, KubeResourceQuota, {
    metadata: { name: 'services', namespace },
    spec: {
      hard: {
        'services.loadbalancers': Quantity.fromNumber(0),
        'services.nodeports': Quantity.fromNumber(nodePorts),
      },
    },
  });
}
