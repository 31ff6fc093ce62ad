import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import type { ApiRule } from '../core/api-rights.ts';
import { Cpu } from '../core/cpu.ts';
import { clusterDns } from '../core/endpoint.ts';
import { httpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { sized } from '../core/workload-size.ts';
import { corefiles } from './corefile.ts';
import type { ClusterDnsProps } from './props.ts';

export const clusterDnsDefaults = {
  size: { cpuRequest: Cpu.millicores(25), memory: Size.mebibytes(128) },
} as const;

/** What clients and kubelets know it by, whoever runs it. */
const serviceName = 'kube-dns';

const ports = { dns: 53, health: 8080, ready: 8181, metrics: 9153 } as const;

const because =
  "Estimate: upstream's rule is 54 MiB, and one more for a thousand pods and Services; answers that are kept, and a thousand " +
  'questions at a time, take some MiB more.';

/** One on every node, which the pods of that node ask. */
export function server(construct: Construct, props: ClusterDnsProps): Workload {
  const workload = new Workload(construct, 'server', {
    name: clusterDns.name,
    program: 'coredns',
    component: 'dns',
    controller: { kind: 'DaemonSet' },
    knownBy: clusterDns.selector,
    nameServers: 'node',
    containers: [
      {
        name: 'coredns',
        image: props.image,
        command: ['/coredns', '-conf', '/etc/coredns/Corefile'],
        ports: [
          { name: 'dns', port: ports.dns, protocol: 'UDP' },
          { name: 'dns-tcp', port: ports.dns },
          { name: 'health', port: ports.health },
          { name: 'ready', port: ports.ready },
          { name: 'metrics', port: ports.metrics },
        ],
        resources: sized(props.size, clusterDnsDefaults.size, because),
        probes: probes(),
        files: {
          '/etc/coredns': new ConfigFiles(construct, 'settings', { name: 'coredns-settings', data: corefiles(props) }),
        },
        privileges: [
          {
            capability: 'NET_BIND_SERVICE',
            because:
              'its image gives the program this capability, and the kernel starts none that may not have what it was given',
            until: '2027-11-30',
          },
        ],
      },
    ],
    priority: 'system-node-critical',
    spread: 'everywhere',
    lowestPort: ports.dns,
    api: {
      endpoint: props.kubernetesApi,
      reason: 'watches what it gives names to',
      containers: ['coredns'],
      clusterRules: rights(props),
    },
  });
  const service = new Service(construct, 'service', {
    name: serviceName,
    pods: workload,
    ports: [{ name: 'dns' }, { name: 'dns-tcp' }],
    address: props.address,
    // Else half of all questions go to a node that is lost, for ever where it is the one with the API: nobody tells the others.
    preferSameNode: true,
  });
  const targets = [{ peer: workload, host: service.host, port: ports.metrics }];
  new Scrape(construct, 'scrape', { endpoint: { name: 'CoreDNS', path: '/metrics', targets } });
  return workload;
}

function probes() {
  const rhythms = { readiness: { periodSeconds: 2, failureThreshold: 2 } };
  const { readiness } = httpProbes('ready', { live: '/ready' }, rhythms);
  return { ...httpProbes('health', { live: '/health' }), readiness };
}

/** Pods are known where names of the world are for some of them. */
function rights({ outsideNames = 'wired' }: ClusterDnsProps): readonly ApiRule[] {
  const unnamedBecause = 'it gives a name to every one there is, and lists and watches them';
  const verbs = ['list', 'watch'];
  return [
    {
      apiGroups: [''],
      resources: ['namespaces', 'services', ...(outsideNames === 'wired' ? ['pods'] : [])],
      verbs,
      unnamedBecause,
    },
    { apiGroups: ['discovery.k8s.io'], resources: ['endpointslices'], verbs, unnamedBecause },
  ];
}
