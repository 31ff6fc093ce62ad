import type { Construct } from 'constructs';
import type { IService } from 'kubernetes-models/v1/Service';
import { kubeObject } from '../core/kube-object.ts';
import { ports } from './paths.ts';

/** The label by which Patroni says what a member is. */
export const roleLabel = 'role';

export interface ServicesProps {
  /** Patroni's scope: the name of the Service of the primary. */
  readonly scope: string;
  readonly selector: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly consensus: 'endpoints' | 'configmaps';
}

export const serviceNames = (scope: string) => ({
  primary: scope,
  replicas: `${scope}-replicas`,
  members: `${scope}-members`,
  /** Of PgBouncer, where there is one. */
  pooler: `${scope}-pooler`,
});

/**
 * The Services as Patroni wants them: that of the primary has no selector, because Patroni writes its one address
 * together with the leader's lock. No Endpoints stand in git: Argo CD would not apply them.
 */
export function patroniServices(construct: Construct, { scope, selector, labels, consensus }: ServicesProps): void {
  const names = serviceNames(scope);
  const postgres = {
    // Patroni's `kubernetes.ports` carry the same name.
    name: 'postgres',
    port: ports.postgres,
    protocol: 'TCP',
    targetPort: 'postgres',
  } as const;
  const service = (name: string, spec: IService['spec']): void => {
    const manifest: IService = { apiVersion: 'v1', kind: 'Service', metadata: { name, labels: { ...labels } }, spec };
    kubeObject(construct, `service-${name}`, manifest);
  };
  service(
    names.primary,
    consensus === 'endpoints'
      ? { ports: [{ ...postgres, targetPort: ports.postgres }] }
      : { selector: { ...selector, [roleLabel]: 'primary' }, ports: [postgres] },
  );
  service(names.replicas, { selector: { ...selector, [roleLabel]: 'replica' }, ports: [postgres] });
  // Gives members their names, also before they are ready: they look for each other.
  service(names.members, {
    clusterIP: 'None',
    publishNotReadyAddresses: true,
    selector: { ...selector },
    ports: [postgres],
  });
  if (consensus === 'configmaps') return;
  // Kubernetes removes Endpoints that have no Service, and with them the cluster's identity and its synchronous member.
  for (const part of ['config', 'sync']) service(`${scope}-${part}`, { clusterIP: 'None' });
}
