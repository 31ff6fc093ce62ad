import type { Manifest } from '../../../constructs/core/manifest.ts';
import { Schedule } from '../../../constructs/core/schedule.ts';
import { directoryBackupDefaults } from '../../../constructs/samba-dc/index.ts';
import type { DirectoryBackupProps, SambaDCProps } from '../../../constructs/samba-dc/index.ts';
import { Recoverable } from '../../../constructs/stateful/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { nextVersion, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { only, refusal, testEnvironment } from '../../support/harness.ts';
import { backups, directoryWith } from '../../support/samba-dc.ts';

const make = (changes: Partial<DirectoryBackupProps> = {}, more: Partial<SambaDCProps> = {}) =>
  directoryWith({ backups: { ...backups, ...changes }, ...more });
const second = { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } };
const podOf = (manifest: Manifest) => podTemplateOf(manifest)!.spec!;
const variables = (manifest: Manifest): Record<string, string | undefined> =>
  Object.fromEntries((podOf(manifest).containers[0]!.env ?? []).map(({ name, value }) => [name, value]));
const connections = ({ platform }: ReturnType<typeof make>, name: string): readonly string[] => [
  ...new Set(
    platform.connections.filter(({ from, port }) => from.name === name && port !== 53).map(({ to }) => to.name),
  ),
];

const changes: ChangeOfEveryOption<DirectoryBackupProps> = {
  store: () => testEnvironment().objectStore('offsite'),
  rclone: () => nextVersion(backups.rclone),
  schedule: () => Schedule.utc('35 * * * *'),
  keepDays: () => 8,
  restoreTestSchedule: () => Schedule.utc('30 5 * * 0'),
  encryption: () => false,
};

test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
  expect(yamlOf(make({ [key]: changes[key](undefined as never) }).manifests)).not.toBe(yamlOf(make().manifests));
});

test('what is left out is the documented default', () => {
  expect(yamlOf(make({ ...directoryBackupDefaults }).manifests)).toBe(yamlOf(make().manifests));
});

test('a directory without backups has no jobs, and asks nobody outside', () => {
  const { manifests, platform } = directoryWith({ backups: false });
  expect(manifests.filter(({ kind }) => kind === 'CronJob')).toEqual([]);
  expect(platform.connections.filter(({ from, port }) => from.name === 'samba' && port !== 53)).toEqual([]);
  expect(platform.all(Recoverable)[0]).toMatchObject({ kind: 'ad', archive: false });
});

test('one that is never tested has backups, and no test', () => {
  const jobs = make({ restoreTestSchedule: false }).manifests.filter(({ kind }) => kind === 'CronJob');
  expect(jobs.map(({ metadata }) => metadata.name)).toEqual(['samba-backup']);
});

test('nothing asks for more than the level restricted lets it', () => {
  const pods = make({}, { generation: second }).manifests.flatMap((manifest) => podTemplateOf(manifest)?.spec ?? []);
  expect(pods).toHaveLength(3);
  expect(pods.flatMap((pod) => restrictedViolations(pod))).toEqual([]);
});

test('a backup is made on the volume of the server, on its node', () => {
  const { affinity, volumes } = podOf(only(make().manifests, 'CronJob', 'samba-backup'));
  expect(volumes).toContainEqual({ name: 'data', persistentVolumeClaim: { claimName: 'data-samba-0' } });
  const selector = podOf(only(make().manifests, 'StatefulSet', 'samba'));
  const [term] = affinity!.podAffinity!.requiredDuringSchedulingIgnoredDuringExecution!;
  expect(term!.labelSelector!.matchLabels).toMatchObject({ 'app.kubernetes.io/instance': 'samba' });
  expect(selector.containers[0]!.volumeMounts).toContainEqual({ name: 'data', mountPath: '/data' });
});

test('a restore test has a volume of its own, and asks the bucket alone', () => {
  const { volumes } = podOf(only(make().manifests, 'CronJob', 'samba-restore-test'));
  expect(volumes!.some(({ persistentVolumeClaim }) => persistentVolumeClaim)).toBe(false);
  expect(connections(make(), 'samba-restore-test')).toEqual(['object storage test-backups']);
  expect(connections(make(), 'samba-backup')).toEqual(['object storage test-backups']);
});

