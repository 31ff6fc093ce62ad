import fs from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { tryKubectl } from '../../cluster/kubectl.ts';
import { storeOf } from '../../cluster/plan.ts';
import { backUp } from '../../components/backups.ts';
import { directoryOf } from '../../components/directory/server.ts';
import { waitForBackups } from '../../components/postgres/backups.ts';
import { membersOf } from '../../components/postgres/members.ts';
import { redisOf } from '../../components/redis/store.ts';
import { makeSealingKey } from '../../delivery/sealing-key.ts';
import { lose } from '../../delivery/lifecycle.ts';
import { credentials } from '../../stand-ins/object-storage/index.ts';
import type { LocalStorage } from '../../stand-ins/object-storage/local.ts';
import { Operator } from '../envelope/operator.ts';
import type { PlatformGround } from '../ground.ts';
import type { Checks } from '../hardware/checks.ts';

/** Longer than PostgreSQL waits until it archives what it has. */
const writtenSeconds = 150;

export const redisKey = 'drill:disaster';
export const person = 'drill-disaster';
export const table = 'drill_disaster';

/** What was there when everything was lost. */
export interface Before {
  readonly lostAt: Date;
  /** Number of the last row that was acknowledged. */
  readonly rows: number;
  readonly users: readonly string[];
  readonly sid: string;
}

interface Keeps {
  /** Of the other provider, outside of the cluster. */
  readonly offsite: LocalStorage;
  /** Where what providers have is moved to. */
  readonly world: string;
  readonly checks: Checks;
}

/** Writes to each store, makes the bundle, and loses everything while rows are written. */
export async function livedAndLost(
  platform: PlatformGround,
  { offsite, world, checks }: Keeps,
): Promise<{ readonly before: Before; readonly operator: Operator }> {
  const { cluster, report, signal } = platform;
  const [members, store, directory] = [membersOf(platform), redisOf(platform), directoryOf(platform)];
  const operator = await operatorOf(platform, offsite);
  checks.same('npm run buckets -- offsite', await operator.buckets('offsite'), 'done');
  checks.same('npm run bundle -- envelope', await operator.envelope('production'), 'done');
  checks.same('npm run bundle -- make', await operator.bundle(['make', 'production']), 'done');

  const { primary } = await store.whole(signal, 300);
  await store.ask(primary, 'set', redisKey, 'kept');
  await backUp(store, 'disaster', signal);
  await directory.run(['samba-tool', 'user', 'create', person, '--random-password']);
  await backUp(directory, 'disaster', signal);
  const [users, sid] = [await directory.users(), await directory.sid()];
  await waitForBackups(members, 1, { atMost: 300, signal });
  report(`writing rows for ${writtenSeconds} s`);
  await members.sqlOfClients(`drop table if exists ${table}`);
  await members.sqlOfClients(`create table ${table} (number int primary key, at timestamptz not null)`);
  const until = performance.now() + writtenSeconds * 1000;
  let rows = 0;
  while (performance.now() < until) {
    await members.sqlOfClients(`insert into ${table} values (${rows + 1}, clock_timestamp())`);
    rows += 1;
    await delay(1000, undefined, { signal });
  }
  const lostAt = new Date();
  await lose(cluster, world, { report });
  operator.lose();
  operator.returns('repository');
  return { before: { lostAt, rows, users, sid }, operator };
}

/** Somebody with the cluster's own sealing key and the keys of its buckets; all other secrets have nothing to open here. */
async function operatorOf({ root, folder, cluster }: PlatformGround, storage: LocalStorage): Promise<Operator> {
  const { certificate, privateKey } = await makeSealingKey(cluster);
  const { accessKey, secretKey } = credentials(cluster, storeOf(cluster.plan, 'backups'));
  return Operator.begin({
    root,
    folder: `${folder}/operator`,
    storage,
    known: {
      'sealing.key': fs.readFileSync(privateKey, 'utf8'),
      'sealing.crt': fs.readFileSync(certificate, 'utf8'),
      'tokens/backups/AWS_ACCESS_KEY_ID': accessKey,
      'tokens/backups/AWS_SECRET_ACCESS_KEY': secretKey,
    },
    kubectl: async (args) => {
      const { status, stdout, stderr } = await tryKubectl(cluster, args);
      return { code: status, stdout, stderr };
    },
  });
}
