import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';

/** What the tests and the documentation take for the defaults. */
export const traceStoreDefaults = {
  keepHours: 72,
  storage: Size.gibibytes(10),
  storageClass: 'local-path',
  sharePercent: 10,
  slowMilliseconds: 1000,
  mostSpansPerSecond: 400,
  size: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(768) },
} as const;

/** An estimate of what a span takes on the disk, with what it is found by: those of Traefik have the most. */
export const bytesOfSpan = 2048;

/** Of the volume, beyond which a start begins with nothing: the rest is for what is written until then. */
export const fullAt = 0.8;
