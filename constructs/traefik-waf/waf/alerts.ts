import type { AlertProps } from '../../core/alert.ts';
import type { LogAlertProps } from '../../core/log-alert.ts';

interface AlertSettings {
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
}

/** What can go wrong with the firewall, as PromQL over its own numbers, kube-state-metrics and cAdvisor. */
export function wafAlerts({ name, namespace, replicas }: AlertSettings): readonly AlertProps[] {
  const available = `(min(kube_deployment_status_replicas_available{namespace="${namespace}",deployment="${name}"}) or vector(0))`;
  const requests = (outcome: string): string =>
    `sum by (route) (increase(waf_requests_total{namespace="${namespace}",outcome="${outcome}"}[15m]))`;
  /** Of both pods together: a rule is one, whoever met it. */
  const matches = `sum by (route, rule) (increase(waf_rule_matches_total{namespace="${namespace}",outcome="blocked"}[1h]))`;
  return [
    {
      name: 'WafDown',
      expression: `${available} < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `no pod of ${name} takes requests: every route answers 502`,
      runbook: 'waf-down',
    },
    {
      name: 'WafDegraded',
      expression: `${available} < ${replicas}`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `fewer than ${replicas} pods of ${name} take requests: the loss of a node could stop all routes`,
      runbook: 'waf-down',
    },
    {
      name: 'WafBlocksMany',
      expression: `${requests('blocked')} > 100`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `${name} refused more than 100 requests of a route within 15 minutes: an attack, or a rule that is wrong`,
      runbook: 'waf-blocks',
    },
    {
      name: 'WafRuleSuspected',
      // A scanner trips over many rules; a field of a form over one or two, from then on.
      expression: `${matches} > 20 and on (route) count by (route) (${matches} > 0) < 4`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `${name} refuses requests of a route by few rules again and again: most likely one of them is wrong`,
      runbook: 'waf-false-positive',
    },
    {
      name: 'WafSaturated',
      expression:
        `max by (pod) (rate(container_cpu_usage_seconds_total{namespace="${namespace}",pod=~"${name}-.+",container="nginx"}[5m]))` +
        ' > 1.6',
      forMinutes: 10,
      severity: 'ticket',
      summary: `a pod of ${name} uses both of its processes: requests wait for it`,
      runbook: 'waf-saturated',
    },
  ];
}

/** What only its log tells: whom it refuses. Lines are those of files/waf/log.awk. */
export const wafLogAlert: Omit<LogAlertProps, 'of'> = {
  name: 'WafTriedByOne',
  contains: ['"waf":"blocked"'],
  by: 'client',
  moreThan: 50,
  withinMinutes: 10,
  severity: 'ticket',
  summary:
    'the firewall refused more than 50 requests of {{ $labels.client }} within ten minutes: somebody tries the doors',
  runbook: 'waf-blocks',
};
