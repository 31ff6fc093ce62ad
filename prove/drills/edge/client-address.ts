import { kubectl } from '../../cluster/kubectl.ts';
import { workersOf } from '../../cluster/plan.ts';
import { clientAddress, subscriberAddress } from '../../components/edge/way-in.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import { askWeb, base64 } from '../../instruments/web-client.ts';
import type { WebAnswer, WebRequest } from '../../instruments/web-client.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import { entrances } from '../../stand-ins/internet/names.ts';
import type { PlatformGround } from '../ground.ts';

/** What the application of the proving ground says that reached it. */
interface Echo {
  readonly headers: Readonly<Record<string, string>>;
}

/** An address that nobody here has. */
const forged = '192.0.2.66';

/** By which a client says who it is, or where. */
const forgedHeaders = {
  'X-Forwarded-For': forged,
  'X-Real-IP': forged,
  Forwarded: `for=${forged}`,
  'True-Client-IP': forged,
  'CF-Connecting-IP': forged,
  'X-Client-IP': forged,
  'X-Cluster-Client-IP': forged,
  'X-Original-Forwarded-For': forged,
  'X-Forwarded-Host': 'evil.example.net',
  'X-Forwarded-Proto': 'http',
  'X-Forwarded-Port': '1',
} as const;

/** How many requests each of two users makes by connections that both share behind Traefik. */
const tickets = 60;

/** Whether everybody behind the load balancer learns the client's own address, and nothing that it says about it. */
export async function clientAddresses(platform: PlatformGround, way: WayIn): Promise<Round> {
  const ways = await waysIn(way);
  const around = await withoutLoadBalancer(way);
  const mixed = await ticketsOfTwo(way);
  platform.report(`client addresses: ${mixed} of ${2 * tickets} requests with the ticket of somebody else`);
  return {
    figures: { ways: ways.length, 'tickets mixed': mixed },
    units: { ways: 'ways', 'tickets mixed': 'requests' },
    checks: [
      ...ways,
      ...around,
      { what: 'requests with the ticket of another user', expected: '0', got: String(mixed) },
    ],
  };
}

async function waysIn(way: WayIn): Promise<readonly DrillCheck[]> {
  const host = way.host('backend');
  const six = subscriberAddress(1, 1);
  const kinds: readonly (readonly [string, string, Partial<WebRequest>])[] = [
    ['version 1 of PROXY', clientAddress(21), { to: { address: entrances.v1, port: 443 } }],
    ['version 2 of PROXY', clientAddress(22), {}],
    ['version 2 of PROXY by IPv6', six, { to: { address: entrances.ipv6, port: 443 }, from: six }],
    ['forged headers', clientAddress(24), { headers: { Host: host, ...forgedHeaders } }],
  ];
  const requests = kinds.map(([, address, more], index) => {
    const request = way.request(host, { path: `/echo/address-${index}` });
    return { ...request, from: address, ...more };
  });
  const answers = await askWeb(way.cluster, requests);
  const logged = await accessLog(way);
  return kinds.flatMap(([what, address], index) => {
    const got = seenBy(answers[index]);
    const line = logged.find(({ RequestPath: path = '' }) => path === `/echo/address-${index}`);
    return [
      { what: `${what}: the address that the application learns`, expected: `${address}, ${address}`, got },
      { what: `${what}: the address in the access log`, expected: address, got: line?.ClientHost ?? 'no line' },
      {
        what: `${what}: where the application is told that it is asked`,
        expected: `${host}, https, 443`,
        got: asked(answers[index]),
      },
    ];
  });
}

function echoOf(answer?: WebAnswer): Echo | undefined {
  return answer?.status === 200 ? (JSON.parse(answer.body) as Echo) : undefined;
}

/** Everything that says who the client is. */
function seenBy(answer?: WebAnswer): string {
  const echo = echoOf(answer);
  if (echo === undefined) return `no answer: ${answer?.status} ${answer?.error ?? ''}`;
  const names = Object.keys(forgedHeaders)
    .map((name) => name.toLowerCase())
    .filter((name) => !/^x-forwarded-(host|proto|port)$/.test(name));
  return names.flatMap((name) => echo.headers[name] ?? []).join(', ');
}

function asked(answer?: WebAnswer): string {
  const echo = echoOf(answer);
  return ['host', 'proto', 'port'].map((name) => echo?.headers[`x-forwarded-${name}`] ?? 'nothing').join(', ');
}

interface AccessLine {
  readonly RequestPath?: string;
  readonly ClientHost?: string;
}

async function accessLog({ cluster, edge, namespace }: WayIn): Promise<readonly AccessLine[]> {
  const where = [`--namespace=${namespace}`, selectorArgument(edge.traefik.selector), '--tail=2000', '--prefix=false'];
  const log = await kubectl(cluster, ['logs', ...where]);
  return log.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as AccessLine] : []));
}

/** Straight to the nodes, as whoever is in the private network could try it. */
async function withoutLoadBalancer(way: WayIn): Promise<readonly DrillCheck[]> {
  const { cluster, entrance } = way;
  const host = way.host('backend');
  const header = base64(`PROXY TCP4 ${forged} ${entrances.v1} 1 443\r\n`);
  const request = { ...way.request(host, { path: '/echo/around' }), timeout: 3000 };
  const nodes = workersOf(cluster.plan);
  const direct = nodes.map(({ address }) => ({
    ...request,
    to: { address, port: entrance.nodePorts.websecure },
    before: header,
  }));
  // The load balancer's header comes first, so this one is a part of what should be TLS.
  const behind = { ...request, before: header };
  const answers = await askWeb(cluster, [...direct, behind]);
  const word = (answer?: WebAnswer): string => (answer?.error === undefined ? `answered ${answer?.status}` : 'nothing');
  return [
    ...nodes.map(({ name }, index) => ({
      what: `what the node port of ${name} says to another peer that speaks PROXY`,
      expected: 'nothing',
      got: word(answers[index]),
    })),
    {
      what: 'what a client of the load balancer gets that speaks PROXY',
      expected: 'nothing',
      got: word(answers.at(-1)),
    },
  ];
}

/** Two users at the same time, whose requests share connections behind Traefik. @returns how many got the other's */
async function ticketsOfTwo(way: WayIn): Promise<number> {
  const host = way.host('backend');
  const requests = Array.from({ length: 2 * tickets }, (_, index) => {
    const user = index % 2;
    const headers = { Authorization: `Negotiate ticket-of-${user}`, Cookie: `session=${user}` };
    return way.request(host, { client: 30 + user, path: `/echo/ticket?user=${user}`, headers });
  });
  const answers = await askWeb(way.cluster, requests, { atOnce: 12 });
  return answers.filter((answer, index) => {
    const { authorization, cookie } = echoOf(answer)?.headers ?? {};
    return authorization !== `Negotiate ticket-of-${index % 2}` || cookie !== `session=${index % 2}`;
  }).length;
}
