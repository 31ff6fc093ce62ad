import path from 'node:path';
import type { Environment } from '../../../constructs/core/environment.ts';
import type { Cluster } from '../../cluster/handle.ts';
import type { ProgramName } from '../../tools/programs.ts';
import type { Layer } from '../layer.ts';
import type { PlatformImage } from './platform.ts';
import { accounts, debianLayer, worldAuthorityLayer } from './system.ts';

/** What has to be built for these images, where any environment has them. */
export const observabilityPrograms = [
  'prometheus',
  'node-exporter',
  'kube-state-metrics',
  'blackbox-exporter',
] as const satisfies readonly ProgramName[];

/** What watches the cluster, where it is watched: each program alone, where its image has it; but for Alertmanager's. */
export function observabilityImages(
  table: Pick<Environment, 'image' | 'observability'>,
  cluster: Pick<Cluster, 'cgroup' | 'folder' | 'program'>,
): PlatformImage[] {
  if (table.observability === undefined) return [];
  const image = (name: ProgramName, file: string, more: readonly Layer[] = []): PlatformImage => ({
    reference: `${table.image(name).repository}:${table.image(name).tag}`,
    layers: [{ name, files: { [file]: cluster.program(name) }, texts: accounts, folders: ['tmp'] }, ...more],
    entrypoint: [`/${file}`],
    user: 65534,
  });
  const { repository, tag } = table.image('alertmanager');
  return [
    {
      reference: `${repository}:${tag}`,
      layers: [
        {
          name: 'alertmanager',
          release: 'trixie',
          packages: ['prometheus-alertmanager'],
          links: { 'usr/bin/alertmanager': 'prometheus-alertmanager' },
        },
        worldAuthorityLayer(cluster),
      ],
      entrypoint: ['/bin/alertmanager'],
      user: 65534,
      standIn: "Alertmanager: Debian 13's, of an older version; the module has not the page that the program takes in",
    },
    image('prometheus', 'bin/prometheus'),
    image('node-exporter', 'bin/node_exporter'),
    image('kube-state-metrics', 'kube-state-metrics'),
    // It asks for pages with certificates of the stand-in for Let's Encrypt.
    image('blackbox-exporter', 'bin/blackbox_exporter', [worldAuthorityLayer(cluster)]),
    ...(table.observability.dashboards === false ? [] : [grafana(table, cluster)]),
  ];
}

function grafana(table: Pick<Environment, 'image'>, { program }: Pick<Cluster, 'program'>): PlatformImage {
  const { repository, tag } = table.image('grafana');
  return {
    reference: `${repository}:${tag}`,
    layers: [
      debianLayer,
      {
        name: 'grafana-stand-in',
        // Debian's /bin is a link.
        files: {
          'usr/bin/probe': program('probe'),
          'usr/share/grafana/bin/grafana': path.join(import.meta.dirname, 'files', 'grafana-stand-in.sh'),
        },
      },
    ],
    entrypoint: ['/usr/share/grafana/bin/grafana'],
    user: 472,
    standIn: 'Grafana: a script that reads what Grafana is given and answers for its health; it shows nothing',
  };
}
