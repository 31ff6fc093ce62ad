import { membersOf } from '../../components/postgres/members.ts';
import type { Area, Outcome } from '../area.ts';
import { delivered, onCluster } from '../ground.ts';
import type { PlatformGround } from '../ground.ts';
import { outageRound, retentionRound } from './archive.ts';
import { offsiteRound } from './offsite.ts';
import { recoveryRound } from './recovery.ts';

/** What is promised of PostgreSQL's backups, in a cluster of its own: at the end little of it is as it was. */
export const area: Area<'empty'> = {
  purpose: 'makes backups of PostgreSQL, keeps and drops them, recovers to a moment, and copies them elsewhere',
  promises: {
    'pg-backup':
      'seven full backups with WAL between them, one marked by hand, retention with days of some seconds, every kept one ' +
      'restored; object storage away for 380 s under a writing client',
    'pg-pitr':
      'rows marked ten times a second, a table dropped, npm run recover to the moment before, a release; then once more ' +
      'from the recovered cluster, while object storage fails on the way',
    offsite:
      'backups copied to a second provider while the archive grows, the first one emptied, a backup restored from the copy',
  },
  needs: 'empty',
  minutes: 28,
  programs: [],
  about: ['constructs/patroni-cluster', 'constructs/stateful', 'prove/components/postgres', 'scripts/recover'],
  run: (ground) => onCluster(ground, async (cluster) => backups(await delivered(cluster))),
};

async function backups(platform: PlatformGround): Promise<Outcome> {
  const members = membersOf(platform);
  await members.whole(platform.signal, 300);
  const parts = [await retentionRound(platform, members), await outageRound(platform, members)];
  const recovery = await recoveryRound(platform);
  const copy = await offsiteRound(platform, membersOf(platform));
  return {
    'pg-backup': {
      figures: Object.assign({}, ...parts.map(({ figures }) => figures)) as Readonly<Record<string, number>>,
      units: {
        'restore of the newest': 's',
        'restored per GB': 's',
        'objects in the archive': 'objects',
        'caught up': 's',
        'commits during the outage': 'transactions',
        gap: 's',
      },
      checks: parts.flatMap(({ checks }) => checks),
    },
    'pg-pitr': {
      ...recovery,
      units: { recovered: 'min', 'off the target': 's', 'database back': 's', 'second recovery': 's' },
    },
    offsite: { ...copy, units: { copied: 'objects', copy: 's', 'archived meanwhile': 'segments', restored: 's' } },
  };
}
