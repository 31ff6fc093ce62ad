import type { WayIn } from '../../components/edge/way-in.ts';
import { askWeb, base64, loadWeb } from '../../instruments/web-client.ts';
import type { LoadResult } from '../../instruments/web-client.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** What another client asks meanwhile. */
const calm = { perSecond: 5, seconds: 12, connections: 2 } as const;
/** Of one client: several times what a client may have. */
const offered = { perSecond: 500, seconds: 10, connections: 60 } as const;
const slowConnections = 100;
/** In milliseconds: within this a connection that doesn't get on is ended. */
const patience = 75_000;

/** One client asks for far too much, opens connections that send nothing, and sends headers that are too large. */
export async function flood({ report }: PlatformGround, way: WayIn): Promise<Round> {
  const { cluster } = way;
  const [shop, api] = [way.host('frontend'), way.host('backend')];
  const other = way.request(api, { client: 70, path: '/echo/calm' });
  const before = await loadWeb(cluster, other, calm);
  // They are many seconds in coming, so all that follows happens beside them.
  const slow = slowClients(way);
  const [flooding, during] = await Promise.all([
    loadWeb(cluster, way.request(shop, { client: 71, path: '/_next/static/flood.js' }), offered),
    loadWeb(cluster, other, calm),
  ]);
  const held = flooding.statuses['429'] ?? 0;
  report(`flood: ${JSON.stringify(flooding.statuses)}; the other client: ${JSON.stringify(during)}`);
  const large = await largeHeaders(way);
  const after = await loadWeb(cluster, other, calm);
  const ended = await slow;
  const ratio = Math.round((during.milliseconds.median / before.milliseconds.median) * 10) / 10;
  return {
    figures: {
      'offered by the flood': Math.round(flooding.offered / flooding.seconds),
      'held back': Math.round((held * 100) / flooding.offered),
      "others' failures": failedOf(during) + failedOf(after),
      "others' latency, times": ratio,
      'slowest of others': during.milliseconds.slowest,
    },
    units: {
      'offered by the flood': 'requests a second',
      'held back': '%',
      "others' failures": 'requests',
      "others' latency, times": 'times',
      'slowest of others': 'ms',
    },
    checks: [
      { what: 'requests of another client that failed during the flood', expected: '0', got: String(failedOf(during)) },
      { what: 'those beside connections that send nothing', expected: '0', got: String(failedOf(after)) },
      { what: 'whether most of the flood was held back', expected: 'true', got: String(held > flooding.offered / 3) },
      { what: `connections of ${slowConnections} that were ended because they sent nothing`, ...ended },
      large,
    ],
  };
}

function failedOf({ offered: all, statuses }: LoadResult): number {
  return all - (statuses['200'] ?? 0);
}

/** Connections that begin a request and never end it. */
async function slowClients(way: WayIn): Promise<Pick<DrillCheck, 'expected' | 'got'>> {
  const beginning = 'GET /echo/slow HTTP/1.1\nHost: ';
  const request = { ...way.bytes(way.host('frontend'), beginning, 72), timeout: patience, quiet: patience };
  const answers = await askWeb(
    way.cluster,
    Array.from({ length: slowConnections }, () => request),
    { atOnce: slowConnections },
  );
  const ended = answers.filter(
    ({ end, error }) => (end !== undefined && end !== 'quiet') || error !== undefined,
  ).length;
  return { expected: String(slowConnections), got: String(ended) };
}

async function largeHeaders(way: WayIn): Promise<DrillCheck> {
  const host = way.host('backend');
  const text = `GET /echo/large HTTP/1.1\r\nHost: ${host}\r\nX-Large: ${'a'.repeat(65_536)}\r\n\r\n`;
  const [answer] = await askWeb(way.cluster, [{ ...way.request(host, { client: 73 }), raw: base64(text) }]);
  const got = answer?.error === undefined ? String(answer?.status) : 'refused';
  // It may end the connection before all of it was sent.
  return { what: 'headers of 64 KiB', expected: 'refused', got: got === '431' || got === '0' ? 'refused' : got };
}
