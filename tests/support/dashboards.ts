import type { DashboardProps, PanelProps } from '../../constructs/core/dashboard.ts';

export const panelsOf = ({ rows }: DashboardProps): PanelProps[] =>
  rows.flatMap(({ now = [], curves = [] }) => [...now, ...curves]);

export const queriesOf = (dashboard: DashboardProps): string[] =>
  panelsOf(dashboard).flatMap(({ queries }) => Object.values(queries));

const words = new Set(['and', 'or', 'unless', 'bool', 'offset', 'inf', 'nan']);

/** Names of the metrics that PromQL asks for. */
export function metricsIn(expression: string): string[] {
  const bare = expression
    .replaceAll(/"[^"]*"/g, '')
    .replaceAll(/\{\{.window\}\}|\$__rate_interval/g, '5m')
    .replaceAll(/\{[^}]*\}/g, ' ')
    .replaceAll(/\[[^\]]*\]/g, ' ')
    .replaceAll(/\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)/g, ' ')
    .replaceAll(/\bgroup_(left|right)\b/g, ' ');
  return [...bare.matchAll(/(?<![\w.:])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])/g)]
    .map(([, name]) => name!)
    .filter((name) => !words.has(name.toLowerCase()));
}
