import { WayIn } from '../../components/edge/way-in.ts';
import { Prometheus } from '../../components/observability/prometheus.ts';
import type { Area } from '../area.ts';
import { alerts, told } from './alerts.ts';
import { killed, numbers } from './numbers.ts';
import { objectives } from './objectives.ts';
import { panels } from './panels.ts';
import { quiet } from './quiet.ts';

/** From what costs nothing to what takes the most away. */
export const area: Area<'platform'> = {
  purpose: 'asks who watches for what it reads, and takes away what somebody has to be told of',
  promises: {
    metrics:
      'Prometheus asked for its targets, its rules and every name that they ask for, and whatever a panel of a dashboard asks; ' +
      'then kill -9 of its process, and asked again for what it had',
    slo: 'Prometheus asked for the errors and the budget of every declared objective, by the rules that Sloth makes too',
    alerts:
      'nothing done for five minutes; then the power of the node without a server taken away and the way in closed, both ' +
      'given back, and the node of Prometheus frozen, beside a stand-in for whoever is on call and one who misses the sign of life',
  },
  needs: 'platform',
  asks: 'observability',
  minutes: 24,
  programs: [],
  about: [
    ...[
      'constructs/observability-stack',
      'apps/observability.ts',
      'constructs/core/alert.ts',
      'constructs/core/dashboard.ts',
      'constructs/core/objective.ts',
      'constructs/core/scrape.ts',
    ],
    ...['prove/components/observability', 'prove/images/recipes/observability.ts'],
  ],
  run: async (platform) => {
    // Public paths are asked for by the way that people have.
    const way = await WayIn.of(platform);
    const prometheus = new Prometheus(platform);
    const [read, undisturbed] = await Promise.all([numbers(platform, prometheus), quiet(platform, prometheus)]);
    const kept = await objectives(platform, prometheus);
    const looked = await panels(platform, prometheus);
    const again = await killed(platform, prometheus);
    const provoked = await alerts(platform, prometheus, way);
    return {
      metrics: {
        figures: { ...read.figures, ...looked.figures, ...again.figures },
        units: { ...read.units, ...looked.units, ...again.units },
        checks: [...read.checks, ...looked.checks, ...again.checks],
        ...(looked.table ? { table: looked.table } : {}),
      },
      slo: kept,
      alerts: told(undisturbed, provoked),
    };
  },
};
