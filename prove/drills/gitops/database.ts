import fs from 'node:fs';
import path from 'node:path';
import type { PlatformClone } from '../../delivery/clone.ts';
import { systemImages } from '../../images/system.ts';

const file = 'apps/drill-database.ts';

/**
 * Adds an application to the clone's table: a database that takes 15 s to start, in two parts of which the second waits
 * for the first. The data tier has no pods yet that could be slow.
 */
export function addDatabase(clone: PlatformClone): void {
  const source = fs.readFileSync(path.join(import.meta.dirname, 'files', 'drill-database.ts'), 'utf8');
  const text = source.replaceAll('../../../../apps/', './').replaceAll('../../../../', '../');
  fs.writeFileSync(path.join(clone.folder, file), text);
  clone.edit(
    'apps/index.ts',
    "import { data } from './data.ts';",
    (found) => `${found}\nimport { drillDatabase } from './drill-database.ts';`,
  );
  clone.edit('apps/index.ts', /^ {2}data,$/m, (found) => `${found}\n  drillDatabase,`);
  const [repository, tag] = systemImages.probe.split(':');
  clone.editJson('config/images.json', (table) => ({
    ...table,
    'drill-database': {
      repository,
      tag,
      withoutDigest: 'made by the proving ground',
      source: 'the proving ground',
      date: new Date().toISOString().slice(0, 10),
    },
  }));
}

/** Changes both parts, so that they are rolled out again. */
export function changeDatabase(clone: PlatformClone, version: string): void {
  clone.edit(file, /const version = '.*';/, () => `const version = '${version}';`);
}

/** The pods of the second part: when they are ready, so is the database. */
export const databaseSelector = 'app.kubernetes.io/name=drill-database,app.kubernetes.io/component=second';
