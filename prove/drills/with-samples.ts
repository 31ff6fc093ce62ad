import { refresh } from '../components/argocd/applications.ts';
import { membersOf } from '../components/postgres/members.ts';
import { sampleApplications } from '../delivery/applications.ts';
import type { ApplicationName } from '../delivery/applications.ts';
import { Releases } from '../delivery/releases.ts';
import { publishImage } from '../images/publish.ts';
import { applicationImage } from '../images/recipes/platform.ts';
import { sampleImage } from '../images/recipes/samples.ts';
import { withCleanUp } from '../machine/clean-up.ts';
import type { PlatformGround } from './ground.ts';

const names: readonly ApplicationName[] = ['backend', 'frontend'];

type Tags = Readonly<Record<ApplicationName, string>>;

export interface Released {
  readonly releases: Releases;
  /** Under which the same samples are published once more, for a next release. */
  readonly next: Tags;
}

/** Releases the samples in the place of the stand-ins for an action, and the stand-ins again after it. */
export function withSamples<Value>(
  ground: PlatformGround,
  action: (ground: PlatformGround, released: Released) => Promise<Value>,
): Promise<Value> {
  const { cluster, clone, applications, signal, report } = ground;
  const members = membersOf(ground);
  let releases: Releases | undefined;
  const undo = [
    () => report('everything as before'),
    async () => {
      await releases?.undo();
      await refresh(cluster);
      await releases?.applied(applications);
    },
    // The stand-ins have no tables, and these are none of anybody's.
    () => members.sqlOfClients('DROP TABLE IF EXISTS products, migrations'),
  ];
  return withCleanUp(undo, async () => {
    const [tags, next] = await publishSamples(ground);
    releases = await Releases.of(cluster, clone);
    await releases.pin();
    await releases.release('The samples', (changed) => {
      for (const name of names) changed.setImage(name, tags[name]);
    });
    await releases.applied(clone.applications(), signal);
    report('the samples run');
    return await action({ ...ground, web: sampleApplications(ground) }, { releases, next });
  });
}

/** Lets the nodes pull the samples, each by two tags. @returns those of the first release, and of the next one */
async function publishSamples(ground: PlatformGround): Promise<readonly [Tags, Tags]> {
  const { cluster, environment, used } = ground;
  const tags: Record<string, string> = {};
  const next: Record<string, string> = {};
  for (const name of names) {
    const { tag, ...image } = await sampleImage(ground, name);
    await publishImage(cluster, image);
    await publishImage(cluster, { ...image, reference: `${image.reference}-again` });
    used.replace(await applicationImage(environment, name), image);
    [tags[name], next[name]] = [tag, `${tag}-again`];
  }
  return [tags as Tags, next as Tags];
}
