import { once } from 'node:events';
import net from 'node:net';
import { ask, Image } from './image.ts';

let image: Image;
let port: number;
let program: ReturnType<Image['start']>;

beforeEach(async () => {
  image = new Image('frontend');
  program = image.start('server.js', image.variables('frontend/deployment-frontend.yaml'));
  ({ port } = await program.listening());
});

afterEach(() => {
  image.close();
});

/** What comes back for bytes, until `ends` is seen. */
async function bytes(text: string | Buffer, ends: RegExp, socket = net.connect(port, '127.0.0.1')): Promise<string> {
  let got = '';
  socket.setEncoding('latin1').on('data', (part: string) => (got += part));
  socket.write(text);
  while (!ends.test(got)) await once(socket, 'data');
  return got;
}

test('every answer says that it is of the application, refusals too', async () => {
  const answers = await Promise.all([ask(port, '/echo/a'), ask(port, '/nothing'), ask(port, '/', undefined, 'PUT')]);
  expect(answers.map(({ status, headers }) => [status, headers['x-application']])).toEqual([
    [200, 'frontend'],
    [404, 'frontend'],
    [405, 'frontend'],
  ]);
});

test('an echo tells what arrived, and the log has a line of it', async () => {
  const got = await bytes('POST /echo/a?b=c HTTP/1.1\r\nHost: h\r\nX-One: 1\r\nContent-Length: 5\r\n\r\nhello', /\}\n/);
  expect(JSON.parse(got.slice(got.indexOf('{')))).toMatchObject({
    ...{ application: 'frontend', method: 'POST', url: '/echo/a?b=c', bytes: 5, body: 'hello' },
    headers: { host: 'h', 'x-one': '1' },
  });
  expect(program.output).toContain('echo POST /echo/a?b=c\n');
});

test('events come one after the other', async () => {
  const { headers, text } = await ask(port, '/echo/events?count=2&milliseconds=1');
  expect([headers['content-type'], text]).toEqual(['text/event-stream', 'data: 0\n\ndata: 1\n\n']);
});

test('a WebSocket sends back what it gets', async () => {
  const socket = net.connect(port, '127.0.0.1');
  const handshake = [
    ...[
      'GET /echo/socket HTTP/1.1',
      'Host: h',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
    ],
    ...['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', '', ''],
  ].join('\r\n');
  expect(await bytes(handshake, /\r\n\r\n$/, socket)).toContain('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
  const frame = Buffer.from([0x81, 0x82, 1, 2, 3, 4, 'h'.charCodeAt(0) ^ 1, 'i'.charCodeAt(0) ^ 2]);
  expect(await bytes(frame, /hi$/, socket)).toBe('\u0081\u0002hi');
  socket.destroy();
});

test('an error is one of the application, and what breaks off has no answer', async () => {
  const { status, headers } = await ask(port, '/echo/failed');
  expect([status, headers['x-application']]).toEqual([500, 'frontend']);
  await expect(ask(port, '/echo/broken')).rejects.toThrow(/hang up|terminated|fetch failed|reset/);
});
