import type { DashboardProps } from '../core/dashboard.ts';

/** Who is the primary, who follows and how full it is, by the numbers of redis_exporter. */
export function redisDashboard(scope: string, namespace: string): DashboardProps {
  const own = `namespace="${namespace}",pod=~"${scope}-[0-9]+"`;
  const per = (series: string): string => `max by (pod) (${series}{${own}})`;
  return {
    name: scope,
    title: `Redis: ${scope}`,
    description: 'Who is the primary, does the other one follow, and is there room?',
    rows: [
      {
        title: 'Members',
        now: [
          {
            title: 'Primaries',
            description: 'One.',
            unit: 'count',
            bad: { below: 1 },
            queries: { primaries: `count(redis_instance_info{${own},role="master"}) or vector(0)` },
          },
          {
            title: 'Replicas in step',
            description: 'One.',
            unit: 'count',
            bad: { below: 1 },
            queries: { replicas: `count(redis_master_link_up{${own}} == 1) or vector(0)` },
          },
          {
            title: 'Memory in use',
            description: 'Of what a member may have, where it is most.',
            unit: 'percentunit',
            bad: { from: 0.9 },
            queries: { most: `max(redis_memory_used_bytes{${own}} / (redis_memory_max_bytes{${own}} > 0))` },
          },
        ],
        curves: [
          {
            title: 'Memory',
            description: 'In use, by member.',
            unit: 'bytes',
            queries: { '{{pod}}': per('redis_memory_used_bytes') },
          },
          {
            title: 'Keys',
            description: 'By member.',
            unit: 'count',
            queries: { '{{pod}}': `sum by (pod) (redis_db_keys{${own}})` },
          },
          {
            title: 'Behind',
            description: 'What the replica has not received.',
            unit: 's',
            bad: { from: 10 },
            queries: { '{{pod}}': per('redis_connected_slave_lag_seconds') },
          },
          {
            title: 'Connections refused',
            description: 'A second: none.',
            unit: 'ops',
            queries: { '{{pod}}': `max by (pod) (rate(redis_rejected_connections_total{${own}}[$__rate_interval]))` },
          },
        ],
      },
    ],
  };
}
