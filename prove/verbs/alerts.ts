import process from 'node:process';
import { buildPlatform } from '../../apps/platform.ts';
import { environments } from '../../config/index.ts';
import { parseArguments } from '../../synth/arguments.ts';
import type { Output } from '../../synth/command.ts';
import { readDeliveries } from '../results/deliveries.ts';
import { markdown, writeTable } from './marked-table.ts';

/**
 * Runs `npm run prove -- alerts`: every alert of every environment, and when it last reached somebody in a drill.
 * @returns the exit code 0
 * @throws InputError with `--check` and a docs/runbooks/README.md that is not current
 */
export function alertsCommand(args: readonly string[], output: Output, root = process.cwd()): number {
  const { values } = parseArguments({ args: [...args], options: { check: { type: 'boolean', default: false } } });
  const table = { file: 'docs/runbooks/README.md', name: 'alerts', text: alertsTable(root) };
  writeTable({ ...table, writtenBy: 'npm run prove -- alerts' }, { check: values.check, root, output });
  return 0;
}

function alertsTable(root: string): string {
  const deliveries = readDeliveries(root);
  const alerts = Object.keys(environments).flatMap((name) => {
    const { alerts: own, objectives } = buildPlatform(name);
    return [
      ...own.map(({ props: { name: alert, severity, forMinutes, runbook } }) => ({
        name: alert,
        severity,
        minutes: String(forMinutes),
        runbook,
      })),
      // How long depends on how fast the budget goes.
      ...objectives.map(({ props: { alert, pages, runbook } }) => ({
        name: alert,
        severity: pages ? 'page, ticket' : 'ticket',
        minutes: '',
        runbook,
      })),
    ];
  });
  const byName = new Map(alerts.map((alert) => [alert.name, alert]));
  const rows = [...byName.values()]
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map(({ name, severity, runbook, minutes }) => {
      const delivery = deliveries[name];
      const last = delivery === undefined ? '' : `${delivery.date}, ${delivery.area}`;
      return [name, severity, minutes, `[${runbook}](${runbook}.md)`, last, String(delivery?.seconds ?? '')];
    });
  return markdown(['alert', 'severity', 'minutes', 'runbook', 'last told', 'seconds'], rows, ['minutes', 'seconds']);
}
