import fs from 'node:fs';
import path from 'node:path';
import { loadEnvironment } from '../../../config/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { replacementOf } from '../../tools/cache.ts';
import { versionOf } from '../../tools/modules.ts';
import type { Layer } from '../layer.ts';
import type { PlatformImage } from './platform.ts';
import { accounts, debianLayer, worldAuthorityLayer } from './system.ts';

/** The release of Debian that has the platform's major version of PostgreSQL, and that version. */
const release = 'trixie';
const major = 17;

const patroni = {
  name: 'patroni',
  version: '4.1.0',
  sha256: 'c59286911f3099a66ef11e78216505100228caca2d53088b7199fe063bca0587',
};

const own = (name: string): string => path.join(import.meta.dirname, 'files', name);

/** What the database's pods and those that copy its backups ask for. */
export function databaseImages(
  environment: string,
  cluster: Pick<Cluster, 'cgroup' | 'folder' | 'program'>,
): readonly PlatformImage[] {
  const table = loadEnvironment(environment);
  const reference = (name: string): string => `${table.image(name).repository}:${table.image(name).tag}`;
  const exporterImage = (of: 'postgres' | 'pgbouncer'): PlatformImage => {
    const file = `bin/${of}_exporter`;
    const files = { [file]: cluster.program(`${of}-exporter`) };
    return {
      reference: reference(`${of}-exporter`),
      layers: [{ name: `${of}-exporter`, files, texts: accounts, folders: ['tmp'] }],
      entrypoint: [`/${file}`],
      user: 65534,
    };
  };
  const version = versionOf('wal-g').replace(/^v|-.*$/g, '');
  const walG = replacementOf('wal-g') === undefined ? `WAL-G ${version}` : 'the WAL-G that $WALG names';
  return [
    {
      reference: reference('spilo'),
      layers: [
        databaseLayer(),
        { name: 'wal-g', files: { 'usr/local/bin/wal-g': cluster.program('wal-g') } },
        worldAuthorityLayer(cluster),
      ],
      user: 101,
      env: { PATH: `/usr/local/bin:/usr/lib/postgresql/${major}/bin:/usr/sbin:/usr/bin:/sbin:/bin`, LC_ALL: 'C.UTF-8' },
      workingDirectory: '/home/postgres',
      standIn: `Spilo: Debian's PostgreSQL ${major}, Patroni ${patroni.version} from PyPI, ${walG}`,
      versions: { postgresql: String(major), patroni: patroni.version },
    },
    exporterImage('postgres'),
    {
      reference: reference('pgbouncer'),
      // Its packages are in there too: a system of its own would take another minute to make.
      layers: [databaseLayer()],
      user: 998,
      standIn: "PgBouncer: Debian's 1.24",
    },
    exporterImage('pgbouncer'),
    {
      reference: reference('rclone'),
      layers: [
        debianLayer,
        { name: 'rclone', files: { 'usr/local/bin/rclone': cluster.program('rclone') }, folders: ['data', 'config'] },
        worldAuthorityLayer(cluster),
      ],
      entrypoint: ['rclone'],
      user: 1009,
      env: { XDG_CONFIG_HOME: '/config' },
      workingDirectory: '/data',
      standIn: "rclone's image: Debian's shell and tools beside it, where the original has Alpine's",
    },
  ];
}

/** PostgreSQL and Patroni at the paths and with the numbers of users that Spilo has. */
function databaseLayer(): Layer {
  const python = ['cdiff', 'click', 'dateutil', 'prettytable', 'psutil', 'psycopg2', 'urllib3', 'yaml'];
  const functions = fs.readFileSync(own('backup-functions.sql'), 'utf8');
  return {
    name: 'postgres',
    release,
    packages: [
      ...['ca-certificates', 'curl', 'libsodium23', 'pgbouncer', `postgresql-${major}`, 'python3'],
      ...python.map((name) => `python3-${name}`),
    ],
    wheels: [patroni],
    additions: { [`usr/share/postgresql/${major}/system_functions.sql`]: functions },
    files: { 'usr/local/bin/patroni': own('patroni.py'), 'usr/local/bin/patronictl': own('patronictl.py') },
    texts: {
      'etc/passwd': `${accounts['etc/passwd']}postgres:x:101:103::/home/postgres:/bin/bash\n`,
      'etc/group': `${accounts['etc/group']}postgres:x:103:\n`,
    },
    folders: ['home/postgres', 'run/postgresql'],
  };
}
