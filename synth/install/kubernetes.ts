/**
 * How Kubernetes runs, on the proving ground and on real nodes: K3s takes the same flags as `kube-apiserver-arg` and its
 * siblings. Plain data without paths, so that both can render it.
 */

export type Flags = Readonly<Record<string, string>>;

export const apiServerFlags: Flags = {
  // EventRateLimit: a crash loop that floods the API with events must not take it down.
  // PodNodeSelector: keeps Argo CD on nodes with the API.
  'enable-admission-plugins': 'NodeRestriction,EventRateLimit,PodNodeSelector',
  // A node's loss is seen after 16 s (below); pods that say nothing else leave it 30 s later, not after 5 min.
  'default-not-ready-toleration-seconds': '30',
  'default-unreachable-toleration-seconds': '30',
  // A token that leaks is worth an hour, not a year.
  'service-account-extend-token-expiration': 'false',
  profiling: 'false',
  'audit-log-maxage': '30',
  'audit-log-maxbackup': '10',
  'audit-log-maxsize': '100',
};

export const controllerManagerFlags: Flags = {
  // Four missed heartbeats of 4 s. The default of 50 s is half of what the mission allows for a lost node.
  'node-monitor-grace-period': '16s',
  'node-monitor-period': '2s',
  'use-service-account-credentials': 'true',
  profiling: 'false',
};

export const schedulerFlags: Flags = { profiling: 'false' };

/** Fields of KubeletConfiguration. */
export const kubeletSettings = {
  // Together with node-monitor-grace-period.
  nodeStatusUpdateFrequency: '4s',
  authentication: { anonymous: { enabled: false }, webhook: { enabled: true } },
  authorization: { mode: 'Webhook' },
  readOnlyPort: 0,
  maxPods: 110,
  streamingConnectionIdleTimeout: '5m0s',
  // Before the kernel's own killer, which doesn't know priorities. The budgets of config/ reserve the same.
  evictionHard: {
    'memory.available': '100Mi',
    'nodefs.available': '5%',
    'nodefs.inodesFree': '5%',
    'imagefs.available': '5%',
  },
  containerLogMaxSize: '10Mi',
  containerLogMaxFiles: 5,
} as const;

/** What the kubelet wants of the kernel. It writes them itself, unless it is told to refuse; real nodes set them before. */
export const kernelSettings: Readonly<Record<string, string>> = {
  'kernel/keys/root_maxbytes': '25000000',
  'kernel/keys/root_maxkeys': '1000000',
  'kernel/panic': '10',
  'kernel/panic_on_oops': '1',
  'vm/overcommit_memory': '1',
  'vm/panic_on_oom': '0',
};

/** Namespaces whose pods may be privileged: what belongs to Kubernetes itself. */
const exempt = { usernames: [], runtimeClasses: [], namespaces: ['kube-system'] };

/** AdmissionConfiguration: a namespace without labels is as strict as one that asks for it. */
export const admissionConfiguration = {
  apiVersion: 'apiserver.config.k8s.io/v1',
  kind: 'AdmissionConfiguration',
  plugins: [
    {
      name: 'PodSecurity',
      configuration: {
        apiVersion: 'pod-security.admission.config.k8s.io/v1',
        kind: 'PodSecurityConfiguration',
        defaults: {
          enforce: 'restricted',
          'enforce-version': 'latest',
          audit: 'restricted',
          'audit-version': 'latest',
          warn: 'restricted',
          'warn-version': 'latest',
        },
        exemptions: exempt,
      },
    },
    {
      name: 'EventRateLimit',
      configuration: {
        apiVersion: 'eventratelimit.admission.k8s.io/v1alpha1',
        kind: 'Configuration',
        limits: [{ type: 'Server', qps: 5000, burst: 20_000 }],
      },
    },
  ],
} as const;

/** Who did what, and never a secret's value. What controllers read all day is left out: it would be most of the log. */
export const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    { level: 'None', nonResourceURLs: ['/healthz*', '/livez*', '/readyz*', '/version', '/metrics'] },
    { level: 'None', resources: [{ group: 'coordination.k8s.io', resources: ['leases'] }] },
    { level: 'None', resources: [{ group: '', resources: ['events'] }] },
    {
      level: 'None',
      users: ['system:kube-scheduler', 'system:kube-controller-manager', 'system:kube-proxy', 'system:apiserver'],
      verbs: ['get', 'list', 'watch'],
    },
    { level: 'None', userGroups: ['system:nodes'], verbs: ['get', 'list', 'watch'] },
    {
      level: 'Metadata',
      resources: [
        { group: '', resources: ['secrets', 'configmaps', 'serviceaccounts/token'] },
        { group: 'authentication.k8s.io', resources: ['tokenreviews'] },
      ],
    },
    { level: 'Request', verbs: ['create', 'update', 'patch', 'delete', 'deletecollection'] },
    { level: 'Metadata' },
  ],
} as const;

/** `--key=value`, sorted, so that the same settings give the same command. */
export function flagsOf(flags: Flags): readonly string[] {
  return Object.entries(flags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `--${key}=${value}`);
}
