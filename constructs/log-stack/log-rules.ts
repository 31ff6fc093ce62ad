import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { ofLogs } from '../core/log-alert.ts';
import type { LogAlert, LogAlertProps } from '../core/log-alert.ts';
import { ruleFilesOf } from '../core/rule-files.ts';

/** What Loki's ruler looks at: a file for each application that declares an alert. @param runbooks where their pages are */
export function logRuleFiles(alerts: readonly LogAlert[], runbooks: string): Readonly<Record<string, string>> {
  checkLogAlerts(alerts);
  if (alerts.length === 0) return { 'none.yaml': 'groups: []\n' };
  return ruleFilesOf(alerts, ({ props }, application) => ({
    alert: props.name,
    expr: logQuery(props),
    labels: { severity: props.severity, component: application, ...ofLogs },
    annotations: { summary: props.summary, runbook: `${runbooks}/${props.runbook}.md` },
  }));
}

/** LogQL that gives a series while there are too many such lines. */
export function logQuery({ of, contains, by, withinMinutes, moreThan }: LogAlertProps): string {
  const lines = [`{namespace="${of.namespace}",app="${of.name}"}`, ...contains.map((text) => `|= \`${text}\``)].join(
    ' ',
  );
  const counted = `count_over_time(${lines}${by === undefined ? '' : ` | json ${by}="${by}"`} [${withinMinutes}m])`;
  return `sum${by === undefined ? '' : ` by (${by})`} (${counted}) > ${moreThan}`;
}

function isPodOwner(of: unknown): boolean {
  const { name, namespace } = Object(of) as Partial<LogAlertProps['of']>;
  return name !== undefined && namespace !== undefined;
}

/** TypeScript says most of it too, but synth runs without the type checker. */
function checkLogAlerts(alerts: readonly LogAlert[]): void {
  const names = alerts.map(({ props }) => props.name);
  const findings = alerts.flatMap(({ props }): Finding[] => {
    const { of, name, contains, by, moreThan, withinMinutes, runbook, summary } = props;
    const where = `log alert ${name}`;
    const remedy = 'change it where the alert is made';
    const wrong: readonly (readonly [boolean, string, string])[] = [
      [
        !/^[A-Z][A-Za-z0-9]+$/.test(name) || names.filter((other) => other === name).length > 1,
        `its name is ${name}`,
        'upper camel case, such as WafTriedByOne, each once',
      ],
      [!/^[a-z0-9-]+$/.test(runbook), 'it has no runbook', 'a file of docs/runbooks/ without its ending'],
      [summary.length < 10, 'it has no summary', 'a sentence'],
      [!isPodOwner(of), 'it counts the lines of what has no pods', 'a workload, such as backend.workload'],
      [
        !Array.isArray(contains) ||
          contains.length === 0 ||
          contains.some((text) => text.length < 3 || /[`\n]/.test(text)),
        `it counts lines with ${JSON.stringify(contains)}`,
        'a list of texts, each three characters or more of one line, without a backtick',
      ],
      [by !== undefined && !/^[a-z_]+$/.test(by), `it counts by ${by ?? ''}`, 'a field, such as client'],
      [
        !(Number.isInteger(moreThan) && moreThan >= 0),
        `it fires with more than ${moreThan} lines`,
        'a whole number, or 0 for the first line',
      ],
      [
        !(Number.isInteger(withinMinutes) && withinMinutes >= 1 && withinMinutes <= 60),
        `it counts the lines of ${withinMinutes} minutes`,
        '1 to 60: each look reads all of them',
      ],
    ];
    return wrong.filter(([isWrong]) => isWrong).map(([, what, allowed]) => ({ where, what, allowed, remedy }));
  });
  if (findings.length > 0) throw new InputError(findings);
}
