import type { WayIn } from '../../components/edge/way-in.ts';
import type { Releases } from '../../delivery/releases.ts';
import { askWeb } from '../../instruments/web-client.ts';
import type { WebRequest } from '../../instruments/web-client.ts';
import type { Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

const clients = 250;
/** Of each: browsers of as many kinds behind one address. */
const browsers = 4;
/** Percent of the clients that are led to the other application. */
const wanted = 10;
/** By how many percent a hash of a thousand kinds may be off: three standard deviations. */
const tolerance = 3;

/** Splits the frontend's host between both applications, and counts at these who came. */
export async function split({ signal, report }: PlatformGround, way: WayIn, releases: Releases): Promise<Round> {
  await releases.release('The frontend is split', (tree) => {
    tree.edit('apps/edge.ts', /hosts\.frontend, \{\s*to: (\S+),/, (found) =>
      found.replace(
        /to: (\S+),/,
        `to: [{ endpoint: $1, weight: ${100 - wanted} }, { endpoint: used.backend.backend.http, weight: ${wanted} }],`,
      ),
    );
  });
  await releases.applied([way.edge.waf.application], signal);
  const first = await counted(way);
  const again = await counted(way);
  const total = clients * browsers;
  const percent = (first.filter((name) => name === 'backend').length * 100) / total;
  const moved = first.filter((name, index) => name !== again[index]).length;
  const lost = [...first, ...again].filter((name) => name !== 'backend' && name !== 'frontend').length;
  report(`split: ${percent} % at the other application, ${moved} clients moved, ${lost} got no answer`);
  return {
    figures: { share: percent, off: Math.round(Math.abs(percent - wanted) * 10) / 10, clients: total, moved },
    units: { share: '%', off: '%', clients: 'clients', moved: 'clients' },
    checks: [
      {
        what: `percent of the clients at the other application, of ${wanted} that are wanted`,
        expected: `${wanted - tolerance} to ${wanted + tolerance}`,
        got:
          Math.abs(percent - wanted) <= tolerance ? `${wanted - tolerance} to ${wanted + tolerance}` : String(percent),
      },
      { what: 'clients that were led elsewhere the second time', expected: '0', got: String(moved) },
      { what: 'clients that neither application answered', expected: '0', got: String(lost) },
    ],
  };
}

/** Who answers each client, by what the applications themselves say. */
async function counted(way: WayIn): Promise<readonly string[]> {
  const requests = Array.from({ length: clients * browsers }, (_, index): WebRequest => {
    const headers = {
      'User-Agent': `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (index % browsers)}.0) Gecko/20100101`,
    };
    return way.request(way.host('frontend'), {
      client: 1 + Math.floor(index / browsers),
      path: '/echo/split',
      headers,
    });
  });
  const answers = await askWeb(way.cluster, requests, { atOnce: 8 });
  return answers.map(({ status, body }) => {
    if (status !== 200) return 'nobody';
    return (JSON.parse(body) as { readonly application: string }).application;
  });
}
