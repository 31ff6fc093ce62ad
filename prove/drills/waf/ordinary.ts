import { ordinaryTraffic } from '../../../scripts/waf/ordinary-traffic.ts';
import type { OrdinaryRequest } from '../../../scripts/waf/ordinary-traffic.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { askWeb, base64 } from '../../instruments/web-client.ts';
import type { WebAnswer, WebRequest } from '../../instruments/web-client.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

function requestOf(way: WayIn, { to, method, path, headers, body }: OrdinaryRequest): WebRequest {
  // Files are bytes; all else is text.
  const isUpload = headers['Content-Type']?.startsWith('multipart/') ?? false;
  const bytes = body === undefined ? undefined : Buffer.from(body, isUpload ? 'latin1' : 'utf8');
  return way.request(way.host(to), {
    ...{ client: 100, method, body: bytes?.toString('base64') },
    // The applications of the proving ground have their WebSocket there.
    path: headers.Upgrade === undefined ? path : `/echo${path}`,
    headers: { ...headers, ...(bytes === undefined ? {} : { 'Content-Length': String(bytes.length) }) },
  });
}

/** Asks what a shop sees of an ordinary day: all of it has to reach the applications. */
export async function ordinary({ report }: PlatformGround, way: WayIn): Promise<Part> {
  const answers = await askWeb(
    way.cluster,
    ordinaryTraffic.map((request) => requestOf(way, request)),
    { atOnce: 2 },
  );
  const reached = answers.map(hasReached);
  const blocked = ordinaryTraffic.flatMap(({ name }, index) =>
    reached[index] === true ? [] : [`${name} (${answers[index]?.error ?? answers[index]?.status})`],
  );
  report(
    `ordinary traffic: ${blocked.length} of ${answers.length} requests blocked${blocked.length === 0 ? '' : `: ${blocked.join('; ')}`}`,
  );
  return {
    figures: { requests: answers.length, blocked: blocked.length },
    checks: [
      {
        what: 'ordinary requests that did not reach the application',
        expected: 'none',
        got: blocked.join('; ') || 'none',
      },
      ...(await streams(way)),
      await largeUpload(way),
    ],
  };
}

/** Whether the application itself answered. */
export const hasReached = ({ headers, status }: WebAnswer): boolean =>
  headers['x-application'] !== undefined || status === 101;

/** A WebSocket sends back what it gets, and events come as they are told. */
async function streams(way: WayIn): Promise<readonly DrillCheck[]> {
  const host = way.host('backend');
  const handshake = [
    ...['GET /echo/socket HTTP/1.1', `Host: ${host}`, 'Connection: Upgrade', 'Upgrade: websocket'],
    ...['Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'User-Agent: drill', '', ''],
  ].join('\r\n');
  const frame = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 'h'.charCodeAt(0) ^ 1, 'i'.charCodeAt(0) ^ 2]).toString('latin1');
  const [socket, events] = await askWeb(way.cluster, [
    { ...way.request(host, { client: 101 }), raw: base64(handshake), then: base64(frame), quiet: 3000 },
    way.request(host, { client: 101, path: '/echo/events?count=4&milliseconds=500' }),
  ]);
  return [
    {
      what: 'a WebSocket',
      expected: '101, hi',
      got: `${socket?.status}, ${socket?.body.endsWith('\u0081\u0002hi') ? 'hi' : 'nothing'}`,
    },
    {
      what: 'events, and whether the first came before the last',
      expected: '4, true',
      got: `${eventsOf(events)}, ${String(cameApart(events))}`,
    },
  ];
}

const eventsOf = (answer?: WebAnswer): number => [...(answer?.body ?? '').matchAll(/^data: /gm)].length;

function cameApart(answer?: WebAnswer): boolean {
  return (answer?.firstByte ?? Infinity) + 1000 < (answer?.milliseconds ?? 0);
}

/** Nearly as much as a route takes: bytes of every kind, in parts. */
async function largeUpload(way: WayIn): Promise<DrillCheck> {
  const boundary = '----drill';
  const bytes = Buffer.alloc(9 * 2 ** 20, Buffer.from(Array.from({ length: 251 }, (_, at) => at)));
  const head = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="film.mp4"\r\nContent-Type: video/mp4\r\n\r\n`;
  const body = Buffer.concat([Buffer.from(head), bytes, Buffer.from(`\r\n--${boundary}--\r\n`)]);
  const [answer] = await askWeb(way.cluster, [
    way.request(way.host('backend'), {
      ...{ client: 102, method: 'POST', path: '/echo/upload', timeout: 60_000, body: body.toString('base64') },
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}`, 'Content-Length': String(body.length) },
    }),
  ]);
  const got = answer?.status === 200 ? (JSON.parse(answer.body) as { readonly bytes: number }).bytes : answer?.status;
  return { what: 'bytes of an upload of 9 MiB that arrived', expected: String(body.length), got: String(got) };
}
