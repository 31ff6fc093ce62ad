import { kubectl } from '../../cluster/kubectl.ts';
import { isInUse, podsOf } from '../../cluster/pods.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { webOf } from '../../components/web.ts';
import { askWeb, base64 } from '../../instruments/web-client.ts';
import type { WebAnswer, WebRequest } from '../../instruments/web-client.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import { entrances } from '../../stand-ins/internet/names.ts';
import type { PlatformGround } from '../ground.ts';
import { reachedBy } from './attacks.ts';
import { disguises, smuggled, smuggling, tidied } from './disguises.ts';

/** Headers that servers behind would believe, and how the same is written so that some server takes it for them. */
const believed = [
  'X-Auth-User',
  'X-Middleware-Subrequest',
  'X-Forwarded-User',
  'Remote-User',
  'X-HTTP-Method-Override',
];
const aliases = ['X.Auth.User', 'X_Auth_User', 'X!Auth!User'];

/** Requests that hide what they are. */
export async function evasions(platform: PlatformGround, way: WayIn): Promise<Part> {
  const rows = Object.entries(disguises);
  const host = way.host('backend');
  const requests = rows.map(([, text], index) => way.bytes(host, text.replaceAll('HOST', host), 110 + (index % 100)));
  const answers = await askWeb(way.cluster, requests, { atOnce: 4 });
  const hidden = rows.map(([what], index): DrillCheck => {
    const answer = answers[index];
    return { what, expected: 'refused', got: reachedBy(answer) ? 'reached the application' : wordOf(answer) };
  });
  const checks = [
    ...hidden,
    ...(await plain(way)),
    ...(await newerHttp(way)),
    ...(await trusted(way)),
    ...(await aliased(way)),
    ...(await behindOthers(platform, way)),
  ];
  const through = checks.filter(({ expected, got }) => expected !== got);
  platform.report(
    `evasions: ${through.length} of ${checks.length} otherwise${through.map(({ what, got }) => `; ${what}: ${got}`).join('')}`,
  );
  return { figures: { evasions: checks.length }, checks };
}

/** Whatever says no, be it by an answer or by the end of the connection; what says 429 did not look at it. */
function wordOf(answer?: WebAnswer): string {
  if (answer === undefined || answer.status === 429) return 'not tried';
  // Without an answer within the time it is held back at the least.
  return answer.status >= 200 && answer.status < 400 ? `answered ${answer.status}` : 'refused';
}

/** What has two meanings has one when it reaches the application. */
async function plain(way: WayIn): Promise<readonly DrillCheck[]> {
  const host = way.host('backend');
  const rows = Object.entries(tidied);
  const requests = rows.map(([, [text]]) => way.bytes(host, text.replaceAll('HOST', host), 210));
  const answers = await askWeb(way.cluster, requests);
  return rows.map(([what, [, seen]], index): DrillCheck => {
    const { status = 0, body = '' } = answers[index] ?? {};
    return { what, expected: 'as it means', got: seen.test(body) ? 'as it means' : `${status} ${body.slice(-300)}` };
  });
}

async function newerHttp(way: WayIn): Promise<readonly DrillCheck[]> {
  const host = way.host('backend');
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const ask = (body: string, headers: Readonly<Record<string, string>>): WebRequest =>
    way.request(host, {
      ...{ client: 211, protocol: 'h2', method: 'POST', path: '/echo/h2' },
      body: base64(body),
      headers,
    });
  const [form2, json, upgrade] = await askWeb(way.cluster, [
    ask('q=1%27+UNION+SELECT+password+FROM+users--+', form),
    ask('{"q":"<script>alert(1)</script>"}', { 'content-type': 'application/json' }),
    way.bytes(
      host,
      `GET /echo/h2c?q=1%27+OR+1=1--+ HTTP/1.1\nHost: ${host}\nConnection: Upgrade, HTTP2-Settings\nUpgrade: h2c\n` +
        'HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA\n\n',
      212,
    ),
  ]);
  const word = (answer?: WebAnswer): string => (reachedBy(answer) ? 'reached the application' : wordOf(answer));
  return [
    { what: 'a form by HTTP/2', expected: 'refused', got: word(form2) },
    { what: 'JSON by HTTP/2', expected: 'refused', got: word(json) },
    { what: 'an upgrade to h2c', expected: 'refused', got: word(upgrade) },
  ];
}

