import fs from 'node:fs';
import path from 'node:path';
import { namespacesOf } from '../../../apps/namespaces.ts';
import { loadEnvironment } from '../../../config/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import { argocdNamespace } from '../../components/argocd/applications.ts';
import type { PlatformClone } from '../../delivery/clone.ts';
import { systemImages } from '../../images/recipes/system.ts';
import { databaseProgram, drillDatabase } from './files/drill-database.ts';

const file = 'apps/drill-database.ts';

/** What stands in for what. */
export const databaseStandIn = 'a server that sleeps before it answers, for the database';

/**
 * Adds an application to the clone's table: a database that takes 15 s to start, in two parts of which the second waits
 * for the first. Those that the data tier has are not slow, and have no waves of their own.
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

/** Removes what stays once its application has left the table: objects of the data layer outlive their application. */
export async function removeDatabase(cluster: Cluster): Promise<void> {
  const application = [`applications.argoproj.io/${drillDatabase.name}`, `--namespace=${argocdNamespace}`];
  await kubectl(cluster, ['wait', '--for=delete', ...application, '--timeout=120s'], { timeout: 150 });
  const own = [`--namespace=${databaseNamespace(cluster)}`, `--selector=app.kubernetes.io/name=${databaseProgram}`];
  await kubectl(cluster, ['delete', 'deployments,serviceaccounts,poddisruptionbudgets', ...own]);
}

/** The pods of the second part: when they are ready, so is the database. */
export const databaseSelector = `app.kubernetes.io/name=${databaseProgram},app.kubernetes.io/component=second`;

/** Where it is. */
export function databaseNamespace({ plan }: Cluster): string {
  return namespacesOf(loadEnvironment(plan.name)).data.name;
}
