import type { Cluster } from '../../cluster/handle.ts';
import { getJson } from '../../cluster/kubectl.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import { databaseStandIn } from './database.ts';

interface Condition {
  readonly type: string;
  readonly reason?: string;
  readonly lastUpdateTime?: string;
}

interface Timed {
  readonly metadata: { readonly name: string; readonly creationTimestamp: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

/** What has to be there before what is applied: Deployments and the first object of the wave after. */
interface Step {
  readonly what: string;
  readonly namespace: string;
  readonly deployments: readonly string[];
  readonly then: { readonly kind: string; readonly namespace: string; readonly name: string };
}

const steps: readonly Step[] = [
  {
    what: 'sealed-secrets, of two sources',
    namespace: 'sealed-secrets',
    deployments: ['sealed-secrets-controller'],
    then: { kind: 'deployment', namespace: 'data', name: 'drill-database-first' },
  },
  {
    what: 'cert-manager, of two sources',
    namespace: 'cert-manager',
    deployments: ['cert-manager', 'cert-manager-webhook', 'cert-manager-cainjector'],
    then: { kind: 'deployment', namespace: 'data', name: 'drill-database-first' },
  },
  {
    what: "the database's first part",
    namespace: 'data',
    deployments: ['drill-database-first'],
    then: { kind: 'deployment', namespace: 'data', name: 'drill-database-second' },
  },
  {
    what: 'the database, with waves of its own',
    namespace: 'data',
    deployments: ['drill-database-first', 'drill-database-second'],
    then: { kind: 'networkpolicy', namespace: 'identity', name: 'samba' },
  },
  {
    what: 'the database, with waves of its own',
    namespace: 'data',
    deployments: ['drill-database-second'],
    then: { kind: 'job', namespace: 'shop', name: 'backend-migrations' },
  },
  {
    what: 'the backend',
    namespace: 'shop',
    deployments: ['backend'],
    then: { kind: 'deployment', namespace: 'shop', name: 'frontend' },
  },
];

/** When everything came, in the cluster's own words: each wave after what it needs was ready. */
export async function checkWaves(cluster: Cluster): Promise<Round & { readonly standIns: readonly string[] }> {
  const checks: DrillCheck[] = [];
  const margins: number[] = [];
  for (const { what, namespace, deployments, then } of steps) {
    const ready = Math.max(...(await Promise.all(deployments.map((name) => availableSince(cluster, namespace, name)))));
    const { metadata } = await getJson<Timed>(cluster, [then.kind, then.name, `--namespace=${then.namespace}`]);
    const margin = (Date.parse(metadata.creationTimestamp) - ready) / 1000;
    margins.push(margin);
    checks.push({
      what: `${what}: ready before ${then.kind} ${then.namespace}/${then.name} is applied`,
      expected: 'yes',
      got: margin >= 0 ? 'yes' : `no: applied ${-margin} s before`,
    });
  }
  return {
    figures: { 'least time between ready and applied': Math.max(0, Math.min(...margins)) },
    units: { 'least time between ready and applied': 's' },
    checks,
    standIns: [databaseStandIn],
  };
}

/**
 * Milliseconds since the epoch, to the second: when a Deployment first had all its pods. `Available` would forget it where
 * a pod on a busy machine is not ready for a moment later on.
 */
async function availableSince(cluster: Cluster, namespace: string, name: string): Promise<number> {
  const { status } = await getJson<Timed>(cluster, ['deployment', name, `--namespace=${namespace}`]);
  const complete = status?.conditions?.find(({ reason }) => reason === 'NewReplicaSetAvailable');
  return complete?.lastUpdateTime === undefined ? Infinity : Date.parse(complete.lastUpdateTime);
}
