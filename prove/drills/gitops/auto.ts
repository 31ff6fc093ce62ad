import type { Cluster } from '../../cluster/handle.ts';
import {
  applicationsOf,
  compareAgain,
  describeApplication,
  isSyncedAndHealthy,
} from '../../components/argocd/applications.ts';
import type { Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';
import { allObjects, nameOf, ownedBy, podsWithoutPriority, unowned, writtenByArgoCd } from './objects.ts';
import type { LiveObject } from './objects.ts';

const list = (names: readonly string[]): string => names.join(', ') || 'none';

/**
 * The committed tree on an empty cluster: everything Synced and Healthy, a second comparison changes nothing, and no
 * object is there that no application owns.
 * @param before objects of the empty cluster
 */
export async function checkInstallation(
  { cluster, applications, changed, platform, seconds, report }: PlatformGround,
  before: readonly LiveObject[],
): Promise<Round> {
  const live = await applicationsOf(cluster);
  const owned = ownedBy(live);
  const wrong = live.filter((each) => !isSyncedAndHealthy(each)).map(describeApplication);
  const objects = await allObjects(cluster);
  report('comparing everything a second time');
  const differences = await changesOfSecondSync(cluster, objects, owned);
  return {
    figures: {
      'to Synced and Healthy': Math.round(seconds * 10) / 10,
      applications: applications.length,
      objects: objects.filter((object) => owned.has(nameOf(object))).length,
    },
    units: { 'to Synced and Healthy': 's', applications: 'applications', objects: 'objects' },
    checks: [
      { what: 'applications that are not Synced and Healthy', expected: 'none', got: list(wrong) },
      {
        what: 'applied files that are other than in the tree, but for sealed secrets',
        expected: 'none',
        got: list(changed),
      },
      { what: 'what a second comparison changed', expected: 'none', got: list(differences) },
      {
        what: 'pods outside of kube-system without a priority class',
        expected: 'none',
        got: list(podsWithoutPriority(objects)),
      },
      {
        what: 'objects outside of kube-system that no application owns',
        expected: 'none',
        got: list(unowned(objects, live, new Set(before.map(nameOf)), platform)),
      },
    ],
  };
}

/** Lets Argo CD compare everything again. @returns objects and applications that are other than before */
async function changesOfSecondSync(
  cluster: Cluster,
  before: readonly LiveObject[],
  owned: ReadonlySet<string>,
): Promise<string[]> {
  const operations = async (): Promise<Map<string, string>> =>
    new Map(
      (await applicationsOf(cluster)).map(({ metadata, status }) => [
        metadata.name,
        `${status?.operationState?.finishedAt ?? ''} ${status?.sync?.status ?? ''}`,
      ]),
    );
  const earlier = await operations();
  await compareAgain(cluster, { atMost: 120 });
  const later = await operations();
  const synced = [...later].flatMap(([name, state]) => {
    const then = earlier.get(name) ?? 'not there';
    return then === state ? [] : [`Application ${name}: ${then}, then ${state}`];
  });
  const written = new Map(before.map((object) => [nameOf(object), writtenByArgoCd(object)]));
  const changed = (await allObjects(cluster))
    .filter((object) => owned.has(nameOf(object)) && written.get(nameOf(object)) !== writtenByArgoCd(object))
    .map(nameOf);
  return [...synced, ...changed];
}
