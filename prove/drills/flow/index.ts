import { directoryOf } from '../../components/directory/server.ts';
import { WayIn, wayInSources } from '../../components/edge/way-in.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { withSamples } from '../with-samples.ts';
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
      'real tickets, one with another key than the keytab has, and NTLM; and a release of both applications while the forms of pages from before are posted',
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
    'prove/drills/with-samples.ts',
    'prove/images/recipes/samples.ts',
    'prove/images/samples.ts',
    'samples',
  ],
  run: flow,
};

async function flow(whole: PlatformGround): Promise<Outcome> {
  const server = directoryOf(whole);
  await server.ready(whole.signal);
  return withCleanUp([() => removePeople(server)], async () => {
    const people = await makePeople(server);
    return await withSamples(whole, async (ground, { releases, next }) => {
      const way = await WayIn.of(ground);
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
  });
}
