import type { Construct } from 'constructs';
import { serviceHost } from '../core/endpoint.ts';
import { Service } from '../core/service.ts';
import type { Workload } from '../core/workload.ts';

/** The label by which Patroni says what a member is. */
export const roleLabel = 'role';

export const serviceNames = (scope: string) => ({
  primary: scope,
  replicas: `${scope}-replicas`,
  members: `${scope}-members`,
  /** Of PgBouncer, where there is one. */
  pooler: `${scope}-pooler`,
});

/** Names under which clients and members reach a member. */
export function memberHosts({ scope, namespace }: { readonly scope: string; readonly namespace: string }): string[] {
  const { primary, replicas, members } = serviceNames(scope);
  return [
    ...[primary, replicas, members].flatMap((service) => hostsOf(service, namespace)),
    `*.${serviceHost(members, namespace)}`,
  ];
}

/** Names under which clients reach the pooler. */
export function poolerHosts({ scope, namespace }: { readonly scope: string; readonly namespace: string }): string[] {
  return hostsOf(serviceNames(scope).pooler, namespace);
}

function hostsOf(service: string, namespace: string): string[] {
  return [service, serviceHost(service, namespace)];
}

/** The Services of a cluster's members. */
export interface PatroniServices {
  readonly primary: Service;
  readonly replicas: Service;
  readonly members: Service;
}

/**
 * As Patroni wants them: that of the primary has no selector, because Patroni writes its one address together with the
 * leader's lock. No Endpoints stand in git: Argo CD would not apply them.
 */
export function patroniServices(
  construct: Construct,
  pods: Workload,
  consensus: 'endpoints' | 'configmaps',
): PatroniServices {
  const names = serviceNames(pods.name);
  // Patroni's `kubernetes.ports` carry the same name.
  const common = { pods, ports: [{ name: 'postgres' }] };
  const services = {
    primary: new Service(construct, 'primary', {
      ...common,
      name: names.primary,
      select: consensus === 'endpoints' ? false : { [roleLabel]: 'primary' },
    }),
    replicas: new Service(construct, 'replicas', {
      ...common,
      name: names.replicas,
      select: { [roleLabel]: 'replica' },
    }),
    // Gives members their names, also before they are ready: they look for each other.
    members: new Service(construct, 'names', {
      ...common,
      name: names.members,
      headless: true,
      publishNotReady: true,
    }),
  };
  if (consensus === 'configmaps') return services;
  // Kubernetes removes Endpoints that have no Service, and with them the cluster's identity and its synchronous member.
  for (const part of ['config', 'sync']) {
    new Service(construct, `of-${part}`, { name: `${pods.name}-${part}`, pods, select: false, headless: true });
  }
  return services;
}
