import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';

/** What the tests and the documentation take for the defaults. */
export const observabilityStackDefaults = {
  replicas: 1,
  storage: Size.gibibytes(10),
  storageClass: 'local-path',
  retentionDays: 31,
  scrapeSeconds: 30,
  size: { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(1024) },
  kubeStateMetricsSize: { cpuRequest: Cpu.millicores(10), memory: Size.mebibytes(128) },
  alertmanagerSize: { cpuRequest: Cpu.millicores(10), memory: Size.mebibytes(96) },
  blackboxSize: { cpuRequest: Cpu.millicores(5), memory: Size.mebibytes(48) },
} as const;

/** Of the volume, what is kept: the rest is for what is written before old blocks are removed. */
export const retentionShare = 0.8;

/** Whom a receiver tells of, where it doesn't say: what has no hurry and no action is only written down. */
export const usualSeverities = ['page', 'ticket'] as const;

export const grafanaDefaults = {
  size: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(256) },
} as const;

export const statusPageDefaults = {
  size: { cpuRequest: Cpu.millicores(5), memory: Size.mebibytes(96) },
} as const;

export const nodeExporterDefaults = {
  size: { cpuRequest: Cpu.millicores(5), memory: Size.mebibytes(48) },
} as const;
