import { promtool, Rules } from '../../support/promtool.ts';
import { backups, directoryWith } from '../../support/samba-dc.ts';

const alerts = directoryWith({ backups }).platform.alerts.map(({ props }) => props);
const ready = 'kube_statefulset_status_replicas_ready{namespace="test",statefulset="samba"}';
const applied = 'directory_data_applied{namespace="test",pod="samba-0"}';
const served = 'directory_certificate_expires_timestamp_seconds{namespace="test",pod="samba-0"}';
const other = 'kube_statefulset_status_replicas_ready{namespace="test",statefulset="other"}';
const answers = (protocol: string): string =>
  `directory_answers{namespace="test",pod="samba-0",protocol="${protocol}"}`;
const job = (what: string, name = 'samba-backup'): string => `kube_cronjob_${what}{namespace="test",cronjob="${name}"}`;
const [succeeded, created] = ['status_last_successful_time', 'created'];
const certificate = (what: string): string =>
  `certmanager_certificate_${what}_timestamp_seconds{namespace="test",name="samba-tls"}`;
/** It was due when the test begins. */
const left = (days: number) => ({
  [certificate('renewal')]: '0x2000',
  [certificate('expiration')]: `${days * 86_400}x2000`,
});

type Case = readonly [what: string, series: Readonly<Record<string, string>>, fires: boolean];

/** By alert: samples of half a minute, and the minute at which it is looked at. */
const cases: Readonly<Record<string, readonly [minute: number, ...Case[]]>> = {
  DirectoryDown: [
    5,
    ['fires where it is not ready', { [ready]: '0+0x10' }, true],
    ['fires where nobody says anything of it', { [other]: '1+0x10' }, true],
    ['keeps quiet where it is ready', { [ready]: '1+0x10' }, false],
    ['keeps quiet while it is made anew', { [ready]: '1 1 1 1 1 1 0 0 0 1 1' }, false],
  ],
  // The schedule of the tests is daily, and two hours are late.
  DirectoryBackupTooOld: [
    20,
    [
      'fires where the last one was 27 hours ago',
      { [job(succeeded)]: '-97200x60', [job(created)]: '-900000x60' },
      true,
    ],
    ['fires where none ever was, 27 hours after the beginning', { [job(created)]: '-97200x60' }, true],
    ['keeps quiet where the last one was 25 hours ago', { [job(succeeded)]: '-90000x60' }, false],
    ['keeps quiet where none ever was yet', { [job(created)]: '0x60' }, false],
  ],
  DirectoryRestoreTestFailed: [
    65,
    ['fires where the last one was 9 days ago', { [job(succeeded, 'samba-restore-test')]: '-777600x160' }, true],
    ['fires where none ever was in 9 days', { [job(created, 'samba-restore-test')]: '-777600x160' }, true],
    ['keeps quiet where it was 7 days ago', { [job(succeeded, 'samba-restore-test')]: '-604800x160' }, false],
  ],
  DirectoryLdapsSilent: [
    5,
    ['fires where LDAPS is not answered', { [answers('ldaps')]: '0x20', [answers('kerberos')]: '1x20' }, true],
    ['keeps quiet where Kerberos alone is not', { [answers('ldaps')]: '1x20', [answers('kerberos')]: '0x20' }, false],
    ['keeps quiet over one question', { [answers('ldaps')]: '1 1 1 1 1 0 1 1 1 1 1' }, false],
  ],
  DirectoryKerberosSilent: [
    5,
    ['fires where Kerberos is not answered', { [answers('ldaps')]: '1x20', [answers('kerberos')]: '0x20' }, true],
    ['keeps quiet where LDAPS alone is not', { [answers('ldaps')]: '0x20', [answers('kerberos')]: '1x20' }, false],
  ],
  DirectoryNamesSilent: [
    10,
    ['fires where no names are answered', { [answers('ldaps')]: '1x40', [answers('dns')]: '0x40' }, true],
    ['keeps quiet where LDAPS alone is not', { [answers('ldaps')]: '0x40', [answers('dns')]: '1x40' }, false],
  ],
  DirectoryNotWatched: [
    20,
    ['fires where nobody says it of one that is ready', { [ready]: '1x60' }, true],
    [
      'fires where one of the three is missing',
      { [ready]: '1x60', [answers('ldaps')]: '1x60', [answers('kerberos')]: '1x60' },
      true,
    ],
    [
      'keeps quiet where all are told',
      { [ready]: '1x60', [answers('ldaps')]: '0x60', [answers('kerberos')]: '1x60', [answers('dns')]: '1x60' },
      false,
    ],
    ['keeps quiet where it is not ready, which is told by another one', { [ready]: '0x60' }, false],
  ],
  DirectoryDataNotApplied: [
    20,
    ['fires where it could not be for a quarter of an hour', { [applied]: '0x60' }, true],
    ['keeps quiet where it was applied', { [applied]: '1x60' }, false],
    ['keeps quiet where it was applied at the next try', { [applied]: '1 1 1 1 0 0 0 0 1x40' }, false],
    ['keeps quiet where nobody says, which another one tells', { [ready]: '1x60' }, false],
  ],
  DirectoryCertificateNotServed: [
    90,
    [
      'fires where another one is served than the one that was made',
      { [certificate('expiration')]: '7776000x200', [served]: '2592000x200' },
      true,
    ],
    [
      'keeps quiet where it is the same',
      { [certificate('expiration')]: '7776000x200', [served]: '7776000x200' },
      false,
    ],
    [
      'keeps quiet while the kubelet brings it',
      { [certificate('expiration')]: '7776000x200', [served]: '2592000x10 7776000x200' },
      false,
    ],
    [
      'keeps quiet where nothing is served, which another one tells',
      { [certificate('expiration')]: '7776000x200' },
      false,
    ],
  ],
  DirectoryCertificateNotRenewed: [
    120,
    ['fires where half of what was left is gone', left(1 / 24), true],
    ['keeps quiet while it is soon renewed', left(30), false],
    [
      'keeps quiet where the next renewal is weeks away',
      { ...left(60), [certificate('renewal')]: '2592000x2000' },
      false,
    ],
  ],
};

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const rules = new Rules(alerts);
  afterAll(() => {
    rules.remove();
  });

  test.each(
    Object.entries(cases).flatMap(([name, [minute, ...all]]) => all.map((each) => [name, minute, ...each] as const)),
  )('%s at minute %i %s', (name, minute, _, series, fires) => {
    expect(rules.complaints({ step: 0.5, series, name, fires: new Map([[minute, fires]]) })).toBe('');
  });
});

test('every alert has a case that fires and one that keeps quiet', () => {
  expect(Object.keys(cases).sort()).toEqual(alerts.map(({ name }) => name).sort());
});
