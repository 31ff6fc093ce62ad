import { WayIn, wayInSources } from '../../components/edge/way-in.ts';
import { Releases } from '../../delivery/releases.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { handovers } from './handovers.ts';
import { split } from './split.ts';

export const area: Area<'platform'> = {
  purpose:
    'updates and loses pods of Traefik and of the firewall under clients outside, changes a rule, and splits a route',
  promises: {
    'edge-rollout':
      'a rolling update of each, a pod of each deleted, and a release with another rule of the firewall, under a client that ' +
      'keeps its connection and one that does not, each every 100 ms; then a process of each killed outright',
    'edge-split':
      'a release that splits a host 90 to 10 between two applications, and clients of a thousand kinds counted there',
  },
  needs: 'platform',
  asks: 'edge',
  minutes: 14,
  programs: [],
  about: wayInSources,
  run: drain,
};

async function drain(platform: PlatformGround): Promise<Outcome> {
  const { cluster, clone, applications, signal } = platform;
  const way = await WayIn.of(platform);
  const releases = await Releases.of(cluster, clone);
  return withCleanUp([() => releases.undo()], async () => {
    await releases.pin();
    await releases.applied(applications, signal);
    return {
      'edge-rollout': await handovers(platform, way, releases),
      'edge-split': await split(platform, way, releases),
    };
  });
}
