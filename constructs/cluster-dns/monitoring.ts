import type { AlertProps } from '../core/alert.ts';

interface AlertSettings {
  /** Of the DaemonSet. */
  readonly name: string;
  readonly namespace: string;
  /** Zones of others, whose own alerts tell when they are away. */
  readonly zones: readonly string[];
}

const runbook = 'cluster-dns';

/** Questions a second below which a share says nothing. */
const enough = 0.2;

/** What can go wrong with names, as PromQL over the numbers of CoreDNS 1.15 and kube-state-metrics. */
export function dnsAlerts({ name, namespace, zones }: AlertSettings): readonly AlertProps[] {
  const set = (what: string): string => `kube_daemonset_status_${what}{namespace="${namespace}",daemonset="${name}"}`;
  const ready = `(min(${set('number_ready')}) or vector(0))`;
  const own = `namespace="${namespace}",pod=~"${name}-[a-z0-9]+"`;
  const others =
    zones.length === 0 ? '' : `,zone!~"${zones.map((zone) => `${zone}.`.replaceAll('.', '\\\\.')).join('|')}"`;
  const answers = (more = ''): string =>
    `sum by (zone) (rate(coredns_dns_responses_total{${own}${others}${more}}[5m]))`;
  return [
    {
      name: 'ClusterDnsDown',
      expression: `${ready} < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: 'no CoreDNS answers: whoever connects anew finds nobody, in the cluster and outside',
      runbook,
    },
    {
      name: 'ClusterDnsMissing',
      expression: `max(${set('desired_number_scheduled')}) - ${ready} > 0`,
      forMinutes: 10,
      severity: 'ticket',
      summary: 'a node has no CoreDNS that is ready: its pods ask another node, whose loss would stop them',
      runbook,
    },
    {
      name: 'ClusterDnsErrors',
      expression: `${answers(',rcode="SERVFAIL"')} / (${answers()} > ${enough}) > 0.05`,
      forMinutes: 5,
      severity: 'page',
      summary: 'more than one question of twenty for names of a zone fails',
      runbook,
    },
    {
      name: 'ClusterDnsNotWatched',
      // Where a number is missing, what asks for it keeps quiet.
      expression: `(count(coredns_build_info{${own}}) or vector(0)) < max(${set('number_ready')})`,
      forMinutes: 15,
      severity: 'ticket',
      summary: 'numbers of a CoreDNS are missing: the alert of its errors keeps quiet',
      runbook,
    },
  ];
}
