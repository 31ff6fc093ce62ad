import { dump } from 'js-yaml';
import { applicationOf } from '../core/application-chart.ts';
import type { Alert } from '../core/alert.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';

/** Of alerts that ask what kube-state-metrics tells: without it many would take for gone what nobody tells of. */
export const ofObjects = { source: 'kube-state-metrics' } as const;

/** What Prometheus looks at: a file for each application whose alerts there are. @param runbooks where their pages are */
export function ruleFiles(alerts: readonly Alert[], runbooks: string): Readonly<Record<string, string>> {
  checkAlerts(alerts);
  const applications = [...new Set(alerts.map((alert) => applicationOf(alert).application))].sort();
  return Object.fromEntries(
    applications.map((application) => {
      const own = alerts.filter((alert) => applicationOf(alert).application === application);
      const rules = own.map(({ props }) => ({
        alert: props.name,
        expr: props.expression,
        ...(props.forMinutes > 0 ? { for: `${props.forMinutes}m` } : {}),
        labels: {
          severity: props.severity,
          component: application,
          ...(props.expression.includes('kube_') ? ofObjects : {}),
        },
        annotations: { summary: props.summary, runbook: `${runbooks}/${props.runbook}.md` },
      }));
      const ordered = rules.sort((a, b) => (a.alert + a.expr < b.alert + b.expr ? -1 : 1));
      return [`${application}.yaml`, dump({ groups: [{ name: application, rules: ordered }] }, { lineWidth: -1 })];
    }),
  );
}

/** TypeScript says most of it too, but synth runs without the type checker. */
function checkAlerts(alerts: readonly Alert[]): void {
  const findings = alerts.flatMap(({ props: { name, runbook, summary, expression } }): Finding[] => {
    const where = `alert ${name}`;
    const remedy = 'change it where the alert is made';
    return [
      ...(/^[A-Z][A-Za-z0-9]+$/.test(name)
        ? []
        : [{ where, what: `its name is ${name}`, allowed: 'upper camel case, such as PostgresNoLeader', remedy }]),
      ...(/^[a-z0-9-]+$/.test(runbook)
        ? []
        : [{ where, what: 'it has no runbook', allowed: 'a file of docs/runbooks/ without its ending', remedy }]),
      ...(summary.length >= 10 && expression.trim() !== ''
        ? []
        : [{ where, what: 'it has no summary or no expression', allowed: 'a sentence, and PromQL', remedy }]),
    ];
  });
  if (findings.length > 0) throw new InputError(findings);
}
