import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';

/** What the tests and the documentation take for the defaults. */
export const logStoreDefaults = {
  storage: Size.gibibytes(10),
  storageClass: 'local-path',
  retentionDays: 14,
  mebibytesPerSecond: 4,
  mostStreams: 2000,
  longestLine: Size.kibibytes(256),
  size: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(512) },
} as const;

export const logAgentDefaults = {
  size: { cpuRequest: Cpu.millicores(10), memory: Size.mebibytes(320) },
} as const;
