import { setTimeout as delay } from 'node:timers/promises';
import { watchdog } from '../../../constructs/observability-stack/index.ts';
import type { Prometheus } from '../../components/observability/prometheus.ts';
import { toldTo } from '../../components/observability/told.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { hostsOf } from './alerts.ts';
import { ofTheGround } from './of-the-ground.ts';

/** Seconds in which nothing is done. */
const still = 300;

/** Waits until nothing that was done before is told any more, and then listens. */
export async function quiet(ground: PlatformGround, prometheus: Prometheus): Promise<Part> {
  const { cluster, report, signal } = ground;
  const { onCall } = hostsOf(ground);
  await waitFor('alerts of what was done before to end', { atMost: 600, every: 5000, signal }, async () =>
    (await prometheus.rules()).every(
      ({ state, name }) => state !== 'firing' || name === watchdog || ofTheGround[name] !== undefined,
    ),
  );
  const since = new Date();
  await delay(still * 1000, undefined, { signal });
  const all = toldTo(cluster, onCall, since).filter(({ status }) => status === 'firing');
  const told = all.filter(({ alert }) => ofTheGround[alert] === undefined);
  report(`quiet: ${told.length} alerts in ${still} s`);
  for (const alert of new Set(all.map((each) => each.alert).filter((each) => ofTheGround[each] !== undefined)))
    report(`  beside ${alert}: ${ofTheGround[alert] ?? ''}`);
  return {
    figures: { quiet: still },
    checks: [
      {
        what: 'what whoever is on call was told while nothing was wrong',
        expected: 'nothing',
        got: told.map(({ alert, labels }) => `${alert} of ${labels.component ?? ''}`).join(', ') || 'nothing',
      },
    ],
  };
}
