import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { ConfigFiles } from '../core/config-files.ts';
import type { ContainerProps } from '../core/container.ts';
import { Cpu } from '../core/cpu.ts';
import { serviceHost } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { httpProbes } from '../core/probes.ts';
import type { Life } from '../stateful/index.ts';
import { paths, ports } from './paths.ts';

const folder = path.join(import.meta.dirname, 'files', 'exporter');
const scripts = '/opt/exporter';

/** Asks the server beside it by each of its protocols, and shows whether it was answered. */
export function exporter(
  construct: Construct,
  image: Image,
  { name, namespace, scope }: Life,
  realm: string,
): ContainerProps {
  return {
    name: 'exporter',
    image,
    command: ['python3', '-B', `${scripts}/exporter.py`],
    environment: {
      REALM: realm,
      // The certificate is for names, and this is the same pod.
      HOST: serviceHost(name, namespace),
      AUTHORITY: `${paths.certificate}/ca.crt`,
      TOLD: paths.told,
    },
    ports: [{ name: 'metrics', port: ports.metrics }],
    resources: {
      cpuRequest: Cpu.millicores(5),
      memory: Size.mebibytes(64),
      because: 'Measured: 21 MiB of Python; it asks two short questions each 15 s.',
    },
    probes: httpProbes('metrics', { live: '/healthz' }),
    files: { [scripts]: new ConfigFiles(construct, 'exporter-scripts', { name: `${scope}-exporter`, folder }) },
    mounts: [
      { volume: 'certificate', path: paths.certificate, readOnly: true },
      { volume: 'told', path: paths.told, readOnly: true },
    ],
  };
}
