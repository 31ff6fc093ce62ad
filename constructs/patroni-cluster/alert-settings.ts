import type { Schedule } from '../core/schedule.ts';
import { limitsOfRoles } from './connections.ts';
import { poolerDefaults } from './defaults.ts';
import type { PatroniOptions } from './options.ts';
import type { PatroniCluster } from './patroni-cluster.ts';
import type { PatroniClusterProps } from './props.ts';
import { serviceNames } from './services.ts';

/** What the alerts of a cluster are made of. */
export interface AlertSettings {
  /** Patroni's scope. */
  readonly scope: string;
  readonly namespace: string;
  readonly members: number;
  readonly synchronous: boolean;
  /** Whether there is an exporter whose numbers can be asked for. */
  readonly exporter: boolean;
  /** How many connections a role may have, by its name. */
  readonly limits: Readonly<Record<string, number>>;
  /** When full backups are made; undefined where there are none. */
  readonly backups: Schedule | undefined;
  readonly pooler: PoolerAlertSettings | false | undefined;
}

export interface PoolerAlertSettings {
  /** Name of its Deployment. */
  readonly name: string;
  readonly pods: number;
  /** Whether there is an exporter of PgBouncer's numbers. */
  readonly exporter: boolean;
}

/** From what the cluster was given. */
export function alertSettings(
  { life: { scope, namespace }, databases }: Pick<PatroniCluster, 'life' | 'databases'>,
  { exporter, pooler }: PatroniClusterProps,
  { members, synchronous, backups }: PatroniOptions,
): AlertSettings {
  return {
    scope,
    namespace,
    members,
    synchronous: synchronous !== 'off' && members > 1,
    exporter: exporter !== false,
    limits: limitsOfRoles(databases),
    backups: backups ? backups.schedule : undefined,
    pooler: pooler && {
      name: serviceNames(scope).pooler,
      pods: pooler.size?.minReplicas ?? poolerDefaults.size.minReplicas,
      exporter: pooler.exporter !== false,
    },
  };
}

/** Selectors of the numbers of one cluster. Whoever scrapes gives every series the labels `namespace` and `pod`. */
export function selectors({ scope, namespace }: AlertSettings) {
  return {
    patroni: `{scope="${scope}",namespace="${namespace}"}`,
    exporter: `{namespace="${namespace}",pod=~"${scope}-[0-9]+"}`,
    ofRole: (role: string) => `{namespace="${namespace}",pod=~"${scope}-[0-9]+",usename="${role}"}`,
    agent: `{cluster="${scope}",namespace="${namespace}"}`,
    deployment: (name: string) => `{namespace="${namespace}",deployment="${name}"}`,
  };
}
