import { generationsFile } from '../../config/index.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { Recoverable } from '../../constructs/stateful/index.ts';
import { kinds } from '../recover/kinds.ts';
import type { Kind } from '../recover/kinds.ts';
import type { Listed } from '../object-storage/list.ts';

/** Objects below an address such as `s3://bucket/postgres/17-1`. */
export type ListArchive = (address: string) => Promise<readonly Listed[]>;

/** What stores that begin anew would begin with. */
export interface ArchiveAnswer {
  readonly told: readonly string[];
  readonly findings: readonly Finding[];
}

/** Whether each store of a platform begins with a whole backup, and none beside one. */
export async function askArchives(platform: Platform, list: ListArchive): Promise<ArchiveAnswer> {
  const { environment } = platform;
  const told: string[] = [];
  const findings: Finding[] = [];
  for (const { life, archive, kind } of platform.all(Recoverable)) {
    if (!archive || life.generation === environment.copy(life.name)?.number) continue;
    const [own, from] = [archive.prefix(life.generation), life.recovery?.from];
    const begun = (await list(own)).length > 0;
    const source = from === undefined ? own : archive.prefix(from);
    const backups = completeBackups(await list(source)).filter((moment) => isBefore(moment, life.recovery?.to));
    const newest = backups.at(-1);
    const again = recoverCommand(kind, life.name, environment.name);
    const finding = (what: string, remedy: string): void => {
      findings.push({
        where: `${generationsFile}: ${environment.name}: ${life.name}`,
        what,
        allowed: 'a generation that nobody has written to, which begins with a whole backup of another one',
        remedy,
      });
    };
    if (begun) finding(`${own} has a life already: the store would wait there, and not begin`, again);
    else if (life.empty) told.push(`${life.name}: begins empty, as it is configured`);
    else if (newest === undefined) {
      finding(
        `no whole backup is in ${source}`,
        'see the name of the bucket and its keys; or copy the folder back from the other provider (docs/runbooks/disaster-recovery.md)',
      );
    } else if (from === undefined) finding(`it would begin empty, and ${source} has backups`, again);
    else told.push(`${life.name}: begins with what ${source} has, whole backups up to ${newest.toISOString()}`);
  }
  return { told, findings };
}

/** When whole backups were finished, the newest last. */
function completeBackups(objects: readonly Listed[]): readonly Date[] {
  const moments = objects.flatMap(({ key, bytes, modified }) => {
    if (bytes === 0) return [];
    // WAL-G writes this one last.
    if (/\/basebackups_005\/[^/]+_backup_stop_sentinel\.json$/.test(key)) return modified;
    const [, moment = ''] = /\/(\d{8}T\d{6}Z)-[0-9a-f]{64}\.[^/]+$/.exec(key) ?? [];
    return moment === '' ? [] : new Date(moment.replace(/(....)(..)(..T..)(..)(..Z)/, '$1-$2-$3:$4:$5'));
  });
  return moments.sort((a, b) => a.getTime() - b.getTime());
}

const isBefore = (moment: Date, to: string | undefined): boolean =>
  to === undefined || moment.getTime() <= Date.parse(to.replace(' ', 'T').replace(/([+-]\d\d)$/, '$1:00'));

function recoverCommand(kind: string, name: string, environment: string): string {
  const { moment, cluster } = kinds[kind as Kind];
  const which = name === cluster ? '' : ` --cluster ${name}`;
  return `npm run recover -- ${kind} --${moment} latest --environment ${environment}${which}, commit, npm run release`;
}
