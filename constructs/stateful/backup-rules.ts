import type { Backups, Generation } from '../core/environment.ts';
import type { Finding } from '../core/error.ts';
import type { ArchiveProps } from './archive.ts';

/**
 * Of backups, as a configuration gives them: some for stores of another kind, and what is missing, are refused with reasons of
 * their own.
 */
export const backupNames: Readonly<Record<keyof (Backups & ArchiveProps), true | 'required'>> = {
  store: true,
  rclone: 'required',
  schedule: 'required',
  restoreTestSchedule: 'required',
  keepDays: true,
  keepFullDays: true,
  keepWalDays: true,
  offsite: true,
  encryption: true,
};

/** TypeScript says so too, but synth runs without the type checker. */
export function scheduleNeedsStorage({
  backups,
}: {
  readonly backups: false | { readonly store: unknown };
}): readonly Omit<Finding, 'where'>[] {
  if (backups === false || (backups as Partial<typeof backups>).store !== undefined) return [];
  return [
    {
      what: 'backups are scheduled and there is no store to keep them in',
      allowed: "a bucket of the configuration, such as environment.objectStore('backups')",
      remedy: 'set backups.store, or backups: false',
    },
  ];
}

/** Of a store whose backups are all whole ones. */
export function backupsAreKeptForDays(
  backups: false | { readonly keepDays?: number },
  usual: number,
): readonly Omit<Finding, 'where'>[] {
  if (backups === false) return [];
  const { keepDays = usual } = backups;
  const days =
    Number.isInteger(keepDays) && keepDays >= 1 && keepDays <= 3650
      ? []
      : [{ what: `backups.keepDays: ${keepDays}`, allowed: 'a whole number from 1 to 3650', remedy: 'change it' }];
  // Of the configuration, where stores of every kind have their backups.
  const others = ['keepFullDays', 'keepWalDays'].filter((name) => Object.hasOwn(backups, name));
  return [
    ...days,
    ...others.map((name) => ({
      what: `backups.${name}`,
      allowed: 'keepDays: every backup is a full one, and there are no changes between them',
      remedy: `remove ${name}`,
    })),
  ];
}

export function recoveryHasItsBackups({
  backups,
  generation,
}: {
  readonly backups: unknown;
  readonly generation?: Generation;
}): readonly Omit<Finding, 'where'>[] {
  if (generation?.recovery === undefined || backups !== false) return [];
  return [
    {
      what: `generation ${generation.number} is to begin with a backup, and there are none`,
      allowed: 'a recovery where backups are configured',
      remedy: 'set backups, or remove recovery from generations of config/generations.json',
    },
  ];
}
