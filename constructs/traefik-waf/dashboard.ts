import type { DashboardProps } from '../core/dashboard.ts';

/** The way in and its firewall, by the numbers of Traefik 3.7 and of the firewall. */
export function edgeDashboard(name: string, namespace: string): DashboardProps {
  const own = `namespace="${namespace}"`;
  const entry = `${own},entrypoint="websecure"`;
  const rate = (series: string): string => `rate(${series}[$__rate_interval])`;
  const requests = (more = ''): string => `sum(${rate(`traefik_entrypoint_requests_total{${entry}${more}}`)})`;
  const duration = `traefik_entrypoint_request_duration_seconds_bucket{${entry},code!="101"}`;
  const slowest = (share: number): string => `histogram_quantile(${share}, sum by (le) (${rate(duration)}))`;
  return {
    name,
    title: `Way in: ${name}`,
    description: 'What comes in, what is answered, and what the firewall refuses?',
    rows: [
      {
        title: 'Requests',
        now: [
          { title: 'Requests', description: 'A second.', unit: 'reqps', queries: { requests: requests() } },
          {
            title: 'Errors of servers',
            description: 'Of all requests: fewer than one of a hundred.',
            unit: 'percentunit',
            bad: { from: 0.01 },
            queries: { errors: `(${requests(',code=~"5.."')} or vector(0)) / ${requests()}` },
          },
          {
            title: 'Time to an answer (95 %)',
            description: 'Within which nineteen of twenty are answered: less than two and a half seconds.',
            unit: 's',
            bad: { from: 2.5 },
            queries: { slowest: slowest(0.95) },
          },
          {
            title: 'Connections',
            description: 'Open by HTTPS.',
            unit: 'count',
            bad: { from: 5000 },
            queries: { connections: `sum(traefik_open_connections{${entry}})` },
          },
        ],
        curves: [
          {
            title: 'Requests, by code',
            description: 'A second.',
            unit: 'reqps',
            queries: { '{{code}}': `sum by (code) (${rate(`traefik_entrypoint_requests_total{${entry}}`)})` },
          },
          {
            title: 'Time to an answer',
            description: 'Within which half of all are answered, and nineteen of twenty.',
            unit: 's',
            queries: { '50 %': slowest(0.5), '95 %': slowest(0.95) },
          },
          {
            title: 'Requests, by route',
            description: 'A second.',
            unit: 'reqps',
            queries: { '{{router}}': `sum by (router) (${rate(`traefik_router_requests_total{${own}}`)})` },
          },
          {
            title: 'Errors, by route',
            description: 'A second.',
            unit: 'reqps',
            empty: 'none',
            queries: { '{{router}}': `sum by (router) (${rate(`traefik_router_requests_total{${own},code=~"5.."}`)})` },
          },
        ],
      },
      {
        title: 'Firewall',
        curves: [
          {
            title: 'Refused, or would have been',
            description: 'Requests a second, by route.',
            unit: 'reqps',
            empty: 'none',
            queries: { '{{route}} {{outcome}}': `sum by (route, outcome) (${rate(`waf_requests_total{${own}}`)})` },
          },
          {
            title: 'Rules that refuse',
            description: 'Matches a second; few rules of one route again and again are most likely wrong.',
            unit: 'ops',
            empty: 'none',
            queries: {
              '{{rule}} of {{route}}': `topk(10, sum by (route, rule) (${rate(`waf_rule_matches_total{${own},outcome="blocked"}`)}))`,
            },
          },
        ],
      },
      {
        title: 'Certificates',
        curves: [
          {
            title: 'Until they expire',
            description: 'By certificate: more than a week.',
            unit: 's',
            bad: { below: 7 * 86_400 },
            queries: { '{{name}}': `certmanager_certificate_expiration_timestamp_seconds{${own}} - time()` },
          },
        ],
      },
    ],
  };
}
