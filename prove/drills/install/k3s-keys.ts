/**
 * What K3s' configuration may have, of what its documentation lists: those that install/ writes, and no others.
 * @see https://docs.k3s.io/cli/server, https://docs.k3s.io/cli/agent, https://docs.k3s.io/installation/server-roles
 */
const ofAgents = [
  ...['server', 'token-file', 'node-name', 'node-ip', 'node-label', 'node-taint', 'flannel-iface', 'kubelet-arg'],
  ...['protect-kernel-defaults', 'private-registry'],
];

const ofServers = [
  ...ofAgents,
  ...[
    'agent-token-file',
    'cluster-init',
    'advertise-address',
    'tls-san',
    'cluster-cidr',
    'service-cidr',
    'cluster-dns',
  ],
  ...['flannel-backend', 'disable', 'disable-helm-controller', 'secrets-encryption', 'write-kubeconfig-mode'],
  ...['etcd-disable-snapshots', 'etcd-snapshot-schedule-cron', 'etcd-snapshot-retention', 'etcd-snapshot-compress'],
  ...['etcd-s3', 'etcd-s3-config-secret'],
  ...['kube-apiserver-arg', 'kube-controller-manager-arg', 'kube-scheduler-arg'],
  ...['disable-apiserver', 'disable-controller-manager', 'disable-scheduler'],
];

/** Keys of a configuration that K3s' documentation doesn't have. */
export function strangeKeys(configuration: Readonly<Record<string, unknown>>, role: string): readonly string[] {
  const known = role === 'agent' ? ofAgents : ofServers;
  return Object.keys(configuration).filter((key) => !known.includes(key));
}
