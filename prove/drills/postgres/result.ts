import type { Measured } from '../../results/index.ts';
import { versionOf } from '../../tools/modules.ts';
import { platformStandIns, platformVersions } from '../on-platform.ts';
import type { RunningPlatform } from '../on-platform.ts';

const versions = (): Readonly<Record<string, string>> => ({
  ...platformVersions(),
  postgresql: '17',
  patroni: '4.1.0',
  'wal-g': versionOf('wal-g'),
  versitygw: versionOf('versitygw'),
});

/** What every result of PostgreSQL ran on. */
export function common({ standIns }: RunningPlatform): Pick<Measured, 'versions' | 'standIns'> {
  return {
    versions: versions(),
    standIns: [
      ...platformStandIns,
      ...standIns,
      'two S3 servers of the proving ground for two providers of object storage',
      "cert-manager's controller: certificates are signed by openssl",
    ],
  };
}
