import { ForeignWorkload } from '../constructs/core/foreign-workload.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { Workload } from '../constructs/core/workload.ts';
import { ObservabilityStack } from '../constructs/observability-stack/index.ts';

/**
 * Bytes of lines, measured on 2026-12-01 over 37 minutes of drills in the proving ground, with stand-ins for the applications: 0.5 MB
 * of 33 pods, 6.2 MB of Argo CD, which writes each request to the API and each look at a repository.
 */
const logs = { ofPod: 0.6e6, ofArgoCd: 240e6 } as const;

/** What it costs to watch, in lines for people; none where nobody watches. */
export function watching(platform: Platform): readonly string[] {
  const [stack] = platform.charts.flatMap(({ node }) =>
    node.findAll().filter((each) => each instanceof ObservabilityStack),
  );
  const budget = stack?.budget;
  if (budget === undefined) return [];
  const { targets, usual, most, holds, mebibytesADay } = budget;
  return [
    `${targets} targets, some ${rounded(usual)} series, ${mebibytesADay} MiB a day; at most ${shown(most)} of ${shown(holds)} that it holds`,
    `some ${rounded(logBytesADay(platform) / 1e6)} MB of logs a day, and what each request adds`,
  ];
}

function logBytesADay({ owners, environment }: Platform): number {
  const pods = owners.reduce((total, owner) => {
    if (owner instanceof Workload) return total + owner.demand(environment.nodes.length).least;
    return total + (owner instanceof ForeignWorkload ? (owner.requests?.replicas ?? 0) : 0);
  }, 0);
  return pods * logs.ofPod + (environment.sharesCluster ? 0 : logs.ofArgoCd);
}

/** To two digits: more of an estimate would be untrue. */
function rounded(value: number): string {
  return shown(Number(value.toPrecision(2)));
}

function shown(value: number): string {
  return value.toLocaleString('en');
}
