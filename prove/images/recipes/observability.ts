import type { Environment } from '../../../constructs/core/environment.ts';
import type { Cluster } from '../../cluster/handle.ts';
import type { ProgramName } from '../../tools/programs.ts';
import type { PlatformImage } from './platform.ts';
import { accounts } from './system.ts';

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
  { program }: Pick<Cluster, 'program'>,
): PlatformImage[] {
  if (table.observability === undefined) return [];
  const image = (name: ProgramName, file: string): PlatformImage => ({
    reference: `${table.image(name).repository}:${table.image(name).tag}`,
    layers: [{ name, files: { [file]: program(name) }, texts: accounts, folders: ['tmp'] }],
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
      ],
      entrypoint: ['/bin/alertmanager'],
      user: 65534,
      standIn: "Alertmanager: Debian 13's, of an older version; the module has not the page that the program takes in",
    },
    image('prometheus', 'bin/prometheus'),
    image('node-exporter', 'bin/node_exporter'),
    image('kube-state-metrics', 'kube-state-metrics'),
    image('blackbox-exporter', 'bin/blackbox_exporter'),
  ];
}
