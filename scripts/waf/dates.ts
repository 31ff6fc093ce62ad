import { environments } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import { outdatedExclusions } from '../../constructs/traefik-waf/index.ts';
import type { Exclusion } from '../../constructs/traefik-waf/index.ts';
import { firewalls } from './firewalls.ts';

const day = 24 * 3600 * 1000;

/** What `npm run waf -- dates` prints. @throws InputError for exclusions whose day has come */
export function datesOf(today: Date, all: readonly Exclusion[] = everywhere()): string {
  const past = outdatedExclusions(all, today);
  if (past.length > 0) {
    throw new InputError(
      past.map(({ route, rule, target, reason, until }) => ({
        where: `exclusion of ${rule} for ${target === false ? 'everything' : target} on ${route}`,
        what: `its day was ${until}; it was made because ${reason}`,
        allowed: 'exclusions that somebody has looked at since',
        remedy: 'remove it, or write another day if it is still needed: docs/runbooks/waf-false-positive.md',
      })),
    );
  }
  const soon = outdatedExclusions(all, new Date(today.getTime() + 90 * day));
  const lines = soon.map(
    ({ route, rule, target, until }) => `from ${until} on: ${rule} for ${String(target)} on ${route}\n`,
  );
  const said = soon.length === 0 ? '' : 'exclusions that have to be looked at anew within 90 days:\n';
  return `${said}${lines.join('')}${all.length} exclusions, and none is past its day\n`;
}

/** Of every environment, each once. */
function everywhere(): readonly Exclusion[] {
  const all = Object.keys(environments).flatMap((name) =>
    firewalls(name).flatMap(({ settings }) => settings.routes().flatMap(({ exclusions }) => exclusions)),
  );
  return [...new Map(all.map((exclusion) => [JSON.stringify(exclusion), exclusion])).values()];
}
