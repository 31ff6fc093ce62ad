import { setTimeout as delay } from 'node:timers/promises';
import { usualLimits } from '../../../constructs/traefik-waf/index.ts';
import { subscriberAddress } from '../../components/edge/way-in.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { askWeb, loadWeb } from '../../instruments/web-client.ts';
import type { LoadResult, WebRequest } from '../../instruments/web-client.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import { entrances } from '../../stand-ins/internet/names.ts';
import type { PlatformGround } from '../ground.ts';

/** Both Traefiks count for themselves: a client that is led to both has as much of each. */
const replicas = 2;

interface Offered {
  readonly limits: keyof typeof usualLimits;
  readonly perSecond: number;
  readonly seconds: number;
}

/** Each asks for more than twice as much as it should get. */
const offers: readonly Offered[] = [
  { limits: 'default', perSecond: 300, seconds: 6 },
  { limits: 'api', perSecond: 200, seconds: 6 },
  { limits: 'auth', perSecond: 10, seconds: 6 },
];

export async function limits({ report }: PlatformGround, way: WayIn): Promise<Round> {
  const figures: Record<string, number> = {};
  const checks: DrillCheck[] = [];
  for (const [index, offered] of offers.entries()) {
    const { limits: name, ...rate } = offered;
    const [client, other] = [40 + 2 * index, 41 + 2 * index];
    const [flooding, calm] = await Promise.all([
      loadWeb(way.cluster, requestOf(way, name, client), rate),
      // As much as the strictest class lets through at once.
      loadWeb(way.cluster, requestOf(way, name, other), { perSecond: 1, seconds: 4, connections: 1 }),
    ]);
    const accepted = acceptedOf(flooding);
    report(
      `limits ${name}: ${accepted} of ${flooding.offered} in ${flooding.seconds.toFixed(1)} s ${JSON.stringify(flooding.statuses)}`,
    );
    figures[`offered, ${name}`] = Math.round(flooding.offered / flooding.seconds);
    figures[`accepted, ${name}`] = Math.round((accepted * 10) / flooding.seconds) / 10;
    checks.push(...boundsOf(name, flooding, accepted), noneRefused(name, calm));
  }
  const subscriber = await bySubscriber(way);
  const patient = await withPatience(way);
  const inFlight = await atOnce(way);
  const units = Object.fromEntries(Object.keys(figures).map((name) => [name, 'requests a second']));
  return {
    figures: { ...figures, 'accepted at once, api': inFlight.accepted },
    units: { ...units, 'accepted at once, api': 'requests' },
    checks: [...checks, ...subscriber, patient, ...inFlight.checks],
  };
}

/** What reached the application, or the firewall, and wasn't held back for being too much. */
function acceptedOf({ statuses }: LoadResult): number {
  return Object.entries(statuses).reduce(
    (sum, [status, count]) => (/^[234]\d\d$/.test(status) && status !== '429' ? sum + count : sum),
    0,
  );
}

function requestOf(way: WayIn, limits: Offered['limits'], client: number): WebRequest {
  // Files that the firewall has no rules for: it would be what holds this back.
  if (limits === 'default') return way.request(way.host('frontend'), { client, path: '/_next/static/limits.js' });
  const host = way.host('backend');
  if (limits === 'api') return way.request(host, { client, path: '/echo/limits' });
  return way.request(host, { client, path: loginPath(way) });
}

/** The path of the backend that is held to what a sign-in is. */
function loginPath(way: WayIn): string {
  const of = way.edge.routes.filter(({ host }) => host === way.host('backend'));
  return of.flatMap(({ limitedPaths }) => limitedPaths).find(({ limits }) => limits === 'auth')?.path ?? '/auth/login';
}

function boundsOf(name: Offered['limits'], result: LoadResult, accepted: number): readonly DrillCheck[] {
  const { requests, perSeconds, burst } = usualLimits[name];
  const one = burst + (requests / perSeconds) * (result.seconds + 1);
  const bound = Math.ceil(one * replicas);
  const least = Math.floor(burst);
  const other = Object.keys(result.statuses).filter((status) => !['200', '404', '405', '429'].includes(status));
  return [
    {
      what: `${name}: accepted of one client, from ${least} to ${bound}`,
      expected: 'within',
      got: accepted >= least && accepted <= bound ? 'within' : String(accepted),
    },
    {
      what: `${name}: answers but those of the application and 429`,
      expected: 'none',
      got: other.join(', ') || 'none',
    },
    {
      what: `${name}: whether some were answered 429`,
      expected: 'true',
      got: String((result.statuses['429'] ?? 0) > 0),
    },
  ];
}

