import type { AlertProps } from '../core/alert.ts';

export interface AlertSettings {
  /** Of Traefik's Deployment. */
  readonly name: string;
  readonly namespace: string;
}

const replicas = 2;

/** Requests a second below which a share says nothing: of ten requests, two that fail are no incident. */
const enough = 0.2;

/** What can go wrong on the way in, as PromQL over the numbers of Traefik 3.7, cert-manager 1.21 and kube-state-metrics. */
export function edgeAlerts(settings: AlertSettings): readonly AlertProps[] {
  return [...podAlerts(settings), ...requestAlerts(settings), ...certificateAlerts(settings)];
}

function podAlerts({ name, namespace }: AlertSettings): readonly AlertProps[] {
  const ready = `(min(kube_deployment_status_replicas_ready{namespace="${namespace}",deployment="${name}"}) or vector(0))`;
  const own = `namespace="${namespace}",pod=~"${name}-[a-z0-9]+-[a-z0-9]+"`;
  return [
    {
      name: 'EdgeGone',
      expression: `${ready} < 1`,
      forMinutes: 1,
      severity: 'page',
      summary: `no Traefik of ${name} takes requests: nothing can be reached from outside`,
      runbook: 'edge-down',
    },
    {
      name: 'EdgePodDown',
      expression: `${ready} < ${replicas}`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `one Traefik of ${name} is away: the loss of the other one would close the way in`,
      runbook: 'edge-down',
    },
    {
      name: 'EdgeNotWatched',
      // Where a number is missing, what asks for it keeps quiet.
      expression: `(count(traefik_config_last_reload_success{${own}}) or vector(0)) < ${replicas}`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `numbers of a Traefik of ${name} are missing: alerts that need them keep quiet`,
      runbook: 'edge-down',
    },
  ];
}

function requestAlerts({ name, namespace }: AlertSettings): readonly AlertProps[] {
  const requests = (more = ''): string =>
    `sum(rate(traefik_entrypoint_requests_total{namespace="${namespace}",entrypoint="websecure"${more}}[5m]))`;
  /** Nothing where too few ask. */
  const share = (code: string): string => `${requests(`,code=~"${code}"`)} / (${requests()} > ${enough})`;
  const duration = 'traefik_entrypoint_request_duration_seconds_bucket';
  const slow = `histogram_quantile(0.95, sum by (le) (rate(${duration}{namespace="${namespace}",entrypoint="websecure",code!="101"}[5m])))`;
  return [
    {
      name: 'EdgeErrors',
      expression: `${share('5..')} > 0.05`,
      forMinutes: 5,
      severity: 'page',
      summary: `more than one request of twenty fails at ${name}`,
      runbook: 'edge-errors',
    },
    {
      name: 'EdgeSlow',
      expression: `(${slow} > 2.5) and on () (${requests()} > ${enough})`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `one request of twenty takes more than 2.5 s at ${name}`,
      runbook: 'edge-errors',
    },
    {
      name: 'EdgeRefusesMany',
      expression: `${share('429')} > 0.2`,
      forMinutes: 10,
      severity: 'ticket',
      summary: `one request of five is over its client's limits at ${name}: an attack, or limits that are too low`,
      runbook: 'edge-attack',
    },
    {
      name: 'EdgeManyConnections',
      expression: `sum(traefik_open_connections{namespace="${namespace}",entrypoint="websecure"}) > 5000`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `more than 5000 connections are open at ${name}: each takes memory, and a flood looks like this`,
      runbook: 'edge-attack',
    },
  ];
}

/**
 * By the fraction of what is left after a renewal was due, however long certificates live: 90 days today, 45 soon. What is missing
 * altogether is an order that was never filled.
 */
function certificateAlerts({ name, namespace }: AlertSettings): readonly AlertProps[] {
  const of = (what: string): string => `certmanager_certificate_${what}{namespace="${namespace}"}`;
  const expires = of('expiration_timestamp_seconds');
  const due = of('renewal_timestamp_seconds');
  const used = `(time() - ${due}) / (${expires} - ${due} > 0)`;
  const runbook = 'edge-certificate';
  return [
    {
      name: 'EdgeCertificateNotRenewed',
      expression: `max by (name) (${used}) > 0.2`,
      forMinutes: 60,
      severity: 'ticket',
      summary: `a certificate of ${name} should have been renewed: a fifth of what was left is gone`,
      runbook,
    },
    {
      name: 'EdgeCertificateExpires',
      expression: `max by (name) (${used}) > 0.7`,
      forMinutes: 5,
      severity: 'page',
      summary: `a certificate of ${name} expires soon, and was not renewed: browsers will refuse the host`,
      runbook,
    },
    {
      name: 'EdgeCertificateMissing',
      expression: `max by (name) (certmanager_certificate_ready_status{namespace="${namespace}",condition="True"}) < 1`,
      forMinutes: 30,
      severity: 'ticket',
      summary: `a certificate of ${name} is not there, or not for what it was ordered for`,
      runbook,
    },
    {
      name: 'EdgeCertificatesNotWatched',
      expression: `absent(${expires})`,
      forMinutes: 30,
      severity: 'ticket',
      summary: `cert-manager tells nothing of the certificates of ${name}: nobody would learn that one expires`,
      runbook,
    },
  ];
}
