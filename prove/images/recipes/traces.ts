import type { Environment } from '../../../constructs/core/environment.ts';
import type { Cluster } from '../../cluster/handle.ts';
import type { ProgramName } from '../../tools/programs.ts';
import type { PlatformImage } from './platform.ts';
import { accounts } from './system.ts';

/** What has to be built for this image, where any environment has it. */
export const tracePrograms = ['jaeger'] as const satisfies readonly ProgramName[];

/** What keeps traces, where somebody does. */
export function traceImages(
  table: Pick<Environment, 'image' | 'observability'>,
  { program }: Pick<Cluster, 'program'>,
): PlatformImage[] {
  if (table.observability?.tracing === undefined) return [];
  const { repository, tag } = table.image('jaeger');
  return [
    {
      reference: `${repository}:${tag}`,
      layers: [
        // What starts it and asks after it are a shell, du and wget, as the original's system has them.
        { name: 'jaeger-system', packages: ['wget'] },
        { name: 'jaeger', files: { 'cmd/jaeger/jaeger-linux': program('jaeger') }, texts: accounts, folders: ['tmp'] },
      ],
      entrypoint: ['/cmd/jaeger/jaeger-linux'],
      user: 10_001,
      standIn: 'Jaeger: 2.13.0, which the module proxy serves, without its page',
    },
  ];
}
