import type { Manifest } from '../../../constructs/core/manifest.ts';
import { Schedule } from '../../../constructs/core/schedule.ts';
import { redisBackupDefaults } from '../../../constructs/redis-sentinel/index.ts';
import type { RedisBackupProps, RedisSentinelProps } from '../../../constructs/redis-sentinel/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { only, refusal, testEnvironment } from '../../support/harness.ts';
import { backups, imageNamed, redisWith } from '../../support/redis-sentinel.ts';

const make = (changes: Partial<RedisBackupProps> = {}, more: Partial<RedisSentinelProps> = {}) =>
  redisWith({ backups: { ...backups, ...changes }, ...more });
const second = { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } };
const containerOf = (manifest: Manifest) => podTemplateOf(manifest)!.spec!.containers[0]!;
const variables = (manifest: Manifest): Record<string, string | undefined> =>
  Object.fromEntries((containerOf(manifest).env ?? []).map(({ name, value }) => [name, value]));
const connections = ({ platform }: ReturnType<typeof make>, name: string): readonly string[] =>
  platform.connections.filter(({ from, port }) => from.name === name && port !== 53).map(({ to }) => to.name);

const changes: ChangeOfEveryOption<RedisBackupProps> = {
  store: () => testEnvironment().objectStore('offsite'),
  rclone: () => imageNamed('other'),
  schedule: () => Schedule.utc('35 * * * *'),
  keepDays: () => 8,
  restoreTestSchedule: () => Schedule.utc('30 5 * * 0'),
  encryption: () => false,
};

test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
  expect(yamlOf(make({ [key]: changes[key](undefined as never) }).manifests)).not.toBe(yamlOf(make().manifests));
});

test('what is left out is the documented default', () => {
  expect(yamlOf(make({ ...redisBackupDefaults }).manifests)).toBe(yamlOf(make().manifests));
});

test('a store without backups has no jobs, and asks nobody outside', () => {
  const { manifests, platform } = redisWith({ backups: false });
  expect(manifests.filter(({ kind }) => kind === 'CronJob')).toEqual([]);
  expect(platform.alerts.filter(({ props }) => props.name.includes('Backup'))).toEqual([]);
});

test('a store that is never tested has backups, and no test', () => {
  const jobs = make({ restoreTestSchedule: false }).manifests.filter(({ kind }) => kind === 'CronJob');
  expect(jobs.map(({ metadata }) => metadata.name)).toEqual(['redis-backup']);
});

test('nothing asks for more than the level restricted lets it', () => {
  const pods = make({}, { generation: second }).manifests.flatMap((manifest) => podTemplateOf(manifest)?.spec ?? []);
  expect(pods).toHaveLength(4);
  expect(pods.flatMap((pod) => restrictedViolations(pod))).toEqual([]);
});

test('a backup asks the members and the bucket, and the restore test the bucket alone', () => {
  const made = make();
  expect(new Set(connections(made, 'redis-backup'))).toEqual(new Set(['redis', 'object storage test-backups']));
  expect(new Set(connections(made, 'redis-restore-test'))).toEqual(new Set(['object storage test-backups']));
});

test('somebody is told when no backup was made and read back for an hour beyond its schedule', () => {
  const [alert] = make().platform.alerts.filter(({ props }) => props.name === 'RedisBackupTooOld');
  expect(alert?.props).toMatchObject({ severity: 'page', runbook: 'redis-backup' });
  expect(alert?.props.expression).toMatch(/cronjob="redis-backup".* > 7200$/);
  expect(alert?.props.summary).toBe('no backup of redis was made and read back within 2 hours');
});

test('what only reads has the keys of the reader, and the backup its own', () => {
  const { manifests } = make({}, { generation: second });
  const keys = (kind: string, name: string): string | undefined =>
    variables(only(manifests, kind, name)).SECRET_ACCESS_KEY_FILE;
  expect(keys('CronJob', 'redis-2-backup')).toBe('/run/secrets/redis-backups/secret-access-key');
  expect(keys('CronJob', 'redis-2-restore-test')).toBe('/run/secrets/redis-backups-reader/secret-access-key');
  expect(keys('StatefulSet', 'redis-2')).toBe('/run/secrets/redis-backups-reader/secret-access-key');
});

describe('another life', () => {
  const recovered = make({}, { generation: second });
  const members = only(recovered.manifests, 'StatefulSet', 'redis-2');

  test('begins with a backup of the one that it is made from, and writes to a folder of its own', () => {
    expect(variables(members)).toMatchObject({
      FOLDER: 'redis/redis-2',
      RESTORE_FOLDER: 'redis/redis-1',
      RESTORE_AT: '2025-11-22 10:00:00+00',
    });
  });

  test('begins with the newest where no moment is named', () => {
    const { manifests } = make({}, { generation: { number: 2, recovery: { from: 1 } } });
    expect(variables(only(manifests, 'StatefulSet', 'redis-2')).RESTORE_AT).toBe('latest');
  });

  test('says that neither members nor Sentinels lost what the others held', () => {
    expect(members.metadata.annotations).toMatchObject({ 'diptych/recovered-from': 'redis' });
    const sentinels = only(recovered.manifests, 'StatefulSet', 'redis-2-sentinel');
    expect(sentinels.metadata.annotations).toMatchObject({ 'diptych/begins-empty': 'true' });
  });

  test('may drop backups of lives before it, and no other', () => {
    const third = make({}, { generation: { number: 3, recovery: { from: 2 } } });
    const earlier = (made: typeof third, name: string): string | undefined =>
      variables(only(made.manifests, 'CronJob', name)).EARLIER_FOLDERS;
    expect(earlier(third, 'redis-3-backup')).toBe('redis/redis-1 redis/redis-2');
    expect(earlier(make(), 'redis-backup')).toBeUndefined();
  });

  test('keeps its name to clients, and its passwords', () => {
    expect(recovered.value.endpoint).toMatchObject({ primaryName: 'redis', credentials: { user: 'app' } });
    expect(recovered.value.endpoint.credentials.password.secret.name).toBe('redis-app');
  });

  test('that began empty reads no backups', () => {
    const { manifests } = make({}, { generation: { number: 2, empty: true } });
    const empty = only(manifests, 'StatefulSet', 'redis-2');
    expect(podTemplateOf(empty)!.spec!.initContainers).toBeUndefined();
    expect(empty.metadata.annotations).toMatchObject({ 'diptych/begins-empty': 'true' });
  });
});

test('Valkey has a folder of its own: neither reads what the other one wrote', () => {
  expect(variables(only(make({}, { engine: 'valkey' }).manifests, 'CronJob', 'redis-backup')).FOLDER).toBe(
    'redis/valkey-1',
  );
});

describe('is refused', () => {
  test.each<[string, Partial<RedisSentinelProps>, string]>([
    [
      'a schedule without storage',
      { backups: { ...backups, store: undefined as never } },
      'backups are scheduled and there is no store to keep them in',
    ],
    ['a day that is none', { backups: { ...backups, keepDays: 0 } }, 'backups.keepDays: 0'],
    ['days of PostgreSQL', { backups: { ...backups, keepWalDays: 7 } as never }, 'backups.keepWalDays'],
    [
      'a recovery without backups',
      { backups: false, generation: second },
      'generation 2 is to begin with a backup, and there are none',
    ],
  ])('%s', (_, props, expected) => {
    expect(refusal(() => redisWith(props)).map(({ what }) => what)).toEqual([expected]);
  });
});
