import type { Schedule } from '../core/schedule.ts';

/** What the alerts of a cluster are made of. */
export interface AlertSettings {
  /** Patroni's scope. */
  readonly scope: string;
  readonly namespace: string;
  readonly members: number;
  readonly synchronous: boolean;
  /** Whether there is an exporter whose numbers can be asked for. */
  readonly exporter: boolean;
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

/** Selectors of the numbers of one cluster. Whoever scrapes gives every series the labels `namespace` and `pod`. */
export function selectors({ scope, namespace }: AlertSettings) {
  return {
    patroni: `{scope="${scope}",namespace="${namespace}"}`,
    exporter: `{namespace="${namespace}",pod=~"${scope}-[0-9]+"}`,
    agent: `{cluster="${scope}",namespace="${namespace}"}`,
    deployment: (name: string) => `{namespace="${namespace}",deployment="${name}"}`,
  };
}
