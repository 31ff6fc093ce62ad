import { buildPlatform } from '../../../apps/platform.ts';
import type { Cluster } from '../../../prove/cluster/handle.ts';
import { planCluster } from '../../../prove/cluster/plan.ts';
import { Members, patroniOf } from '../../../prove/components/postgres/members.ts';
import { segmentOf } from '../../../prove/components/postgres/backups.ts';
import { programsOf } from '../../../prove/drills/area.ts';
import { lacking } from '../../../prove/drills/gapless/index.ts';
import { areas } from '../../../prove/drills/index.ts';
import { superfluous } from '../../../prove/drills/postgres/archive.ts';

const segment = (number: number): string =>
  `00000001${'0'.repeat(8)}${number.toString(16).padStart(8, '0').toUpperCase()}`;
const full = (number: number) => ({ name: `base_${segment(number)}` });

describe('WAL that nobody needs', () => {
  test('is what lies before the window and beside no kept full', () => {
    const all = [1, 2, 10, 11, 12, 30, 31, 32].map(segment);
    expect(superfluous(all, [full(10)], full(31))).toEqual([1, 2, 30].map(segment));
  });

  test('is none where only the window and what kept fulls were made with is left', () => {
    expect(superfluous([10, 11, 31, 32].map(segment), [full(10)], full(31))).toEqual([]);
  });
});

describe('the WAL of an archive', () => {
  test('are its whole segments, without histories, parts and backups', () => {
    const folder = 'gapless/17-1/wal_005';
    expect(segmentOf(`${folder}/${segment(7)}.lz4`)).toBe(segment(7));
    for (const key of [
      `${folder}/${segment(7)}.partial.lz4`,
      `${folder}/00000002.history.lz4`,
      'gapless/17-1/base_005/x',
    ])
      expect(segmentOf(key)).toBeUndefined();
  });

  test('lacks what was wanted and is not there', () => {
    expect(lacking([6, 7, 8].map(segment), [5, 6, 8].map(segment))).toEqual([segment(7)]);
  });
});

describe("the members of the platform's PostgreSQL", () => {
  const platform = buildPlatform('production');
  const cluster = { plan: planCluster(platform.environment) } as Cluster;
  const members = new Members(cluster, patroniOf(platform));

  test('are called as their StatefulSet and its pods are', () => {
    const { workload } = patroniOf(platform);
    expect(members.names).toEqual([`${workload.name}-0`, `${workload.name}-1`]);
    expect(members.namespace).toBe(workload.namespace);
  });

  test('have a database that clients reach by a port, a role and a secret', () => {
    const { name, primary } = members.database;
    expect([name, primary.database]).toEqual(['shop', 'shop']);
    expect(primary.credentials.password.secret.name).toBe('postgres-shop-app');
  });

  test('have no pooler to go through where the platform has none', () => {
    expect(() => members.database.pooled).toThrow('there is none');
  });

  test('archive into a bucket of the configuration', () => {
    expect(members.archive).toMatchObject({ store: { name: 'backups' }, folder: 'postgres/17-1/' });
  });
});

test('the areas of PostgreSQL need what a backup is made with', () => {
  for (const name of ['failover', 'gapless', 'postgres'] as const) expect(programsOf(areas[name])).toContain('wal-g');
});
