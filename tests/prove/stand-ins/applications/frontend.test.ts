import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { patience } from '../../../support/until.ts';
import { ask, Image } from './image.ts';

let images: Image[];

beforeEach(() => {
  images = [];
});

afterEach(() => {
  for (const image of images) image.close();
});

function start(name: 'backend' | 'frontend', entry: string, changes: Record<string, string>) {
  const image = new Image(name);
  images.push(image);
  return image.start(entry, image.variables(`${name}/deployment-${name}.yaml`, changes));
}

/** Where a backend answers, it has as long as a busy machine takes. */
async function frontend(apiUrl: string, changes: Record<string, string> = { API_TIMEOUT_MS: `${patience}` }) {
  const program = start('frontend', 'server.js', { API_URL: apiUrl, ...changes });
  return { program, ...(await program.listening()) };
}

/** An API that answers everything alike, until `use` is through. */
async function withApi(status: number, body: string, use: (url: string) => Promise<void>): Promise<void> {
  const api = http.createServer((_, response) => response.writeHead(status).end(body)).listen(0, '127.0.0.1');
  await new Promise((resolve) => api.once('listening', resolve));
  await use(`http://127.0.0.1:${(api.address() as AddressInfo).port}`);
  api.closeAllConnections();
  api.close();
}

test('renders a page with what the backend answers', async () => {
  const backend = await start('backend', 'dist/main.js', { APP_VERSION: '0.5.0' }).listening();
  const { port } = await frontend(`http://127.0.0.1:${backend.port}`);
  const { status, headers, text } = await ask(port, '/');
  expect([status, headers['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('<p>frontend 0.1.0 on ');
  expect(text).toContain('<pre data-backend="answered">{&quot;application&quot;:&quot;backend&quot;,');
  expect(text).toContain('&quot;version&quot;:&quot;0.5.0&quot;');
});

test('renders a page and is healthy without a backend', async () => {
  let address = '';
  await withApi(200, '', async (url) => Promise.resolve(void (address = url)));
  const { port } = await frontend(address);
  const { status, text } = await ask(port, '/');
  expect(status).toBe(200);
  expect(text).toContain(`<pre data-backend="away">502: the backend doesn't answer (ECONNREFUSED)</pre>`);
  expect((await ask(port, '/api/health')).status).toBe(200);
});

test('tells an error of the backend as such', async () => {
  await withApi(503, 'broken', async (url) => {
    const { port } = await frontend(url);
    expect((await ask(port, '/')).text).toContain('<pre data-backend="away">502: the backend answered 503</pre>');
  });
});

test('renders no markup of the backend', async () => {
  await withApi(200, '<script>"&', async (url) => {
    const { port } = await frontend(url);
    expect((await ask(port, '/')).text).toContain('>&lt;script&gt;&quot;&amp;</pre>');
  });
});

test('waits no longer than 2 seconds for a backend that is silent', async () => {
  const silent = http.createServer(() => undefined).listen(0, '127.0.0.1');
  await new Promise((resolve) => silent.once('listening', resolve));
  const { port } = await frontend(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`, {});
  const { text } = await ask(port, '/');
  silent.closeAllConnections();
  silent.close();
  expect(text).toContain(`502: the backend doesn't answer (TimeoutError)`);
});

test('has metrics, ends calmly, and never gets healthy as a version that is never ready', async () => {
  const changes = { APP_VERSION: '1.0.0-never-ready', SHUTDOWN_TIMEOUT_MS: '2000' };
  const { program, port, metricsPort } = await frontend('http://127.0.0.1:1', changes);
  expect((await ask(port, '/api/health')).status).toBe(503);
  expect((await ask(metricsPort, '/metrics')).text).toContain('app_info{version="1.0.0-never-ready"} 1\n');
  program.terminate();
  expect(await program.ended()).toBe(0);
});

test('burns CPU at /work too, without asking its backend', async () => {
  const { port } = await frontend('http://127.0.0.1:9');
  const { status, text } = await ask(port, '/work?milliseconds=20');
  expect([status, text]).toEqual([200, '{"milliseconds":20}\n']);
});
