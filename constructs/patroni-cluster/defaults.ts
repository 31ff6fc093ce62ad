import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';

/** What the tests and the documentation take for the defaults. */
export const patroniClusterDefaults = {
  version: 17,
  members: 2,
  size: { cpuRequest: Cpu.millicores(500), memory: Size.gibibytes(2) },
  storageClass: 'local-path',
  synchronous: 'on',
  sslMode: 'verify-full',
  consensus: 'endpoints',
} as const;

export const poolerDefaults = {
  mode: 'transaction',
  poolSize: 20,
  maxClients: 1000,
  size: { minReplicas: 2, cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(128) },
} as const;

export const backupDefaults = { keepFullDays: 30, keepWalDays: 7 } as const;
