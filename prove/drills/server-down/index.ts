import { loadEnvironment } from '../../../config/index.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Area, Outcome } from '../area.ts';
import { delivered, onCluster } from '../ground.ts';
import type { Ground } from '../ground.ts';
import { reboot } from './reboot.ts';
import { takeover } from './takeover.ts';

/** With two servers and a witness: who is lost there is replaced. */
const redundant = 'three-node';

export const area: Area<'empty'> = {
  purpose: 'loses the first node with the Kubernetes API, with everything on it: one that reboots, and one of two',
  promises: {
    'node1-down':
      'the power of the only node with the API taken away for 60 s, with both primaries on it, and given back, until ' +
      'everything is as before; then, in three-node, that of the first of two until its pods run on the other one; under a ' +
      'client outside by the load balancer and the firewall, and writers of the database and of Redis on the other node',
    'third-node':
      'the same loss in three-node: etcd, the Sentinels and the database go on by themselves, and rows that were ' +
      'acknowledged are there',
  },
  needs: 'empty',
  minutes: 19,
  programs: [],
  asks: 'edge',
  about: [
    ...[
      'constructs/patroni-cluster',
      'constructs/redis-sentinel',
      'constructs/traefik-waf',
      'constructs/cluster-system',
    ],
    ...['prove/cluster/faults.ts', 'prove/components/edge', 'prove/components/postgres', 'prove/components/redis'],
    ...['prove/drills/recovered.ts', 'config/environments/three-node.ts'],
  ],
  run: serverDown,
};

async function serverDown(ground: Ground): Promise<Outcome> {
  const servers = loadEnvironment(ground.environment).nodes.filter(({ role }) => role === 'server');
  if (servers.length !== 1) {
    throw new ProvingError(`${ground.environment} has several servers: the drill takes ${redundant} by itself`);
  }
  const alone = await onCluster(ground, async (cluster) => reboot(await delivered(cluster)));
  const of = { ...ground, environment: redundant };
  const three = await onCluster(of, async (cluster) => takeover(await delivered(cluster)));
  const named = (name: string): string => `three-node: ${name}`;
  return {
    'node1-down': {
      figures: { ...alone.figures, 'three-node failover': three.figures.failover },
      units: { ...alone.units, 'three-node failover': 's' },
      checks: [...alone.checks, ...three.checks.map((check) => ({ ...check, what: named(check.what) }))],
    },
    'third-node': three,
  };
}
