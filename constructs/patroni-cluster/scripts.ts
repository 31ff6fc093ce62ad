import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, 'files');

/** All files of a folder of `files/`. */
function all(folder: string): string[] {
  const names = fs.readdirSync(path.join(root, folder)).filter((name) => /\.(py|sh|sql)$/.test(name));
  return names.map((name) => `${folder}/${name}`);
}
const common = (...names: string[]): string[] => names.map((name) => `common/${name}`);

/**
 * What each consumer is given of `files/`, mounted side by side under the bare names. What two of them need stands once,
 * in `common/`.
 */
export const consumers = {
  /** Patroni and what it calls, in the database's container. */
  member: [...all('member'), ...common('child.py', 'restore-wal.sh', 'walg.py', 'walg.sh')],
  /** Runs beside it; calls the member's walg.sh. Patroni calls it too, once, after a bootstrap. */
  agent: [...all('agent'), ...common('child.py', 'log.py', 'schedule.py', 'settings.py', 'walg.py')],
  restoreTest: [
    ...['jobs/restore_test.py', 'jobs/restored-databases.sql', 'jobs/count-rows.sql'],
    ...common('child.py', 'log.py', 'restore-wal.sh', 'schedule.py', 'settings.py', 'walg.py', 'walg.sh'),
  ],
  offsiteCopy: ['jobs/offsite-copy.sh'],
} as const satisfies Record<string, readonly string[]>;

/** Scripts and SQL by file name, as they are mounted. */
export function scripts(paths: readonly string[] = Object.values(consumers).flat()): Record<string, string> {
  const files = paths.map((each) => [path.basename(each), fs.readFileSync(path.join(root, each), 'utf8')] as const);
  return Object.fromEntries(files.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Changes with any of the files. For an annotation of pods: running programs don't notice that their files changed. */
export function hashOf(files: Readonly<Record<string, string>>): string {
  return crypto.createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
}
