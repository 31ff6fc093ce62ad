import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import type { Image } from '../core/environment.ts';
import { httpProbes } from '../core/probes.ts';
import type { Parts } from './parts.ts';
import { ports } from './paths.ts';

/** The exporter's image, with what starts it. */
export interface Exporter {
  readonly image: Image;
  readonly files: ConfigFiles;
}

const scriptsPath = '/opt/exporter';

/** @param scope of the store, which its objects are called after */
export function exporterOf(construct: Construct, image: Image, scope: string): Exporter {
  const folder = path.join(import.meta.dirname, 'files', 'exporter');
  return {
    image,
    files: new ConfigFiles(construct, 'exporter-scripts', { name: `${scope}-exporter`, folder, executable: true }),
  };
}

/** Shows the numbers of the server or the Sentinel beside it; none where there is no exporter. @param port of that one */
export function exporters({ exporter, passwords, certificate }: Parts, port: number): readonly ContainerProps[] {
  if (exporter === undefined) return [];
  return [
    {
      name: 'exporter',
      image: exporter.image,
      command: [`${scriptsPath}/start.sh`],
      environment: {
        REDIS_ADDR: `${certificate ? 'rediss' : 'redis'}://localhost:${port}`,
        REDIS_USER: 'metrics',
        // The certificate is for the names of Services, and this is the same pod.
        ...(certificate ? { REDIS_EXPORTER_SKIP_TLS_VERIFICATION: 'true' } : {}),
      },
      secretFiles: { METRICS_PASSWORD_FILE: passwords.own.metrics },
      files: { [scriptsPath]: exporter.files },
      ports: [{ name: 'metrics', port: ports.metrics }],
      resources: {
        cpuRequest: Cpu.millicores(5),
        memory: Size.mebibytes(64),
        because: 'Measured: 15Mi beside Redis 7.',
      },
      probes: httpProbes('metrics', { live: '/health' }),
    },
  ];
}
