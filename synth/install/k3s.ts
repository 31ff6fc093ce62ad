import { witnessTaintText } from '../../constructs/core/witness.ts';
import {
  apiServerFlags,
  controllerManagerFlags,
  kernelSettings,
  kubeletSettings,
  schedulerFlags,
} from './kubernetes.ts';
import type { Flags } from './kubernetes.ts';
import { firstServer } from './plan.ts';
import type { InstallPlan, NodePlan } from './plan.ts';

/** Where K3s finds what its API server reads. */
export const k3sFiles = {
  admission: '/etc/rancher/k3s/admission.yaml',
  audit: '/etc/rancher/k3s/audit.yaml',
  auditLog: '/var/lib/rancher/k3s/server/logs/audit.log',
  token: '/etc/rancher/k3s/token',
  agentToken: '/etc/rancher/k3s/agent-token',
} as const;

/** The Secret in kube-system that the bucket of the snapshots stands in. */
export const snapshotSecret = 'k3s-etcd-snapshot-s3-config';

/** Memory that eviction keeps free, of what `reserved` of the configuration takes. */
const evictionMebibytes = Number.parseInt(kubeletSettings.evictionHard['memory.available'], 10);

const argumentsOf = (flags: Flags): string[] =>
  Object.entries(flags)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => `${key}=${value}`);

/**
 * config.yaml of a node, without what joins it to the others: install/stages/40-k3s-server.sh decides that on the machine.
 * @see https://docs.k3s.io/cli/server, https://docs.k3s.io/cli/agent (v1.36)
 */
export function k3sConfiguration(plan: InstallPlan, node: NodePlan): Readonly<Record<string, unknown>> {
  const kubelet = {
    'node-name': node.name,
    'node-ip': node.address,
    'flannel-iface': 'wg0',
    'protect-kernel-defaults': true,
    'node-label': [`node.kubernetes.io/instance-type=${node.serverType}`],
    'kubelet-arg': argumentsOf(kubeletFlags(plan)),
  };
  if (node.role === 'agent') {
    return { server: `https://${firstServer(plan).address}:6443`, 'token-file': k3sFiles.agentToken, ...kubelet };
  }
  return { ...kubelet, ...server(plan, node) };
}

/**
 * How many snapshots K3s keeps: `keep` of each server, because in the bucket it counts those of all together. 0 for none.
 * @see https://github.com/k3s-io/k3s/issues/9866, https://github.com/k3s-io/k3s/issues/13769
 */
export function keptSnapshots({ nodes, k3s }: InstallPlan): number {
  return k3s.snapshots ? k3s.snapshots.keep * nodes.filter(({ role }) => role !== 'agent').length : 0;
}

function server(plan: InstallPlan, node: NodePlan): Readonly<Record<string, unknown>> {
  const { nodes, networks, dnsAddress, bringsDns, k3s } = plan;
  const servers = nodes.filter(({ role }) => role === 'server').map(({ address }) => address);
  return {
    'token-file': k3sFiles.token,
    'agent-token-file': k3sFiles.agentToken,
    'advertise-address': node.address,
    'tls-san': servers,
    'cluster-cidr': networks.pods,
    'service-cidr': networks.services,
    'cluster-dns': dnsAddress,
    'flannel-backend': 'vxlan',
    // The platform has a way in of its own, and no HelmChart.
    disable: ['traefik', 'servicelb', ...(bringsDns ? ['coredns'] : [])],
    'disable-helm-controller': true,
    // It can't be had later without pain.
    'secrets-encryption': true,
    'write-kubeconfig-mode': '0600',
    ...(k3s.snapshots
      ? {
          'etcd-snapshot-schedule-cron': k3s.snapshots.schedule,
          'etcd-snapshot-retention': keptSnapshots(plan),
          'etcd-snapshot-compress': true,
          'etcd-s3': true,
          'etcd-s3-config-secret': snapshotSecret,
        }
      : { 'etcd-disable-snapshots': true }),
    ...(node.role === 'witness'
      ? {
          'disable-apiserver': true,
          'disable-controller-manager': true,
          'disable-scheduler': true,
          // Only when the node is first known; later on 90-verify says how.
          'node-taint': [witnessTaintText],
        }
      : {
          'kube-apiserver-arg': argumentsOf({
            ...apiServerFlags,
            'admission-control-config-file': k3sFiles.admission,
            'audit-policy-file': k3sFiles.audit,
            'audit-log-path': k3sFiles.auditLog,
          }),
          'kube-controller-manager-arg': argumentsOf(controllerManagerFlags),
          'kube-scheduler-arg': argumentsOf(schedulerFlags),
        }),
  };
}

/** Fields of KubeletConfiguration, as the flags that K3s takes. */
export function kubeletFlags({ reserved }: Pick<InstallPlan, 'reserved'>): Flags {
  const { evictionHard, streamingConnectionIdleTimeout, nodeStatusUpdateFrequency, maxPods } = kubeletSettings;
  const memory = reserved.memoryMebibytes - evictionMebibytes;
  return {
    'eviction-hard': Object.entries(evictionHard)
      .map(([signal, threshold]) => `${signal}<${threshold}`)
      .join(),
    'system-reserved': `cpu=${reserved.cpuMillicores}m,memory=${memory}Mi`,
    'max-pods': String(maxPods),
    'node-status-update-frequency': nodeStatusUpdateFrequency,
    'streaming-connection-idle-timeout': streamingConnectionIdleTimeout,
    'container-log-max-size': kubeletSettings.containerLogMaxSize,
    'container-log-max-files': String(kubeletSettings.containerLogMaxFiles),
    'read-only-port': String(kubeletSettings.readOnlyPort),
    'anonymous-auth': String(kubeletSettings.authentication.anonymous.enabled),
    'authorization-mode': kubeletSettings.authorization.mode,
  };
}

/** registries.yaml: registries that images are pulled through, where the configuration names any. */
export function k3sRegistries({ k3s }: InstallPlan): Readonly<Record<string, unknown>> | undefined {
  const mirrors = Object.entries(k3s.mirrors ?? {});
  if (mirrors.length === 0) return undefined;
  return { mirrors: Object.fromEntries(mirrors.map(([registry, endpoint]) => [registry, { endpoint: [endpoint] }])) };
}

/** sysctl.d: what the kubelet asks for with protect-kernel-defaults, and room for what pods watch. */
export function kernelParameters(): string {
  const settings = {
    ...kernelSettings,
    'fs/inotify/max_user_instances': '8192',
    'fs/inotify/max_user_watches': '524288',
  };
  const lines = Object.entries(settings).map(([key, value]) => `${key.replaceAll('/', '.')} = ${value}`);
  return ['# Written by npm run synth. The kubelet refuses to start with others.', ...lines.sort(), ''].join('\n');
}
