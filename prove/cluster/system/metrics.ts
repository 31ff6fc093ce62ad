import type { Manifest } from '../../../constructs/core/manifest.ts';
import { systemImages } from '../../images/recipes/system.ts';
import { bind, grant, serviceAccount, serviceAccountSubject } from './access.ts';

const name = 'metrics-server';
const labels = { 'k8s-app': name };
const metadata = { name, namespace: 'kube-system', labels };
const certificate = 'metrics-server-certificate';

/** What metrics-server shows to the API server, base64. */
export interface Certificate {
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** metrics-server: usage of nodes and pods, without which no autoscaler scales. Both ways are verified by certificate. */
export function metrics(serving: Certificate): readonly Manifest[] {
  const subject = serviceAccountSubject(name);
  return [
    serviceAccount(name),
    ...grant(
      'system:metrics-server',
      [
        { apiGroups: [''], resources: ['nodes/metrics'], verbs: ['get'] },
        { apiGroups: [''], resources: ['pods', 'nodes'], verbs: ['get', 'list', 'watch'] },
      ],
      subject,
    ),
    bind('metrics-server:system:auth-delegator', 'system:auth-delegator', subject),
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: 'metrics-server-auth-reader', namespace: 'kube-system' },
      roleRef: {
        apiGroup: 'rbac.authorization.k8s.io',
        kind: 'Role',
        name: 'extension-apiserver-authentication-reader',
      },
      subjects: [subject],
    },
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: certificate, namespace: 'kube-system' },
      type: 'kubernetes.io/tls',
      data: { 'tls.crt': serving.certificate, 'tls.key': serving.key },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: { replicas: 1, selector: { matchLabels: labels }, template: { metadata: { labels }, spec: podSpec() } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: labels, ports: [{ name: 'https', port: 443, targetPort: 'https', protocol: 'TCP' }] },
    },
    {
      apiVersion: 'apiregistration.k8s.io/v1',
      kind: 'APIService',
      metadata: { name: 'v1beta1.metrics.k8s.io', labels },
      spec: {
        group: 'metrics.k8s.io',
        groupPriorityMinimum: 100,
        version: 'v1beta1',
        versionPriority: 100,
        service: { name, namespace: 'kube-system' },
        caBundle: serving.authority,
      },
    },
  ];
}

function podSpec(): unknown {
  return {
    serviceAccountName: name,
    priorityClassName: 'system-node-critical',
    containers: [
      {
        name,
        image: systemImages.metricsServer,
        args: [
          '--secure-port=10250',
          '--tls-cert-file=/etc/certificate/tls.crt',
          '--tls-private-key-file=/etc/certificate/tls.key',
          '--kubelet-certificate-authority=/etc/authority/ca.crt',
          '--kubelet-preferred-address-types=InternalIP',
          '--kubelet-use-node-status-port',
          '--metric-resolution=15s',
          // Shorter than the resolution, or it ends at once.
          '--kubelet-request-timeout=5s',
        ],
        ports: [{ name: 'https', containerPort: 10250, protocol: 'TCP' }],
        resources: { requests: { cpu: '50m', memory: '70Mi' }, limits: { memory: '200Mi' } },
        readinessProbe: { httpGet: { path: '/readyz', port: 'https', scheme: 'HTTPS' }, periodSeconds: 2 },
        livenessProbe: { httpGet: { path: '/livez', port: 'https', scheme: 'HTTPS' }, initialDelaySeconds: 60 },
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          runAsUser: 1000,
          seccompProfile: { type: 'RuntimeDefault' },
        },
        volumeMounts: [
          { name: 'certificate', mountPath: '/etc/certificate', readOnly: true },
          { name: 'authority', mountPath: '/etc/authority', readOnly: true },
        ],
      },
    ],
    volumes: [
      { name: 'certificate', secret: { secretName: certificate, defaultMode: 0o444 } },
      // Kubernetes puts the cluster's authority into every namespace; it signs the kubelets' certificates too.
      { name: 'authority', configMap: { name: 'kube-root-ca.crt' } },
    ],
  };
}
