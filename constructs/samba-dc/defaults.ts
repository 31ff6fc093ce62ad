import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';
import { archiveDefaults } from '../stateful/index.ts';

/** What the tests and the documentation take for the defaults. */
export const sambaDCDefaults = {
  server: 'DC1',
  size: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(512) },
  storageClass: 'local-path',
  dnsForwarder: false,
  units: [],
  groups: [],
  serviceAccounts: [],
} as const;

export const directoryBackupDefaults = { keepDays: 30, ...archiveDefaults } as const;

/** What a policy says of what it leaves out. */
export const usualPasswordPolicy = {
  minimumLength: 12,
  complexity: true,
  history: 24,
  maximumAgeDays: 0,
  minimumAgeDays: 1,
  lockoutThreshold: 10,
  lockoutMinutes: 15,
} as const;

/** What the Administrator's password is made of. */
export const administratorKey = { kind: 'random', bytes: 32, encoding: 'base64url' } as const;
