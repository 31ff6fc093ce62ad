import { environments } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import { outdatedExclusions } from '../../constructs/traefik-waf/index.ts';
import type { Exclusion } from '../../constructs/traefik-waf/index.ts';
import { firewalls } from './firewalls.ts';

const day = 24 * 3600 * 1000;

/** Days within which every exclusion is looked at: a year, and some to move it in. */
const longest = 400;

/** What `npm run waf -- dates` prints. @throws InputError for exclusions whose day has come, or is too far to ever be looked at */
export function datesOf(today: Date, all: readonly Exclusion[] = everywhere()): string {
  const past = outdatedExclusions(all, today);
  const last = new Date(today.getTime() + longest * day);
  const far = all.filter((exclusion) => !outdatedExclusions(all, last).includes(exclusion));
  if (past.length + far.length > 0) {
    throw new InputError([
      ...past.map((exclusion) => ({
        where: described(exclusion),
        what: `its day was ${exclusion.until}; it was made because ${exclusion.reason}`,
        allowed: 'exclusions that somebody has looked at since',
        remedy: 'remove it, or write another day if it is still needed: docs/runbooks/waf-false-positive.md',
      })),
      ...far.map((exclusion) => ({
        where: described(exclusion),
        what: `its day is ${exclusion.until}`,
        allowed: `a day within ${longest} days: rules and applications change, and nobody would look at it again`,
        remedy: 'write a day of the coming year',
      })),
    ]);
  }
  const soon = outdatedExclusions(all, new Date(today.getTime() + 90 * day));
  const lines = soon.map(
    ({ route, rule, target, until }) => `from ${until} on: ${rule} for ${String(target)} on ${route}\n`,
  );
  const said = soon.length === 0 ? '' : 'exclusions that have to be looked at anew within 90 days:\n';
  return `${said}${lines.join('')}${all.length} exclusions, and none is past its day\n`;
}

function described({ route, rule, target }: Exclusion): string {
  return `exclusion of ${rule} for ${target === false ? 'everything' : target} on ${route}`;
}

/** Of every environment, each once. */
function everywhere(): readonly Exclusion[] {
  const all = Object.keys(environments).flatMap((name) =>
    firewalls(name).flatMap(({ settings }) => settings.routes().flatMap(({ exclusions }) => exclusions)),
  );
  return [...new Map(all.map((exclusion) => [JSON.stringify(exclusion), exclusion])).values()];
}
