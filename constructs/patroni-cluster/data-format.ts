import type { DataFormat } from '../core/data-format.ts';
import type { Life } from '../stateful/index.ts';
import { archiveDefaults } from './archive.ts';
import type { PatroniClusterProps } from './props.ts';

/** What is on a member's volume, and what its backups are. */
export function dataFormatOf(
  life: Life,
  version: number,
  { databases, standbyOf, copyOf, backups }: PatroniClusterProps,
): DataFormat {
  return {
    program: 'PostgreSQL',
    major: version,
    recoveredFrom: life.recovery && life.scopeOf(life.recovery.from),
    follows: standbyOf?.life.scope,
    copyOf: copyOf?.life.scope,
    empty: life.empty,
    holds: databases.map(({ name }) => name),
    encrypted: backups === false ? undefined : (backups.encryption ?? archiveDefaults.encryption),
    runbook: 'postgres-major-upgrade',
  };
}
