import { JsonPatch, Size } from 'cdk8s';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import type { Database, PatroniClusterProps } from '../../constructs/patroni-cluster/index.ts';
import { budgetFindings } from '../../synth/budget.ts';
import { built } from '../support/constructs.ts';
import { refusal } from '../support/harness.ts';
import { backups, clusterWith, minimal } from '../support/patroni-cluster.ts';

const refused = (changes: Partial<PatroniClusterProps>): string[] =>
  refusal(() => clusterWith(changes)).map(({ what }) => what);
const soon = `${new Date(Date.now() + 3_600_000).toISOString().slice(0, 19).replace('T', ' ')}+00`;
const past = '2026-11-22 10:00:00+00';

describe('a cluster is refused for', () => {
  const wrong: [string, Partial<PatroniClusterProps>, string][] = [
    ['no members', { members: 0 }, 'members: 0'],
    ['half a member', { members: 1.5 }, 'members: 1.5'],
    [
      'one member that waits for a standby',
      { members: 1, synchronous: 'strict' },
      'one member with synchronous: strict would never take a write: there is no standby to confirm it',
    ],
    ['less memory than the parameters need', { size: { memory: Size.mebibytes(511) } }, 'a member has 511Mi of memory'],
    [
      'memory that a patch gives it beside its parameters',
      { patches: [JsonPatch.replace('/spec/template/spec/containers/0/resources/limits/memory', '8Gi')] },
      'they leave PostgreSQL 8192Mi of memory, and its parameters are made for 2Gi',
    ],
    [
      'replicas in place of members',
      { size: { minReplicas: 5 } as PatroniClusterProps['size'] },
      'its size has 5 replicas',
    ],
    ['a storage class that is no name', { storageClass: 'Not Valid!' }, 'storageClass: Not Valid!'],
    ['a volume that WAL alone would fill', { storage: Size.gibibytes(1) }, 'a volume of 1Gi'],
    ['no full backup that is kept', { backups: { ...backups, keepFullDays: 0 } }, 'backups.keepFullDays: 0'],
    ['part of a day of WAL', { backups: { ...backups, keepWalDays: 0.5 } }, 'backups.keepWalDays: 0.5'],
    [
      'WAL that is kept longer than what it starts from',
      { backups: { ...backups, keepFullDays: 7, keepWalDays: 8 } },
      'WAL is kept 8 days and full backups 7',
    ],
    [
      'backups without a place',
      { backups: { ...backups, store: undefined as unknown as typeof backups.store } },
      'backups are scheduled and there is no store to keep them in',
    ],
    [
      'a recovery without an archive',
      { generation: { number: 2, recovery: { from: 1 } } },
      'generation 2 is to be recovered, and there are no backups',
    ],
    [
      'a recovery to a moment that has not come',
      { backups, generation: { number: 2, recovery: { from: 1, to: soon } } },
      `it is to be recovered to ${soon}, which has not come yet`,
    ],
  ];
  test.each(wrong)('%s', (_, changes, what) => {
    expect(refused(changes)).toEqual([what]);
  });

  test('all of it at once, each with where, what is allowed and a remedy', () => {
    const findings = refusal(() => clusterWith({ members: 0, storage: Size.gibibytes(1) }));
    expect(findings).toHaveLength(2);
    for (const finding of findings) {
      expect(finding).toEqual({
        where: 'PatroniCluster postgres',
        what: expect.any(String) as string,
        allowed: expect.stringMatching(/.{10}/) as string,
        remedy: expect.stringMatching(/.{10}/) as string,
      });
    }
  });

  test('nothing that is just allowed', () => {
    const { value } = clusterWith({
      members: 1,
      size: { memory: Size.mebibytes(512) },
      storage: Size.gibibytes(2),
      backups: { ...backups, keepFullDays: 7, keepWalDays: 7 },
      generation: { number: 2, recovery: { from: 1, to: past } },
    });
    expect(value.life.scope).toBe('postgres-2');
  });
});

describe('a copy is refused for', () => {
  const copied = (changes: Partial<PatroniClusterProps>): string[] =>
    refusal(() =>
      built((scope) => {
        const copyOf = new PatroniCluster(scope, 'postgres', minimal);
        new PatroniCluster(scope, 'copy', { ...minimal, copyOf, ...changes });
      }),
    ).map(({ what }) => what);

  test('the generation of the original', () => {
    expect(copied({})).toEqual(['it is a copy of postgres, and is generation 1 too']);
  });

  test('a name of its own', () => {
    expect(copied({ generation: { number: 2 }, name: 'orders' })).toEqual([
      'it is a copy of postgres, and is named orders',
    ]);
  });
});

