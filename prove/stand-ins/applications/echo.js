// What reached the application, for drills of the way in: every method at /echo/..., whatever follows. Each request is
// also a line of the log, so that one that was smuggled behind another is found. /echo/socket is a WebSocket that sends
// back what it gets, /echo/events tells its events as they come; /echo/failed is an error, and /echo/broken no answer at all.
import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';

/** Of a body, in characters. */
const kept = 2000;

/** Of WebSockets; RFC 6455, section 1.3. */
const acceptKey = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

export function isEcho(path) {
  return path.startsWith('/echo/');
}

export async function echo(name, request) {
  const { method, url, httpVersion, headers, rawHeaders, socket } = request;
  console.log(`echo ${method} ${url}`);
  let bytes = 0;
  let body = '';
  for await (const chunk of request) {
    bytes += chunk.length;
    if (body.length < kept) body += chunk.toString('latin1').slice(0, kept - body.length);
  }
  const { pathname, searchParams } = new URL(url, 'http://echo');
  if (pathname === '/echo/events') return { type: 'text/event-stream', body: events(searchParams) };
  if (pathname === '/echo/failed') return { status: 500, body: 'failed\n' };
  if (pathname === '/echo/broken') socket.destroy();
  const seen = { application: name, method, url, httpVersion, headers, rawHeaders, peer: socket.remoteAddress };
  return { type: 'application/json; charset=utf-8', body: `${JSON.stringify({ ...seen, bytes, body })}\n` };
}

async function* events(query) {
  const count = Math.min(Number(query.get('count') ?? 3), 20);
  for (let number = 0; number < count; number++) {
    yield `data: ${number}\n\n`;
    await delay(Math.min(Number(query.get('milliseconds') ?? 200), 2000));
  }
}

/** Answers an upgrade: the handshake, and then every short message of text. */
export function acceptSocket(request, socket) {
  console.log(`echo ${request.method} ${request.url}`);
  socket.on('error', () => socket.destroy());
  if (!request.url.startsWith('/echo/socket') || request.headers.upgrade?.toLowerCase() !== 'websocket') {
    socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n');
    return;
  }
  const accept = createHash('sha1').update(`${request.headers['sec-websocket-key']}${acceptKey}`).digest('base64');
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  );
  socket.on('data', (frame) => {
    const length = (frame[1] ?? 0) & 127;
    const isText = ((frame[0] ?? 0) & 15) === 1;
    if (!isText || length > 125) {
      socket.end();
      return;
    }
    const mask = frame.subarray(2, 6);
    const text = frame.subarray(6, 6 + length).map((byte, at) => byte ^ mask[at % 4]);
    socket.write(Buffer.concat([Buffer.from([0x81, length]), text]));
  });
}
