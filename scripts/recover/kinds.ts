/** What can be recovered, by the name that `Recoverable` has it under. */
export const kinds = {
  pg: {
    cluster: 'postgres',
    moment: 'to',
    moments: 'any second that the archive reaches',
    newest: 'change',
    beside: true,
    runbook: 'docs/runbooks/postgres-recovery.md',
  },
  redis: {
    cluster: 'redis',
    moment: 'at',
    moments: 'a moment by which a backup was complete: there is nothing between two of them',
    newest: 'backup',
    beside: false,
    runbook: 'docs/runbooks/redis-recovery.md',
  },
  ad: {
    cluster: 'samba',
    moment: 'at',
    moments: 'a moment by which a backup was complete: there is nothing between two of them',
    newest: 'backup',
    beside: false,
    runbook: 'docs/runbooks/directory-recovery.md',
  },
} as const;

export type Kind = keyof typeof kinds;

export const kindNames = Object.keys(kinds) as readonly Kind[];