describe('databases are refused for', () => {
  const wrong: [string, readonly Database[], string][] = [
    ['being none', [], 'no database is declared'],
    ['a name with a dash', [{ name: 'my-shop' }], 'the name "my-shop"'],
    ['a name with a capital', [{ name: 'Shop' }], 'the name "Shop"'],
    ['a name that begins with a digit', [{ name: '1shop' }], 'the name "1shop"'],
    ['a name of 64 characters', [{ name: 'a'.repeat(64), owner: 'a', user: 'b' }], `the name "${'a'.repeat(64)}"`],
    ["a name of PostgreSQL's own kind", [{ name: 'pg_shop' }], 'the name "pg_shop"'],
    ["a database of PostgreSQL's", [{ name: 'template1' }], `the name "template1" is PostgreSQL's or ours`],
    ['a database of PgBouncer', [{ name: 'pgbouncer' }], `the name "pgbouncer" is PostgreSQL's or ours`],
    ['a database that pg_hba.conf takes for others', [{ name: 'all' }], `the name "all" is PostgreSQL's or ours`],
    ['a role that it takes for others', [{ name: 'shop', user: 'all' }], `the user "all" is PostgreSQL's or ours`],
    ['a database of its user', [{ name: 'sameuser' }], `the name "sameuser" is PostgreSQL's or ours`],
    [
      'a role whose password would be that of Patroni',
      [{ name: 'shop', user: 'restapi' }],
      `the user "restapi" is PostgreSQL's or ours`,
    ],
    ['the role of the exporter', [{ name: 'shop', user: 'nobody' }], `the user "nobody" is PostgreSQL's or ours`],
    ['a role of ours', [{ name: 'shop', owner: 'replication' }], `the owner "replication" is PostgreSQL's or ours`],
    ['a role that needs quotes', [{ name: 'shop', user: 'shop app' }], 'the user "shop app"'],
    ['an extension that is none', [{ name: 'shop', extensions: ['pg_trgm; drop'] }], 'the extension "pg_trgm; drop"'],
    ['an extension with a letter too many', [{ name: 'shop', extensions: ['pg_trgmm'] }], 'the extension pg_trgmm'],
    [
      'an extension that the restore test could not read',
      [{ name: 'shop', extensions: ['timescaledb'] }],
      'the extension timescaledb of shop',
    ],
    [
      'pg_cron in two of them',
      [
        { name: 'shop', extensions: ['pg_cron'] },
        { name: 'orders', extensions: ['pg_cron'] },
      ],
      'pg_cron is in shop and orders',
    ],
    [
      'one role for both',
      [{ name: 'shop', owner: 'shop', user: 'shop' }],
      'the role shop owns the database shop and works on it',
    ],
    [
      'being there twice',
      [{ name: 'shop' }, { name: 'shop', owner: 'a', user: 'b' }],
      'the database shop is declared twice',
    ],
    ['half a connection', [{ name: 'shop', connections: 0.5 }], 'databases: shop: connections: 0.5'],
    ['an owner without any', [{ name: 'shop', ownerConnections: 0 }], 'databases: shop: ownerConnections: 0'],
    [
      'more connections than there are',
      [{ name: 'shop', connections: 81 }],
      'the roles of all databases together may have more connections than there are',
    ],
    [
      'none left for one that asks for none',
      [{ name: 'shop', connections: 75 }, { name: 'wiki' }],
      'the roles of all databases together may have more connections than there are',
    ],
    [
      'a role of two databases',
      [{ name: 'shop' }, { name: 'archive', owner: 'shop_owner' }],
      'the role shop_owner belongs to two databases',
    ],
  ];
  test.each(wrong)('%s', (_, databases, what) => {
    expect(refused({ databases })).toContain(what);
  });

  test('nothing that PostgreSQL takes without quotes', () => {
    const databases = [{ name: '_orders_2', owner: 'a'.repeat(63), user: 'b', extensions: ['uuid-ossp', 'pg_trgm'] }];
    expect(clusterWith({ databases }).value.primary.database).toBe('_orders_2');
  });
});

describe('an endpoint', () => {
  const two = [{ name: 'shop' }, { name: 'orders' }];

  test('of a database that is not there names those that are', () => {
    const { value } = clusterWith({ databases: two });
    expect(refusal(() => value.database('shpo'))).toEqual([
      {
        where: 'PatroniCluster postgres',
        what: 'an application is wired to its database "shpo", and there is none',
        allowed: "cluster.database('shop').primary, cluster.database('orders').primary",
        remedy: 'name one of these in apps/, in place of cluster.primary, or add the database to the option databases',
      },
    ]);
  });

  test.each(['primary', 'replicas'] as const)('%s is refused where there are several databases', (which) => {
    const { value } = clusterWith({ databases: two });
    expect(refusal(() => value[which])[0]).toMatchObject({
      what: 'an application is wired to it, and it has several databases',
    });
  });
});

test('more members than nodes are refused, because two never share one', () => {
  const findings = budgetFindings(clusterWith({ members: 3 }).platform);
  expect(findings.map(({ what }) => what)).toContain(
    '3 members that never share a node, on 2 nodes: one would wait for ever',
  );
});
