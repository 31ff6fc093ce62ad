import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Habits } from '../../../prove/stand-ins/object-storage/habits.ts';

let server: http.Server;
let habits: Habits;
let passed: string[];

beforeEach(async () => {
  passed = [];
  server = http.createServer(({ method = '', url = '' }, response) => {
    passed.push(`${method} ${url}`);
    response.writeHead(url.startsWith('/unknown') ? 404 : 200, { 'x-amz-checksum-sha256': 'sum', etag: 'tag' });
    response.end(url.startsWith('/unknown') ? '<Code>NoSuchBucket</Code>' : '');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  habits = await Habits.start((server.address() as AddressInfo).port);
});
afterEach(async () => {
  await habits.stop();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: string) {
  const response = await fetch(`${habits.endpoint}${path}`, { method, headers, body });
  const text = await response.text();
  return { status: response.status, code: /<Code>([^<]+)/.exec(text)?.[1], text, headers: response.headers };
}

describe('the habits of a provider of object storage', () => {
  test('a bucket that was just made is unknown for a while', async () => {
    await ask('PUT', '/new');
    const answers = [];
    for (let time = 0; time < 4; time += 1) answers.push((await ask('GET', '/new?versioning=')).code);
    expect(answers).toEqual(['NoSuchBucket', 'NoSuchBucket', 'NoSuchBucket', undefined]);
  });

  test('there are no tags, no copies, and no policies that are taken away', async () => {
    const answers = [
      await ask('GET', '/bucket?tagging='),
      await ask('PUT', '/bucket/key', { 'x-amz-copy-source': '/bucket/other' }),
      await ask('DELETE', '/bucket?policy='),
    ];
    expect(answers.map(({ code }) => code)).toEqual(['NotImplemented', 'InternalError', 'AccessDenied']);
    expect(passed).toEqual([]);
  });

  test('an ETag in quotes meets no condition', async () => {
    const of = async (etag: string) => (await ask('PUT', '/bucket/key', { 'if-match': etag }, 'x')).status;
    expect([await of('"tag"'), await of('tag')]).toEqual([412, 200]);
  });

  test('what was deleted is not there, for a write that asks for that', async () => {
    const forgotten: string[] = [];
    const versioned = await Habits.start((server.address() as AddressInfo).port, (bucket, key) => {
      forgotten.push(`${bucket} ${key}`);
    });
    for (const condition of ['*', 'tag']) {
      await fetch(`${versioned.endpoint}/bucket/env:/a%20b.tflock`, {
        method: 'PUT',
        headers: { 'if-none-match': condition },
      });
    }
    await versioned.stop();
    expect(forgotten).toEqual(['bucket env:/a b.tflock']);
  });

  test('HEAD tells no checksum', async () => {
    const sum = async (method: string) => (await ask(method, '/bucket/key')).headers.get('x-amz-checksum-sha256');
    expect([await sum('HEAD'), await sum('GET')]).toEqual([null, 'sum']);
  });

  test('a lifecycle is kept that has days of old versions alone', async () => {
    const document = (rule: string) => `<LifecycleConfiguration><Rule>${rule}</Rule></LifecycleConfiguration>`;
    const days = document(
      '<NoncurrentVersionExpiration><NoncurrentDays>3</NoncurrentDays></NoncurrentVersionExpiration>',
    );
    expect((await ask('GET', '/bucket?lifecycle=')).code).toBe('NoSuchLifecycleConfiguration');
    const newer = document('<NewerNoncurrentVersions>3</NewerNoncurrentVersions>');
    expect((await ask('PUT', '/bucket?lifecycle=', {}, newer)).code).toBe('MalformedXML');
    await ask('PUT', '/bucket?lifecycle=', {}, days);
    expect((await ask('GET', '/bucket?lifecycle=')).text).toBe(days);
    expect((await ask('PUT', '/unknown?lifecycle=', {}, days)).code).toBe('NoSuchBucket');
  });

  test('what was asked is told', async () => {
    await ask('GET', '/bucket?tagging=');
    await ask('PUT', '/bucket/key', { 'x-amz-trailer': 'x-amz-checksum-crc32' }, 'x');
    expect(habits.asked).toEqual([
      { method: 'GET', path: '/bucket?tagging=', status: 501, trailer: false },
      { method: 'PUT', path: '/bucket/key', status: 200, trailer: true },
    ]);
  });
});