/** What the application learns of headers that only something in front of it may write, also behind a body. */
async function trusted(way: WayIn): Promise<readonly DrillCheck[]> {
  const host = way.host('backend');
  const headers = Object.fromEntries(believed.map((name) => [name, 'admin']));
  const trailer = [
    ...['POST /echo/trailer HTTP/1.1', `Host: ${host}`, 'Content-Type: application/json', 'Transfer-Encoding: chunked'],
    ...[
      'Trailer: X-Auth-User',
      'User-Agent: drill',
      'Connection: close',
      '',
      '2',
      '{}',
      '0',
      'X-Auth-User: admin',
      '',
      '',
    ],
  ];
  const [plain, late] = await askWeb(way.cluster, [
    way.request(host, { client: 213, path: '/echo/believed', headers }),
    way.bytes(host, trailer.join('\n'), 214),
  ]);
  const seen = (answer?: WebAnswer): string =>
    believed.filter((name) => new RegExp(`"${name}":`, 'i').test(answer?.body ?? '')).join(', ') || 'none';
  return [
    { what: 'headers of trust that reach the application', expected: 'none', got: seen(plain) },
    { what: 'those behind a body', expected: 'none', got: seen(late) },
  ];
}

/** Other ways to write a header, at every entry point: those that the world has none to are asked on the pod's own node. */
async function aliased(way: WayIn): Promise<readonly DrillCheck[]> {
  const { cluster, edge, namespace } = way;
  const host = way.host('backend');
  const text = (alias: string): string =>
    `GET /echo/alias HTTP/1.1\nHost: ${host}\n${alias}: admin\nConnection: close\n\n`;
  const outside = aliases.map((alias) => way.bytes(host, text(alias), 215));
  const plain = outside.map((request) => ({
    ...request,
    servername: undefined,
    to: { address: entrances.v2, port: 80 },
  }));
  const answers = await askWeb(cluster, [...outside, ...plain]);
  const where = [`--namespace=${namespace}`, selectorArgument(edge.traefik.selector)];
  const [pod] = (await podsOf(cluster, where)).filter(isInUse);
  const address = pod?.status.podIP ?? '';
  const inner = (['traefik', 'metrics'] as const).flatMap((name) =>
    aliases.map((alias): WebRequest => ({
      to: { address, port: edge.traefik.port(name) },
      raw: way.bytes(host, text(alias)).raw,
    })),
  );
  const within = await askWeb(cluster, inner, { node: pod?.spec.nodeName });
  const all = [...answers, ...within];
  return ['websecure', 'web', 'traefik', 'metrics'].flatMap((entry, index) =>
    aliases.map((alias, at): DrillCheck => {
      const status = all[index * aliases.length + at]?.status;
      return { what: `${alias} at the entry point ${entry}`, expected: '400', got: String(status) };
    }),
  );
}

/** Requests behind others: nothing of them may be in the log of an application. */
async function behindOthers({ cluster, platform }: PlatformGround, way: WayIn): Promise<readonly DrillCheck[]> {
  const host = way.host('backend');
  const rows = Object.entries(smuggling);
  const requests = rows.map(([, text], index) => way.bytes(host, text.replaceAll('HOST', host), 216 + index));
  await askWeb(cluster, requests);
  // The next request on the connection behind would be taken for the rest of it.
  await askWeb(
    cluster,
    Array.from({ length: 20 }, () => way.request(host, { client: 230, path: '/echo/next' })),
  );
  const { namespace, selector } = webOf(platform, 'backend');
  const log = await kubectl(cluster, ['logs', `--namespace=${namespace}`, selector, '--tail=5000', '--prefix=false']);
  const got = log.split('\n').filter((line) => line.includes(smuggled));
  const what = `requests of ${rows.length} behind others that an application saw`;
  return [{ what, expected: 'none', got: got.join(', ') || 'none' }];
}