test('what only reads has the keys of the reader, and the backup its own', () => {
  const { manifests } = make();
  const keys = (kind: string, name: string): string | undefined =>
    variables(only(manifests, kind, name)).SECRET_ACCESS_KEY_FILE;
  expect(keys('CronJob', 'samba-backup')).toBe('/run/secrets/samba-backups/secret-access-key');
  expect(keys('CronJob', 'samba-restore-test')).toBe('/run/secrets/samba-backups-reader/secret-access-key');
  expect(keys('StatefulSet', 'samba')).toBe('/run/secrets/samba-backups-reader/secret-access-key');
});

test.each([
  ['DirectoryBackupTooOld', 'directory-backup', / > 93600$/, 'within 26 hours'],
  ['DirectoryRestoreTestFailed', 'directory-restore-test', / > 691200$/, 'within 8 days'],
])('somebody is told by %s', (name, runbook, expression, within) => {
  const alert = make().platform.alerts.find(({ props }) => props.name === name)!;
  expect(alert.props).toMatchObject({ severity: 'page', runbook });
  expect(alert.props.expression).toMatch(expression);
  expect(alert.props.summary).toContain(within);
});

test('the first life looks for backups of its own before it begins', () => {
  const server = variables(only(make().manifests, 'StatefulSet', 'samba'));
  expect(server.FOLDER).toBe('samba/ad-1');
  expect(server.RESTORE_FOLDER).toBeUndefined();
});

describe('another life', () => {
  const recovered = make({}, { generation: second });
  const server = only(recovered.manifests, 'StatefulSet', 'samba-2');
  const service = only(recovered.manifests, 'Service', 'samba');

  test('begins with a backup of the one that it is made from, and writes to a folder of its own', () => {
    expect(variables(server)).toMatchObject({
      FOLDER: 'samba/ad-2',
      RESTORE_FOLDER: 'samba/ad-1',
      RESTORE_AT: '2025-11-22 10:00:00+00',
    });
    expect(variables(only(recovered.manifests, 'CronJob', 'samba-2-backup'))).toMatchObject({
      FOLDER: 'samba/ad-2',
      EARLIER_FOLDERS: 'samba/ad-1',
    });
  });

  test('has the name, the address and the certificate that clients know', () => {
    expect(service.spec).toMatchObject({
      clusterIP: '10.43.0.53',
      selector: { 'app.kubernetes.io/instance': 'samba-2' },
    });
    const before = make().manifests.filter(({ kind }) => kind === 'Certificate');
    const after = recovered.manifests.filter(({ kind }) => kind === 'Certificate');
    const names = (all: readonly Manifest[]): unknown =>
      all.map(({ spec }) => (spec as { dnsNames: unknown }).dnsNames);
    expect(names(after)).toEqual(names(before));
  });

  test('is led to when it is ready, and not before', () => {
    const wave = 'argocd.argoproj.io/sync-wave';
    expect(service.metadata.annotations?.[wave]).toBe('1');
    expect(server.metadata.annotations?.[wave]).toBeUndefined();
    expect(only(make().manifests, 'Service', 'samba').metadata.annotations?.[wave]).toBeUndefined();
  });

  test('says that it did not lose what the other one held', () => {
    expect(server.metadata.annotations).toMatchObject({ 'diptych/recovered-from': 'samba' });
    const empty = make({}, { generation: { number: 2, empty: true } });
    expect(only(empty.manifests, 'StatefulSet', 'samba-2').metadata.annotations).toMatchObject({
      'diptych/begins-empty': 'true',
    });
  });

  test('keeps the password of the Administrator', () => {
    const files = variables(server).ADMINISTRATOR_PASSWORD_FILE;
    expect(files).toBe('/run/secrets/samba-administrator/password');
  });
});

describe('is refused', () => {
  test.each<[string, Partial<SambaDCProps>, string]>([
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
    expect(refusal(() => directoryWith(props)).map(({ what }) => what)).toEqual([expected]);
  });
});
