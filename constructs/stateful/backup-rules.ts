import type { Finding } from '../core/error.ts';

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
