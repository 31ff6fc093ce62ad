import { setTimeout as delay } from 'node:timers/promises';
import { powerOff, returnNode } from '../../cluster/faults.ts';
import { tryKubectl } from '../../cluster/kubectl.ts';
import { initPid } from '../../cluster/nodes.ts';
import { seconds } from '../../instruments/figures.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { allPods, ready, serverNodes, waitForHealth } from '../recovered.ts';
import { lostBy, seenBy, underClients } from './clients.ts';

/** Seconds that a machine takes to start. */
const away = 60;

const units = {
  'back after reboot': 's',
  'API after reboot': 's',
  'pages gone': 's',
  'database gone': 's',
  'Redis gone': 's',
  'lost by Redis': 'writes',
};

/** Takes the power of the only node with the API away, with both primaries on it, and gives it back as a reboot does. */
export async function reboot(platform: PlatformGround): Promise<Round> {
  const { cluster, report, signal } = platform;
  const nodes = serverNodes(platform);
  const { lost } = nodes;
  return underClients(platform, nodes, async (clients) => {
    const before = await allPods(platform);
    const undo = [async () => initPid(cluster, lost) === undefined && returnNode(cluster, lost)];
    return withCleanUp(undo, async () => {
      const since = new Date();
      await powerOff(cluster, lost);
      await delay(away * 1000, undefined, { signal });
      const start = performance.now();
      const passed = (): number => seconds(performance.now() - start);
      await returnNode(cluster, lost);
      await answers(platform);
      const api = passed();
      report(`${api} s after the reboot  the API answers`);
      await ready(platform, lost);
      report(`${passed()} s  ${lost} is ready`);
      const { leader } = await clients.members.whole(signal, 300);
      report(`${passed()} s  ${leader} leads, and is followed`);
      await clients.store.whole(signal, 300);
      report(`${passed()} s  Redis is whole`);
      await waitForHealth(platform, before);
      const back = passed();
      report(`${back} s  everything Synced and Healthy`);
      const seen = await seenBy(clients, since, new Date());
      report(`failures of the client outside: ${seen.reasons}`);
      const missing = await lostBy(clients, since, signal);
      return {
        figures: {
          'back after reboot': back,
          'API after reboot': api,
          'pages gone': seen.pages,
          'database gone': seen.database,
          'Redis gone': seen.redis,
          'lost by Redis': missing.keys,
        },
        units,
        checks: [
          {
            what: 'rows that were acknowledged and are lost',
            expected: 'none',
            got: missing.rows.join(', ') || 'none',
          },
        ],
      };
    });
  });
}

/** Waits until the API answers, with what etcd has. */
export async function answers({ cluster, signal }: PlatformGround): Promise<void> {
  await waitFor('the API', { atMost: 240, every: 200, signal }, async () => {
    return (await tryKubectl(cluster, ['get', 'nodes', '--request-timeout=3s'])).status === 0;
  });
}
