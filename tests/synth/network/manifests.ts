import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { PodGroup } from '../../../synth/network/evaluate.ts';

/** `deployment('shop/backend', ['http:8080', 'UDP:53', '9000'])` makes pods labelled `app: backend`. */
export function deployment(
  path: string,
  ports: readonly string[] = [],
  more: { hostNetwork?: boolean } = {},
): Manifest {
  const [namespace = '', name = ''] = path.split('/');
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace },
    spec: {
      template: {
        metadata: { labels: { app: name } },
        spec: { ...more, containers: [{ name: 'main', ports: ports.map(containerPort) }] },
      },
    },
  };
}

export function containerPort(text: string) {
  const [number = '', prefix] = text.split(':').reverse();
  const protocol = prefix === 'UDP' || prefix === 'SCTP' ? { protocol: prefix } : {};
  const name = prefix !== undefined && !('protocol' in protocol) ? { name: prefix } : {};
  return { containerPort: Number(number), ...protocol, ...name };
}

export function namespace(name: string, labels: Record<string, string> = {}): Manifest {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } };
}

export function policy(path: string, spec: Record<string, unknown>): Manifest {
  const [home = '', name = ''] = path.split('/');
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: home }, spec };
}

export function defaultDeny(home: string): Manifest {
  return policy(`${home}/default-deny`, { podSelector: {}, policyTypes: ['Ingress', 'Egress'] });
}

export function service(path: string, spec: Record<string, unknown>): Manifest {
  const [home = '', name = ''] = path.split('/');
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: home }, spec };
}

export const app = (name: string) => ({ matchLabels: { app: name } });

export const inNamespace = (name: string) => ({ matchLabels: { 'kubernetes.io/metadata.name': name } });

export const coreDns: PodGroup = {
  name: 'kube-system/coredns',
  namespace: 'kube-system',
  labels: { 'k8s-app': 'kube-dns' },
  ports: [
    { name: 'dns', port: 53, protocol: 'UDP' },
    { name: 'dns-tcp', port: 53, protocol: 'TCP' },
    { name: 'metrics', port: 9153, protocol: 'TCP' },
  ],
  hostNetwork: false,
};
