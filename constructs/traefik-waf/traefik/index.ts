import type { Construct } from 'constructs';
import type { ApiRule } from '../../core/api-rights.ts';
import { authoritiesOf } from '../../core/authority-files.ts';
import { ConfigFiles } from '../../core/config-files.ts';
import type { ContainerProps } from '../../core/container.ts';
import { anyone, longestTraceValue } from '../../core/endpoint.ts';
import type { AddressPeer, Endpoint } from '../../core/endpoint.ts';
import type { Image } from '../../core/environment.ts';
import { httpProbes } from '../../core/probes.ts';
import { Scrape } from '../../core/scrape.ts';
import { Service } from '../../core/service.ts';
import { Workload } from '../../core/workload.ts';
import { graceSeconds, ports, settings, settingsPath } from './settings.ts';
import type { SettingsFacts } from './settings.ts';

export interface TraefikSettings extends SettingsFacts, Pick<ContainerProps, 'resources'> {
  readonly name: string;
  readonly image: Image;
  readonly kubernetesApi: Endpoint;
  readonly nodePorts: { readonly web: number; readonly websecure: number; readonly health: number };
  /** Whether it lets in who comes past the load balancer. */
  readonly breakGlass: boolean;
}

/** Until it has left, beside what it takes to drain. */
const exitSeconds = 5;

const nobody = 65_532;

const traceVariables = {
  OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: String(longestTraceValue),
  // It has the pod's name by that of its host. Where none of these says so, it asks the Kubernetes API at its start, which it has
  // no right to, and sends no traces where the API is away.
  OTEL_RESOURCE_ATTRIBUTES: 'diptych.k8s.pod.name=host.name',
};

/** Traefik on both nodes, reached through a port of each by the load balancer alone. */
export function traefik(construct: Construct, facts: TraefikSettings): Workload {
  const { name, image, resources, drainSeconds, kubernetesApi } = facts;
  const files = new ConfigFiles(construct, 'traefik-settings', {
    name: `${name}-settings`,
    data: { 'traefik.yaml': settings(facts) },
  });
  const readyEvery = 5;
  const workload = new Workload(construct, 'traefik', {
    name,
    program: 'traefik',
    component: 'proxy',
    // The load balancer takes as long to see a new one as to see that one leaves: else there is a moment without any.
    controller: { kind: 'Deployment', replicas: 2, minReadySeconds: drainSeconds },
    priority: 'edge',
    spread: 'strict',
    user: nobody,
    terminationGracePeriodSeconds: drainSeconds + graceSeconds + exitSeconds,
    containers: [
      {
        name: 'traefik',
        image,
        command: ['traefik', `--configFile=${settingsPath}/traefik.yaml`],
        ports: [
          { name: 'web', port: ports.web },
          { name: 'websecure', port: ports.websecure },
          { name: 'traefik', port: ports.traefik },
          { name: 'metrics', port: ports.metrics },
        ],
        ...(facts.traces ? { environment: traceVariables, authorities: authoritiesOf(facts.traces) } : {}),
        resources,
        probes: httpProbes(
          'traefik',
          { live: '/ping', ready: '/ready' },
          {
            // While it drains it answers 503, and the load balancer goes away; a node that took it for not ready would drop
            // what still comes.
            readiness: { periodSeconds: readyEvery, failureThreshold: Math.ceil(drainSeconds / readyEvery) + 1 },
          },
        ),
        files: { [settingsPath]: files },
      },
    ],
    api: {
      endpoint: kubernetesApi,
      reason: 'reads its routes and certificates',
      containers: ['traefik'],
      rules: [
        read([''], ['configmaps', 'secrets', 'services']),
        read(['discovery.k8s.io'], ['endpointslices']),
        read(['traefik.io'], customResources),
      ],
    },
  });
  if (facts.traces) workload.observes(facts.traces, 'sends traces');
  wayIn(construct, workload, facts);
  return workload;
}

/** It watches each of these, or does not begin. */
const customResources = [
  ...['ingressroutes', 'ingressroutetcps', 'ingressrouteudps', 'middlewares', 'middlewaretcps'],
  ...['serverstransports', 'serverstransporttcps', 'tlsoptions', 'tlsstores', 'traefikservices'],
];

function read(apiGroups: readonly string[], resources: readonly string[]): ApiRule {
  return {
    apiGroups: [...apiGroups],
    resources: [...resources],
    verbs: ['list', 'watch'],
    unnamedBecause: 'it watches all of its namespace, where nothing lies but what is of the edge',
  };
}

function wayIn(construct: Construct, workload: Workload, facts: TraefikSettings): void {
  const { name, nodePorts, loadBalancer } = facts;
  const because = 'the load balancer leads here';
  const peer: AddressPeer = { name: 'load balancer', cidrs: [{ cidr: loadBalancer }] };
  const clients = facts.breakGlass ? anyone : peer;
  workload.admits(clients, ports.web, 'asks by HTTP, and is led to HTTPS');
  workload.admits(clients, ports.websecure, 'brings what clients ask');
  workload.admits(peer, ports.traefik, 'asks whether it takes requests');
  const service = new Service(construct, 'traefik-service', {
    name,
    pods: workload,
    // Any other would hide who connects: a node would ask in the name of the load balancer.
    externalTrafficPolicy: 'Local',
    ports: [
      { name: 'web', port: 80, nodePort: { number: nodePorts.web, because } },
      { name: 'websecure', port: 443, nodePort: { number: nodePorts.websecure, because } },
      {
        name: 'health',
        port: 8080,
        target: 'traefik',
        nodePort: { number: nodePorts.health, because: 'the load balancer asks here whether Traefik takes requests' },
      },
    ],
  });
  const targets = [{ peer: workload, host: service.host, port: ports.metrics }];
  new Scrape(construct, 'scrape-traefik', {
    endpoint: { name: `Traefik ${name}`, path: '/metrics', targets },
    // Each route has some hundred: buckets by method and code.
    mostSeries: 5000,
  });
}
