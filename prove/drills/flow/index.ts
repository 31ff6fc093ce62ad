import { refresh } from '../../components/argocd/applications.ts';
import { directoryOf } from '../../components/directory/server.ts';
import { WayIn, wayInSources } from '../../components/edge/way-in.ts';
import { membersOf } from '../../components/postgres/members.ts';
import { Releases } from '../../delivery/releases.ts';
import { publishImage } from '../../images/publish.ts';
import { applicationImage } from '../../images/recipes/platform.ts';
import { sampleImage } from '../../images/recipes/samples.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { Browser } from './browser.ts';
import { hops } from './hops.ts';
import { makePeople, removePeople } from './people.ts';
import { refusedPasswords, tickets } from './refusals.ts';
import { rollOut } from './roll-out.ts';

export const area: Area<'platform'> = {
  purpose: 'runs the samples in the place of the stand-ins, and follows requests from a browser to the directory',
  promises: {
    flow:
      'the samples, released in the place of their stand-ins: an attack, a sign-in by form, a page that the cache does not have and ' +
      'the same again, each found in the log of Traefik, firewall, frontend and backend by its names; people who may not sign in, ' +
      'real tickets and NTLM; and a release of both applications while the forms of pages from before are posted',
  },
  needs: 'platform',
  asks: 'edge',
  minutes: 8,
  programs: [],
  about: [
    ...wayInSources,
    'constructs/nest-backend',
    'constructs/next-frontend',
    'constructs/samba-dc',
    'prove/components/directory',
    'prove/images/recipes/samples.ts',
    'prove/images/samples.ts',
    'samples',
  ],
  run: flow,
};

const names = ['backend', 'frontend'] as const;

type Tags = Readonly<Record<(typeof names)[number], string>>;

async function flow(ground: PlatformGround): Promise<Outcome> {
  const { cluster, clone, applications, signal, report } = ground;
  const [tags, next] = await publishSamples(ground);
  const way = await WayIn.of(ground);
  const server = directoryOf(ground);
  await server.ready(signal);
  const members = membersOf(ground);
  const releases = await Releases.of(cluster, clone);
  const undo = [
    () => report('everything as before'),
    async () => {
      await releases.undo();
      await refresh(cluster);
      await releases.applied(applications);
    },
    // The stand-ins have no tables, and these are none of anybody's.
    () => members.sqlOfClients('DROP TABLE IF EXISTS products, migrations'),
    () => removePeople(server),
  ];
  return withCleanUp(undo, async () => {
    const people = await makePeople(server);
    await releases.pin();
    await releases.release('The samples', (changed) => {
      for (const name of names) changed.setImage(name, tags[name]);
    });
    await releases.applied(clone.applications(), signal);
    report('the samples run');
    const followed = await hops(ground, way, new Browser(way, 140), people.editor);
    const refused = await refusedPasswords(ground, way, server, people);
    const shown = await tickets(ground, way, server, people);
    const rolled = await rollOut(ground, way, releases, people.editor, next);
    return {
      flow: {
        figures: rolled.figures,
        units: {
          ...{ 'sign-ins': 'requests', 'changed prices': 'requests', pages: 'requests', failed: 'requests' },
          'roll-out': 's',
        },
        checks: [...followed, ...refused, ...shown, ...rolled.checks],
      },
    };
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
