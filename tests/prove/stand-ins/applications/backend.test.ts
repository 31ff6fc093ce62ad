import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { ask, Image } from './image.ts';

const file = 'backend/deployment-backend.yaml';
let image: Image;

beforeEach(() => {
  image = new Image('backend');
});

afterEach(() => {
  image.close();
});

async function backend(changes: Record<string, string> = {}) {
  const program = image.start('dist/main.js', image.variables(file, changes));
  return { program, ...(await program.listening()) };
}

async function sessionKey(port: number): Promise<unknown> {
  const { text } = await ask(port, '/');
  return (JSON.parse(text) as { sessionKey: unknown }).sessionKey;
}

test('says which version it is and on which host, by default 0.1.0', async () => {
  const [first, second] = await Promise.all([backend(), backend({ APP_VERSION: '0.2.0' })]);
  const [answer, next] = await Promise.all([ask(first.port, '/'), ask(second.port, '/')]);
  expect(answer.headers['content-type']).toBe('application/json; charset=utf-8');
  expect(JSON.parse(answer.text)).toMatchObject({ version: '0.1.0', host: os.hostname() });
  expect(JSON.parse(next.text)).toMatchObject({ version: '0.2.0' });
});

test('is live and ready, knows no other paths and only reads', async () => {
  const { port } = await backend();
  const answers = await Promise.all([
    ...['/health/live', '/health/ready', '/nothing', '//'].map((target) => ask(port, target)),
    ask(port, '/', undefined, 'POST'),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 404, 405]);
});

test('reads a secret anew at each use, and stays up where it is gone', async () => {
  const { port } = await backend();
  const before = await sessionKey(port);
  image.writeSecret('SESSION_KEY_FILE', 'rotated');
  const after = await sessionKey(port);
  expect(after).toMatch(/^[0-9a-f]{16}$/);
  expect(after).not.toBe(before);
  fs.rmSync(path.join(image.secrets, 'SESSION_KEY_FILE'));
  expect((await ask(port, '/')).status).toBe(500);
  expect((await ask(port, '/health/live')).status).toBe(200);
});

test('counts requests by status without probes, and tells its memory and version', async () => {
  const { port, metricsPort } = await backend({ APP_VERSION: '0.3.0', METRICS_PATH: '/numbers' });
  for (const target of ['/', '/', '/nothing', '/health/live', '/health/ready']) await ask(port, target);
  const { headers, text } = await ask(metricsPort, '/numbers');
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  expect(text.match(/^http_requests_total.*/gm)).toEqual([
    'http_requests_total{status="200"} 2',
    'http_requests_total{status="404"} 1',
  ]);
  expect(text).toContain('app_info{version="0.3.0"} 1\n');
  expect(Number(/^process_resident_memory_bytes (\d+)$/m.exec(text)?.[1])).toBeGreaterThan(10 * 2 ** 20);
  expect((await ask(metricsPort, '/metrics')).status).toBe(404);
  expect((await ask(port, '/numbers')).status).toBe(404);
});

test('keeps an idle connection open for as long as it is told', async () => {
  const [brief, patient] = await Promise.all(
    ['1000', '60000'].map(async (milliseconds) => {
      const { port } = await backend({ KEEP_ALIVE_TIMEOUT_MS: milliseconds });
      const socket = net.connect(port, '127.0.0.1').setEncoding('utf8');
      socket.write('GET / HTTP/1.1\r\nHost: backend\r\n\r\n');
      const [answer] = (await once(socket, 'data')) as [string];
      return { socket, answer };
    }),
  );
  await once(brief!.socket, 'close');
  expect(brief!.answer).toContain('Keep-Alive: timeout=1\r\n');
  expect(patient!.answer).toContain('Keep-Alive: timeout=60\r\n');
  expect(patient!.socket.readyState).toBe('open');
  patient!.socket.destroy();
});

/** CPU seconds that a process used so far: utime and stime of proc(5), in ticks of 1/100 s. */
function cpuSeconds(pid: number): number {
  const fields = fs.readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

test('burns the CPU that /work asks for', async () => {
  const { program, port } = await backend();
  const burnt = async (milliseconds: number): Promise<number> => {
    const before = cpuSeconds(program.pid);
    await ask(port, `/work?milliseconds=${milliseconds}`);
    return cpuSeconds(program.pid) - before;
  };
  await burnt(20);
  const [little, much] = [await burnt(80), await burnt(240)];
  expect(much).toBeGreaterThan(0.22);
  expect(much / little).toBeGreaterThan(2);
  expect(much / little).toBeLessThan(4);
});

test.each(['', '?milliseconds=', '?milliseconds=-1', '?milliseconds=1001', '?milliseconds=1e2'])(
  'refuses /work%s',
  async (query) => {
    const { port } = await backend();
    const { status, text } = await ask(port, `/work${query}`);
    expect([status, text]).toEqual([400, 'milliseconds is a whole number from 0 to 1000\n']);
  },
);

test('answers probes in the midst of ten requests for work', async () => {
  const { port } = await backend();
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let probes = 0;
  let left = 10;
  const work = Array.from({ length: left }, async () => {
    const { status } = await ask(port, '/work?milliseconds=30');
    left -= 1;
    return status;
  });
  for (; left > 0; probes += 1) await ask(port, '/health/live', agent);
  agent.destroy();
  expect(await Promise.all(work)).toEqual(Array.from({ length: 10 }, () => 200));
  // One that waits for the work before it would be answered once or twice.
  expect(probes).toBeGreaterThan(5);
});

test('stops working for who is gone', async () => {
  const { program, port } = await backend();
  const asked = http.get({ host: '127.0.0.1', port, path: '/work?milliseconds=1000' });
  asked.on('error', () => undefined);
  await new Promise((resolve) => setTimeout(resolve, 200));
  asked.destroy();
  await ask(port, '/');
  await new Promise((resolve) => setTimeout(resolve, 200));
  const before = cpuSeconds(program.pid);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(cpuSeconds(program.pid) - before).toBeLessThan(0.1);
});

describe('a bad release', () => {
  test('with never-ready in its version is live and never ready', async () => {
    const { port } = await backend({ APP_VERSION: '0.4.0-never-ready' });
    const answers = await Promise.all(['/health/live', '/health/ready', '/'].map((target) => ask(port, target)));
    expect(answers.map(({ status }) => status)).toEqual([200, 503, 200]);
  });

  test('with crash in its version ends with 1 after its start', async () => {
    const program = image.start('dist/main.js', image.variables(file, { APP_VERSION: '0.4.0-crash' }));
    expect(await program.ended()).toBe(1);
    expect(program.output).toMatch(/listens on \d+.*\nbackend 0\.4\.0-crash crashes/);
  });
});
