import { WayIn, wayInSources } from '../../components/edge/way-in.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { attacks } from './attacks.ts';
import { bypasses } from './bypass.ts';
import { costs } from './costs.ts';
import { evasions } from './evasion.ts';
import { ordinary } from './ordinary.ts';
import { suite } from './suite.ts';

export const area: Area<'platform'> = {
  purpose: "runs the firewall's own tests, and sends attacks, what evades rules and ordinary requests by the way in",
  promises: {
    'waf-block':
      "the rule set's own tests against the firewall's image and configuration at paranoia level 4; every attack among them that " +
      'HTTP can carry, by the way in; requests that hide what they are; and every way around the firewall',
    'waf-allow':
      'what a shop sees of an ordinary day, by the way in, with uploads, WebSockets and events; and what the way in costs beside ' +
      'the direct way',
  },
  needs: 'platform',
  asks: 'edge',
  minutes: 9,
  programs: ['crs-suite', 'albedo'],
  about: [
    ...wayInSources,
    'prove/images/recipes/edge.ts',
    'scripts/waf/ordinary-traffic.ts',
    'scripts/waf/rule-set.ts',
    'scripts/waf/rule-tests.ts',
  ],
  run: firewall,
};

async function firewall(platform: PlatformGround): Promise<Outcome> {
  const way = await WayIn.of(platform);
  const tested = await suite(platform, way);
  const blocked = await attacks(platform, way);
  const evaded = await evasions(platform, way);
  const around = await bypasses(platform, way);
  const passed = await ordinary(platform, way);
  const cost = await costs(platform, way);
  return {
    'waf-block': {
      figures: { ...tested.figures, ...blocked.figures, ...evaded.figures, ...around.figures },
      units: {
        ...{ passed: 'tests', 'failed in the suite': 'tests', explained: 'tests' },
        ...{ attacks: 'requests', refused: '%', evasions: 'requests', bypass: 'routes' },
      },
      checks: [...tested.checks, ...blocked.checks, ...evaded.checks, ...around.checks],
    },
    'waf-allow': {
      figures: { ...passed.figures, ...cost.figures },
      units: { requests: 'requests', blocked: 'requests', ...cost.units },
      checks: [...passed.checks, ...cost.checks],
    },
  };
}
