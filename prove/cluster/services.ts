import type { ProgramName } from '../tools/programs.ts';
import { etcdMembersOf, serversOf } from './plan.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';
import { apiServerFlags, controllerManagerFlags, flagsOf, schedulerFlags } from '../../synth/install/kubernetes.ts';
import type { Flags } from '../../synth/install/kubernetes.ts';

/** Something that a node keeps running, as process 1 of a real one would. */
export interface Service {
  /** Of its file, in the order in which services start, and of its log. */
  readonly name: string;
  /** @default the name */
  readonly program?: ProgramName;
  readonly args: readonly string[];
  /** A file that must exist before it starts. @default starts at once */
  readonly after?: string;
}

/** Where a node's own file system has its keys and settings. */
export const pki = '/etc/kubernetes/pki';
export const settingsFolder = '/etc/kubernetes/settings';

/** What runs on a node, by its role. */
export function servicesOf(plan: ClusterPlan, node: NodePlan): readonly Service[] {
  return [
    ...(node.role === 'agent' ? [] : [etcd(plan, node)]),
    ...(node.role === 'server' ? [apiServer(plan, node), controllerManager(plan), scheduler(plan)] : []),
    ...nodeServices(plan, node),
  ];
}

function etcd(plan: ClusterPlan, { name, address }: NodePlan): Service {
  const members = etcdMembersOf(plan);
  const keys = `${pki}/etcd-${name}`;
  return {
    name: 'etcd',
    args: flagsOf({
      name,
      'data-dir': '/var/lib/etcd',
      'initial-cluster': members.map((member) => `${member.name}=https://${member.address}:2380`).join(','),
      'initial-advertise-peer-urls': `https://${address}:2380`,
      'listen-peer-urls': `https://${address}:2380`,
      'listen-client-urls': 'https://127.0.0.1:2379',
      'advertise-client-urls': 'https://127.0.0.1:2379',
      'client-cert-auth': 'true',
      'trusted-ca-file': `${pki}/etcd-ca.crt`,
      'cert-file': `${keys}.crt`,
      'key-file': `${keys}.key`,
      'peer-client-cert-auth': 'true',
      'peer-trusted-ca-file': `${pki}/etcd-ca.crt`,
      'peer-cert-file': `${keys}.crt`,
      'peer-key-file': `${keys}.key`,
      // All nodes share one disk. What is written survives the loss of a node; only the machine's own would lose it.
      'unsafe-no-fsync': 'true',
      'log-level': 'warn',
    }),
  };
}

function apiServer({ networks }: ClusterPlan, { address }: NodePlan): Service {
  return {
    name: 'kube-apiserver',
    args: flagsOf({
      ...apiServerFlags,
      'advertise-address': address,
      'secure-port': '6443',
      'service-cluster-ip-range': networks.services,
      'authorization-mode': 'Node,RBAC',
      'allow-privileged': 'true',
      'admission-control-config-file': `${settingsFolder}/admission.json`,
      'audit-policy-file': `${settingsFolder}/audit.json`,
      'audit-log-path': '/var/log/kubernetes/audit.log',
      'encryption-provider-config': `${pki}/encryption.json`,
      'etcd-servers': 'https://127.0.0.1:2379',
      'etcd-cafile': `${pki}/etcd-ca.crt`,
      'etcd-certfile': `${pki}/etcd-client.crt`,
      'etcd-keyfile': `${pki}/etcd-client.key`,
      'client-ca-file': `${pki}/ca.crt`,
      'tls-cert-file': `${pki}/apiserver.crt`,
      'tls-private-key-file': `${pki}/apiserver.key`,
      'kubelet-certificate-authority': `${pki}/ca.crt`,
      'kubelet-client-certificate': `${pki}/kubelet-client.crt`,
      'kubelet-client-key': `${pki}/kubelet-client.key`,
      'kubelet-preferred-address-types': 'InternalIP',
      'service-account-issuer': 'https://kubernetes.default.svc.cluster.local',
      'service-account-key-file': `${pki}/service-account.pub`,
      'service-account-signing-key-file': `${pki}/service-account.key`,
      // As K3s has it: webhooks and metrics-server are asked at their pods' own addresses.
      'enable-aggregator-routing': 'true',
      // The aggregation layer, for metrics-server: it believes requests that come with the front proxy's certificate.
      'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
      'requestheader-allowed-names': 'front-proxy-client',
      'requestheader-username-headers': 'X-Remote-User',
      'requestheader-group-headers': 'X-Remote-Group',
      'requestheader-extra-headers-prefix': 'X-Remote-Extra-',
      'proxy-client-cert-file': `${pki}/front-proxy.crt`,
      'proxy-client-key-file': `${pki}/front-proxy.key`,
    }),
  };
}

/** How a controller of the control plane says who it is, and who it lets ask it. */
function clientFlags(plan: ClusterPlan, file: string): Flags {
  const kubeconfig = `${pki}/${file}.kubeconfig`;
  return {
    kubeconfig,
    'authentication-kubeconfig': kubeconfig,
    'authorization-kubeconfig': kubeconfig,
    // Electing the only candidate takes seconds at every start.
    'leader-elect': String(serversOf(plan).length > 1),
  };
}

function controllerManager(plan: ClusterPlan): Service {
  return {
    name: 'kube-controller-manager',
    args: flagsOf({
      ...controllerManagerFlags,
      ...clientFlags(plan, 'controller-manager'),
      // Nodes get their pods' addresses by the plan, so that each always has the same.
      'allocate-node-cidrs': 'false',
      'cluster-cidr': plan.networks.pods,
      'service-cluster-ip-range': plan.networks.services,
      'root-ca-file': `${pki}/ca.crt`,
      'cluster-signing-cert-file': `${pki}/ca.crt`,
      'cluster-signing-key-file': `${pki}/ca.key`,
      'requestheader-client-ca-file': `${pki}/front-proxy-ca.crt`,
      'service-account-private-key-file': `${pki}/service-account.key`,
    }),
  };
}

function scheduler(plan: ClusterPlan): Service {
  return { name: 'kube-scheduler', args: flagsOf({ ...schedulerFlags, ...clientFlags(plan, 'scheduler') }) };
}

function nodeServices(plan: ClusterPlan, { name, address }: NodePlan): readonly Service[] {
  return [
    { name: 'containerd', args: ['--config', '/etc/containerd/config.toml'] },
    {
      name: 'kubelet',
      after: '/run/containerd/containerd.sock',
      args: flagsOf({
        config: `${settingsFolder}/kubelet.json`,
        kubeconfig: `${pki}/kubelet-${name}.kubeconfig`,
        'hostname-override': name,
        'node-ip': address,
      }),
    },
    { name: 'kube-proxy', args: ['--config', `${settingsFolder}/kube-proxy.json`] },
    {
      name: 'netpold',
      args: flagsOf({
        kubeconfig: `${pki}/netpold-${name}.kubeconfig`,
        node: name,
        'service-cidr': plan.networks.services,
        ready: netpoldReady,
      }),
    },
  ];
}

/** Exists while a node's policies are enforced. */
export const netpoldReady = '/run/netpold-ready';
