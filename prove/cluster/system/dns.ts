import type { Manifest } from '../../../constructs/core/manifest.ts';
import { systemImages } from '../../images/recipes/system.ts';
import { ownFile } from '../own-files.ts';
import type { ClusterPlan } from '../plan.ts';
import { grant, serviceAccount, serviceAccountSubject } from './access.ts';

const labels = { 'k8s-app': 'kube-dns' };

/** CoreDNS as K3s brings it, for an environment that leaves it to K3s; on every node but a witness. */
export function dns({ dnsService, nodes }: ClusterPlan): readonly Manifest[] {
  const metadata = { name: 'coredns', namespace: 'kube-system', labels };
  return [
    serviceAccount('coredns'),
    ...grant(
      'system:coredns',
      [
        { apiGroups: [''], resources: ['endpoints', 'services', 'pods', 'namespaces'], verbs: ['list', 'watch'] },
        { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs: ['list', 'watch'] },
      ],
      serviceAccountSubject('coredns'),
    ),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata,
      data: {
        Corefile: ownFile('Corefile'),
        NodeHosts: nodes.map(({ name, address }) => `${address} ${name}\n`).join(''),
      },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        // One on each node: names are still answered when a node is lost.
        replicas: nodes.filter(({ role }) => role !== 'witness').length,
        selector: { matchLabels: labels },
        // With one on each node there is no room for a pod more.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: 1 } },
        template: { metadata: { labels }, spec: podSpec() },
      },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'kube-dns', namespace: 'kube-system', labels },
      spec: {
        clusterIP: dnsService,
        selector: labels,
        ports: [
          { name: 'dns', port: 53, protocol: 'UDP' },
          { name: 'dns-tcp', port: 53, protocol: 'TCP' },
          { name: 'metrics', port: 9153, protocol: 'TCP' },
        ],
      },
    },
  ];
}

function podSpec(): unknown {
  return {
    serviceAccountName: 'coredns',
    priorityClassName: 'system-cluster-critical',
    dnsPolicy: 'Default',
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: 'kubernetes.io/hostname',
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: labels },
      },
    ],
    containers: [
      {
        name: 'coredns',
        image: systemImages.coredns,
        args: ['-conf', '/etc/coredns/Corefile'],
        ports: [
          { name: 'dns', containerPort: 53, protocol: 'UDP' },
          { name: 'dns-tcp', containerPort: 53, protocol: 'TCP' },
          { name: 'metrics', containerPort: 9153, protocol: 'TCP' },
        ],
        resources: { requests: { cpu: '20m', memory: '32Mi' }, limits: { memory: '170Mi' } },
        readinessProbe: { httpGet: { path: '/ready', port: 8181 }, periodSeconds: 2 },
        livenessProbe: { httpGet: { path: '/health', port: 8080 }, initialDelaySeconds: 20 },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
          readOnlyRootFilesystem: true,
        },
        volumeMounts: [
          { name: 'settings', mountPath: '/etc/coredns', readOnly: true },
          { name: 'custom', mountPath: '/etc/coredns/custom', readOnly: true },
        ],
      },
    ],
    volumes: [
      {
        name: 'settings',
        configMap: { name: 'coredns', items: ['Corefile', 'NodeHosts'].map((file) => ({ key: file, path: file })) },
      },
      // What the platform adds: K3s reads the same.
      { name: 'custom', configMap: { name: 'coredns-custom', optional: true } },
    ],
  };
}
