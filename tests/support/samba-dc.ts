import { Size } from 'cdk8s';
import { Schedule } from '../../constructs/core/schedule.ts';
import { SambaDC } from '../../constructs/samba-dc/index.ts';
import type { DirectoryBackupProps, SambaDCProps, ServiceAccount } from '../../constructs/samba-dc/index.ts';
import { built, password } from './constructs.ts';
import type { Built } from './constructs.ts';
import { image, testEnvironment } from './harness.ts';

const environment = testEnvironment();

/** Only what has to be given. */
export const minimalDirectory: SambaDCProps = {
  image,
  realm: 'AD.EXAMPLE.COM',
  publicDomain: 'example.com',
  address: '10.43.0.53',
  authority: environment.authority('samba-ca'),
  storage: Size.gibibytes(2),
  backups: false,
};

/** Of a directory that has them; only what has to be given. */
export const backups: DirectoryBackupProps = {
  store: environment.objectStore('backups'),
  rclone: { ...image, name: 'rclone', reference: 'registry.example/rclone:1' },
  schedule: Schedule.utc('40 1 * * *'),
  restoreTestSchedule: Schedule.utc('0 5 * * 0'),
};

/** One that searches for users, and that takes tickets. */
export const account: ServiceAccount = built((scope) => ({
  name: 'backend',
  purpose: 'searches for users',
  password: password(scope, 'directory-bind', { kind: 'random', bytes: 48, encoding: 'base64url' }),
  principals: ['HTTP/api.example.com'],
})).value;

/** A directory `samba` in the namespace `test` with these options beside the minimal ones. */
export function directoryWith(changes: Partial<SambaDCProps> = {}, id = 'samba'): Built<SambaDC> {
  return built((scope) => new SambaDC(scope, id, { ...minimalDirectory, ...changes }));
}
