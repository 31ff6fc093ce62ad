import crypto from 'node:crypto';
import os from 'node:os';
import { witnessTaint } from '../../constructs/core/witness.ts';
import { worldAddress, worldNameServer } from '../stand-ins/internet/names.ts';
import { podCgroup } from './handle.ts';
import type { Cluster } from './handle.ts';
import { ownFile } from './own-files.ts';
import { prefixOf } from './plan.ts';
import type { ClusterPlan, NodePlan } from './plan.ts';
import { pki, settingsFolder } from './services.ts';
import { admissionConfiguration, auditPolicy, kubeletSettings } from '../../synth/install/kubernetes.ts';

/** Configuration files of a node, by their path on it. */
export function configurationOf(
  { plan, cgroup }: Pick<Cluster, 'plan' | 'cgroup'>,
  node: NodePlan,
): Readonly<Record<string, string>> {
  const json = (value: unknown) => `${JSON.stringify(value, undefined, 2)}\n`;
  const settings = settingsFolder.slice(1);
  return {
    'etc/hostname': `${node.name}\n`,
    'etc/machine-id': `${crypto.createHash('md5').update(`${cgroup}/${node.name}`).digest('hex')}\n`,
    'etc/hosts': ['127.0.0.1 localhost', ...plan.nodes.map(({ name, address }) => `${address} ${name}`), ''].join('\n'),
    'etc/resolv.conf': `nameserver ${worldNameServer}\n`,
    'etc/containerd/config.toml': ownFile('containerd.toml'),
    'etc/containerd/certs.d/_default/hosts.toml': registryHosts(),
    'etc/cni/net.d/10-diptych.conflist': json(podNetwork(node)),
    'etc/diptych/network': networkScript(plan, node),
    [`${settings}/kubelet.json`]: json(kubeletConfiguration(plan, node, podCgroup(cgroup, node.name))),
    [`${settings}/kube-proxy.json`]: json(proxyConfiguration(plan, node)),
    [`${settings}/admission.json`]: json(admissionConfiguration),
    [`${settings}/audit.json`]: json(auditPolicy),
  };
}

/** Files of the PKI that a node needs: an agent has no key of the control plane. */
export function keysOf({ name, role }: NodePlan): readonly string[] {
  const pair = (file: string) => [`${file}.crt`, `${file}.key`];
  return [
    ...['ca.crt', 'world-ca.crt'],
    ...pair(`kubelet-${name}`),
    ...['kubelet', 'kube-proxy', 'netpold'].map((program) => `${program}-${name}.kubeconfig`),
    ...(role === 'agent' ? [] : ['etcd-ca.crt', ...pair(`etcd-${name}`)]),
    ...(role === 'server'
      ? [
          ...['ca.key', 'front-proxy-ca.crt', 'service-account.key', 'service-account.pub', 'encryption.json'],
          ...['apiserver', 'kubelet-client', 'front-proxy', 'etcd-client'].flatMap(pair),
          ...['controller-manager.kubeconfig', 'scheduler.kubeconfig'],
        ]
      : []),
  ];
}

/** Every registry is the proving ground's own, so images are pulled as on a real node. */
function registryHosts(): string {
  const url = `https://${worldAddress}`;
  return [
    `server = "${url}"`,
    `[host."${url}"]`,
    '  capabilities = ["pull", "resolve"]',
    `  ca = "${pki}/world-ca.crt"`,
    '',
  ].join('\n');
}

function podNetwork({ podCidr }: NodePlan): unknown {
  return {
    cniVersion: '1.0.0',
    name: 'diptych',
    plugins: [
      {
        type: 'bridge',
        bridge: 'cni0',
        isGateway: true,
        hairpinMode: true,
        ipMasq: false,
        ipam: { type: 'host-local', ranges: [[{ subnet: podCidr }]], routes: [{ dst: '0.0.0.0/0' }] },
      },
      { type: 'portmap', capabilities: { portMappings: true }, snat: true },
    ],
  };
}

/** Sets up the node's side of the network, once its cable `eth0` is there. Run by `sh -eux`. */
function networkScript({ nodes, networks, outside }: ClusterPlan, node: NodePlan): string {
  const others = nodes.filter(({ name }) => name !== node.name);
  const lines = [
    'sysctl -qw net.ipv4.ip_forward=1 net.bridge.bridge-nf-call-iptables=1',
    'sysctl -qw net.ipv4.conf.all.rp_filter=0 net.ipv4.conf.default.rp_filter=0',
    'ip link set lo up',
    `ip address add ${node.address}/${prefixOf(networks.nodes)} dev eth0`,
    // As flannel does it: to other nodes' pods a node speaks as the first address of its own pods' network.
    `ip address add ${node.podNetwork}/32 dev lo`,
    'ip link set eth0 up',
    `ip route add default via ${outside}`,
    ...others.map(({ podCidr, address }) => `ip route add ${podCidr} via ${address} src ${node.podNetwork}`),
    // Made here, because the first pods would make it at the same time and fail.
    `ip link add cni0 address ${node.bridgeMac} type bridge`,
    `ip address add ${node.podGateway}/24 dev cni0`,
    'ip link set cni0 up',
    // As flannel does it: what leaves the pods' network comes from the node.
    `iptables -w -t nat -A POSTROUTING -s ${networks.pods} ! -d ${networks.pods} -j MASQUERADE`,
  ];
  return `${lines.join('\n')}\n`;
}

function kubeletConfiguration({ dnsService }: ClusterPlan, { name, role }: NodePlan, cgroupRoot: string): unknown {
  const total = Math.floor(os.totalmem() / 2 ** 20);
  // Every kubelet sees the whole machine, and may promise three quarters of it, together more than there is: what pods
  // use is a small part of what they request, and a server of the real type has more to promise.
  const reserved = Math.floor(total / 4);
  return {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    ...kubeletSettings,
    authentication: { ...kubeletSettings.authentication, x509: { clientCAFile: `${pki}/ca.crt` } },
    tlsCertFile: `${pki}/kubelet-${name}.crt`,
    tlsPrivateKeyFile: `${pki}/kubelet-${name}.key`,
    clusterDNS: [dnsService],
    clusterDomain: 'cluster.local',
    resolvConf: '/etc/resolv.conf',
    containerRuntimeEndpoint: 'unix:///run/containerd/containerd.sock',
    cgroupDriver: 'cgroupfs',
    cgroupRoot,
    failCgroupV1: false,
    failSwapOn: false,
    systemReserved: { memory: `${reserved}Mi` },
    enforceNodeAllocatable: ['none'],
    // The disk is the machine's: how full it is says nothing about the platform, and images can't be pulled again.
    evictionHard: { ...kubeletSettings.evictionHard, ...thresholds('1%') },
    imageGCHighThresholdPercent: 100,
    ...(role === 'witness' ? { registerWithTaints: [witnessTaint] } : {}),
  };
}

function thresholds(free: string): Readonly<Record<string, string>> {
  return { 'nodefs.available': free, 'nodefs.inodesFree': free, 'imagefs.available': free };
}

function proxyConfiguration({ networks }: ClusterPlan, { name }: NodePlan): unknown {
  return {
    apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
    kind: 'KubeProxyConfiguration',
    mode: 'iptables',
    clientConnection: { kubeconfig: `${pki}/kube-proxy-${name}.kubeconfig` },
    hostnameOverride: name,
    clusterCIDR: networks.pods,
    detectLocalMode: 'ClusterCIDR',
    // Sizes of the machine's connection table: not ours to change.
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: '0s', tcpCloseWaitTimeout: '0s' },
  };
}
