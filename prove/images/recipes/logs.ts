import path from 'node:path';
import { dump } from 'js-yaml';
import type { Environment } from '../../../constructs/core/environment.ts';
import { delivery, nodeVariable, podLogFiles, stages } from '../../../constructs/log-stack/index.ts';
import type { Stage } from '../../../constructs/log-stack/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import type { ProgramName } from '../../tools/programs.ts';
import type { PlatformImage } from './platform.ts';
import { accounts, debianLayer, worldAuthorityLayer } from './system.ts';

/** What has to be built for these images, where any environment has them. */
export const logPrograms = ['loki', 'promtail'] as const satisfies readonly ProgramName[];

/** What keeps logs and what reads them, where somebody does. */
export function logImages(
  table: Pick<Environment, 'image' | 'observability'>,
  cluster: Pick<Cluster, 'cgroup' | 'folder' | 'program'>,
): PlatformImage[] {
  if (table.observability?.logs === undefined) return [];
  const { program } = cluster;
  const reference = (name: string): string => `${table.image(name).repository}:${table.image(name).tag}`;
  return [
    {
      reference: reference('loki'),
      layers: [
        { name: 'loki', files: { 'usr/bin/loki': program('loki') }, texts: accounts, folders: ['tmp'] },
        // It asks the stand-in for object storage, whose certificate is of the world.
        worldAuthorityLayer(cluster),
      ],
      entrypoint: ['/usr/bin/loki'],
      user: 10_001,
    },
    {
      reference: reference('alloy'),
      layers: [
        debianLayer,
        {
          name: 'promtail-as-alloy',
          // Debian's /bin is a link.
          files: {
            'usr/bin/promtail': program('promtail'),
            'usr/bin/alloy': path.join(import.meta.dirname, 'files', 'promtail-as-alloy.sh'),
          },
          texts: { 'etc/promtail/promtail.yaml': promtailConfiguration() },
        },
      ],
      entrypoint: ['/bin/alloy'],
      user: 0,
      standIn:
        "Alloy: Promtail of the same makers, with the same stages from the same table; its numbers have other names, so alerts of agents aren't measured",
    },
  ];
}

/** The agent's stages as Promtail reads them. @see https://grafana.com/docs/loki/v3.0.x/send-data/promtail/configuration/ */
export function promtailConfiguration(): string {
  return dump(
    {
      server: { http_listen_port: 12_345, grpc_listen_port: 0, log_level: 'warn' },
      positions: { filename: '/var/lib/alloy/positions.yaml' },
      clients: [
        {
          url: '${LOKI_URL}',
          batchwait: delivery.batchWait,
          backoff_config: { min_period: delivery.backoffLeast, max_period: delivery.backoffMost, max_retries: 0 },
          external_labels: { node: `\${${nodeVariable}}` },
        },
      ],
      target_config: { sync_period: '5s' },
      scrape_configs: [
        {
          job_name: 'pods',
          static_configs: [{ targets: ['localhost'], labels: { __path__: podLogFiles } }],
          pipeline_stages: stages.map(promtailStage),
        },
      ],
    },
    { lineWidth: -1, noRefs: true },
  );
}

/** Where Alloy's stages have their values under a name of its own, or another name. */
function promtailStage(stage: Stage): object {
  return Object.fromEntries(
    Object.entries(stage).map(([name, { values, ...settings }]) => [
      name.replace('label_drop', 'labeldrop'),
      values ?? settings,
    ]),
  );
}
