import type { Alert } from '../core/alert.ts';
import { bracketProblem } from '../core/brackets.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { ruleFilesOf } from '../core/rule-files.ts';

/** Of alerts that ask what kube-state-metrics tells: without it many would take for gone what nobody tells of. */
export const ofObjects = { source: 'kube-state-metrics' } as const;

/** What Prometheus looks at: a file for each application whose alerts there are. @param runbooks where their pages are */
export function ruleFiles(alerts: readonly Alert[], runbooks: string): Readonly<Record<string, string>> {
  checkAlerts(alerts);
  return ruleFilesOf(alerts, ({ props }, application) => ({
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
}

/** TypeScript says most of it too, but synth runs without the type checker. */
function checkAlerts(alerts: readonly Alert[]): void {
  const findings = alerts.flatMap(({ props: { name, runbook, summary, expression, forMinutes } }): Finding[] => {
    const where = `alert ${name}`;
    const remedy = 'change it where the alert is made';
    const bracket = bracketProblem(expression);
    return [
      ...(/^[A-Z][A-Za-z0-9]+$/.test(name)
        ? []
        : [{ where, what: `its name is ${name}`, allowed: 'upper camel case, such as PostgresNoLeader', remedy }]),
      ...(/^[a-z0-9-]+$/.test(runbook)
        ? []
        : [{ where, what: 'it has no runbook', allowed: 'a file of docs/runbooks/ without its ending', remedy }]),
      ...(Number.isInteger(forMinutes) && forMinutes >= 0
        ? []
        : [
            {
              where,
              what: `it has to hold for ${String(forMinutes)} minutes`,
              allowed: 'a whole number of minutes, or 0 to tell at once',
              remedy,
            },
          ]),
      ...(bracket === undefined ? [] : [{ where, what: `${bracket}: ${expression}`, allowed: 'PromQL', remedy }]),
      ...(summary.length >= 10 && expression.trim() !== ''
        ? []
        : [{ where, what: 'it has no summary or no expression', allowed: 'a sentence, and PromQL', remedy }]),
    ];
  });
  if (findings.length > 0) throw new InputError(findings);
}
