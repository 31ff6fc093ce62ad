import type { DashboardProps, LinesOf } from '../../core/dashboard.ts';

/** As Loki reads the level of a line, whatever wrote it. */
const bad = 'detected_level=~"error|critical|fatal"';

/**
 * What Loki says itself at each question, as an error: that nobody may delete lines, which it was told.
 * @see https://github.com/grafana/loki/issues/8468
 */
const knownOfLoki = 'deletion is not available for this tenant';

/** LogQL of whose lines a board shows, and of those that tell of something bad. */
export function lineQueries(of: NonNullable<DashboardProps['lines']>): { readonly bad: string; readonly all: string } {
  const lines = `{${of === 'all' ? 'namespace=~".+"' : labelsOf(of)}}`;
  const known = of === 'all' ? ` != \`${knownOfLoki}\`` : '';
  return { bad: `${lines}${known} | ${bad}`, all: lines };
}

function labelsOf({ namespace, workloads }: LinesOf): string {
  if (workloads === undefined) return `namespace="${namespace}"`;
  const [first, ...others] = workloads;
  return `namespace="${namespace}",app${others.length > 0 ? `=~"${workloads.join('|')}"` : `="${first}"`}`;
}
