import { certManager, sealedSecrets } from '../../../apps/controllers.ts';
import { identity } from '../../../apps/identity.ts';
import type { Application } from '../../../constructs/core/application.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { getJson } from '../../cluster/kubectl.ts';
import { jobOf, ownersOf } from '../../components/owners.ts';
import { webOf } from '../../components/web.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { databaseNamespace, databaseStandIn } from './database.ts';
import { databasePart } from './files/drill-database.ts';

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

/** In the order in which they come. */
function stepsOf({ cluster, platform }: PlatformGround): readonly Step[] {
  const [frontend, backend] = [webOf(platform, 'frontend'), webOf(platform, 'backend')];
  const [directory] = ownersOf(platform, identity);
  const migrations = jobOf(platform, { name: backend.application });
  const database = databaseNamespace(cluster);
  const [first, second] = [databasePart('first'), databasePart('second')];
  const thenDeployment = (namespace: string, name: string): Step['then'] => ({ kind: 'deployment', namespace, name });
  const controllers = (application: Application<unknown>): Pick<Step, 'namespace' | 'deployments'> => {
    const owners = ownersOf(platform, application);
    return { namespace: owners[0].namespace, deployments: owners.map(({ name }) => name) };
  };
  return [
    {
      what: 'sealed-secrets, of two sources',
      ...controllers(sealedSecrets),
      then: thenDeployment(database, first),
    },
    {
      what: 'cert-manager, of two sources',
      ...controllers(certManager),
      then: thenDeployment(database, first),
    },
    {
      what: "the database's first part",
      namespace: database,
      deployments: [first],
      then: thenDeployment(database, second),
    },
    {
      what: 'the database, with waves of its own',
      namespace: database,
      deployments: [first, second],
      then: { kind: 'networkpolicy', namespace: directory.namespace, name: directory.name },
    },
    {
      what: 'the database, with waves of its own',
      namespace: database,
      deployments: [second],
      then: { kind: 'job', namespace: migrations.namespace, name: migrations.name },
    },
    {
      what: 'the backend',
      namespace: backend.namespace,
      deployments: [backend.name],
      then: thenDeployment(frontend.namespace, frontend.name),
    },
  ];
}

/** When everything came, in the cluster's own words: each wave after what it needs was ready. */
export async function checkWaves(ground: PlatformGround): Promise<Round & { readonly standIns: readonly string[] }> {
  const { cluster } = ground;
  const checks: DrillCheck[] = [];
  const margins: number[] = [];
  for (const { what, namespace, deployments, then } of stepsOf(ground)) {
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
