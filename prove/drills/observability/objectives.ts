import { setTimeout as delay } from 'node:timers/promises';
import type { Prometheus } from '../../components/observability/prometheus.ts';
import type { Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** Whether every declared objective is measured, and what it costs to look at all of them. */
export async function objectives({ platform, report, signal }: PlatformGround, prometheus: Prometheus): Promise<Round> {
  const declared = platform.objectives.map(({ id }) => id).sort();
  const idsOf = async (series: string): Promise<readonly string[]> =>
    (await prometheus.query(`count by (sloth_id) (${series})`)).flatMap(({ metric }) => metric.sloth_id ?? []);
  const without = (ids: readonly string[]): string => declared.filter((id) => !ids.includes(id)).join(', ') || 'none';
  let measured: readonly string[] = [];
  let budgets: readonly string[] = [];
  // Rates need two looks, each rule upon rules one more, and it looks every half a minute. What isn't there by then has
  // missed it.
  const end = performance.now() + 180_000;
  for (;;) {
    measured = await idsOf('slo:sli_error:ratio_rate5m');
    budgets = await idsOf('slo:period_error_budget_remaining:ratio');
    if ([measured, budgets].every((ids) => without(ids) === 'none') || performance.now() > end) break;
    await delay(5000, undefined, { signal });
  }
  const milliseconds =
    1000 * (await prometheus.number('sum(prometheus_rule_group_last_duration_seconds{rule_group=~".*sloth-slo.*"})'));
  report(`objectives: ${measured.length} of ${declared.length} are measured, in ${Math.round(milliseconds)} ms`);
  return {
    figures: { objectives: declared.length, 'to look at all': Math.round(milliseconds) },
    units: { objectives: 'objectives', 'to look at all': 'ms' },
    checks: [
      { what: 'objectives without a ratio of errors', expected: 'none', got: without(measured) },
      { what: 'objectives without a budget', expected: 'none', got: without(budgets) },
    ],
  };
}