function noneRefused(name: string, { offered, statuses }: LoadResult): DrillCheck {
  const refused = Object.entries(statuses).filter(([status]) => !['200', '404', '405'].includes(status));
  return {
    what: `${name}: what of ${offered} another client was refused`,
    expected: '',
    got: refused.map(String).join(', '),
  };
}

/** All addresses of one subscriber of IPv6 share the limit of a sign-in; another subscriber has its own. */
async function bySubscriber(way: WayIn): Promise<readonly DrillCheck[]> {
  const { burst } = usualLimits.auth;
  const request = (subscriber: number, number: number): WebRequest => ({
    ...requestOf(way, 'auth', 1),
    to: { address: entrances.ipv6, port: 443 },
    from: subscriberAddress(subscriber, number),
  });
  const each = 2 * burst;
  const first = Array.from({ length: 6 * each }, (_, index) => request(1, 1 + (index % 6)));
  const answers = await askWeb(way.cluster, [...first, request(2, 1)]);
  const accepted = answers.slice(0, -1).filter(({ status }) => status > 0 && status !== 429).length;
  const bound = replicas * (burst + 2);
  return [
    {
      what: `accepted of ${first.length} sign-ins by six addresses of one IPv6 network, at most ${bound}`,
      expected: 'within',
      got: accepted > 0 && accepted <= bound ? 'within' : String(accepted),
    },
    {
      what: 'whether another IPv6 network was held back with them',
      expected: 'false',
      got: String(answers.at(-1)?.status === 429),
    },
  ];
}

/** A client that comes back when Traefik has forgotten it (ADR 0009): nginx behind it has not. */
async function withPatience(way: WayIn): Promise<DrillCheck> {
  const { requests, perSeconds, burst } = usualLimits.auth;
  const [times, seconds, each] = [6, 8, burst * replicas];
  const began = Date.now();
  let accepted = 0;
  for (let time = 0; time < times; time++) {
    await delay(Math.max(0, began + time * seconds * 1000 - Date.now()));
    const answers = await askWeb(
      way.cluster,
      Array.from({ length: each }, () => requestOf(way, 'auth', 52)),
    );
    accepted += answers.filter(({ status }) => status > 0 && status !== 429).length;
  }
  const bound = Math.floor(replicas * (burst + (requests / perSeconds) * ((Date.now() - began) / 1000 + 1)));
  return {
    what: `accepted of ${times * each} sign-ins, ${each} each ${seconds} s, at most ${bound}`,
    expected: 'within',
    got: accepted >= burst && accepted <= bound ? 'within' : String(accepted),
  };
}

/** More requests under way at once than one client may have. */
async function atOnce(way: WayIn): Promise<{ readonly accepted: number; readonly checks: readonly DrillCheck[] }> {
  const { inFlight } = usualLimits.api;
  const bound = inFlight * replicas;
  const offered = bound + 40;
  // Long enough that all are under way before the first ends, on a busy machine too.
  const path = '/echo/events?count=5&milliseconds=2000';
  const requests = Array.from({ length: offered }, () =>
    way.request(way.host('backend'), { client: 50, path, timeout: 30_000 }),
  );
  const answers = await askWeb(way.cluster, requests, { atOnce: offered });
  const accepted = answers.filter(({ status }) => status === 200).length;
  const other = answers
    .filter(({ status }) => ![200, 429].includes(status))
    .map(({ status, error }) => error ?? status);
  return {
    accepted,
    checks: [
      {
        what: `accepted of ${offered} requests at once, at most ${bound}`,
        expected: 'within',
        got: accepted > 0 && accepted <= bound ? 'within' : String(accepted),
      },
      { what: 'what else was answered to them', expected: 'nothing', got: [...new Set(other)].join(', ') || 'nothing' },
    ],
  };
}
