import assert from 'node:assert/strict';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { ask, sessionOf } from '../lib/backend.ts';
import { contentSecurityPolicy, newNonce } from '../lib/csp.ts';
import { routeOf } from '../lib/observe.ts';
import { centsOf, priceOf } from '../lib/price.ts';

describe('the policy', () => {
  test('lets run what has the nonce, and no inline script without', () => {
    const policy = contentSecurityPolicy('abc');
    assert.match(policy, /script-src 'self' 'nonce-abc' 'strict-dynamic'/);
    assert.doesNotMatch(policy, /unsafe/);
    for (const rule of ["default-src 'self'", "base-uri 'self'", "frame-ancestors 'none'", "object-src 'none'"]) {
      assert.ok(policy.split('; ').includes(rule), rule);
    }
  });

  test('has another nonce for each answer, of 128 bits', () => {
    assert.notEqual(newNonce(), newNonce());
    assert.equal(Buffer.from(newNonce(), 'base64').length, 16);
  });
});

test('prices are read as people write them', () => {
  const read = ['12.50', '12,5', '7', ' 3.05 ', '', '-1', '1.234', 'x', '12345678'].map(centsOf);
  assert.deepEqual(read, [1250, 1250, 700, 305, undefined, undefined, undefined, undefined, undefined]);
  assert.equal(priceOf(1205), '12.05');
});

test('the session is found among cookies', () => {
  assert.equal(sessionOf(['a=1', '__Host-session=xyz; Path=/; HttpOnly']), 'xyz');
  assert.equal(sessionOf(['__Host-session=; Path=/']), undefined);
  assert.equal(sessionOf([]), undefined);
});

test('paths of one kind are one series', () => {
  const routes = ['/products/1?x=2', '/_next/static/a.js', '/sign-in', '/wp-admin'].map(routeOf);
  assert.deepEqual(routes, ['/products/[id]', '/_next', '/sign-in', 'other']);
});

describe('asking the backend', () => {
  let status = 200;
  let headers: Record<string, string> = {};
  let seen: http.IncomingHttpHeaders = {};
  let ending = 0;
  const backend = http.createServer((request, response) => {
    seen = request.headers;
    if (ending-- > 0) return void request.socket.destroy();
    response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end('{"name":"anna"}');
  });
  before(async () => {
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    process.env.API_URL = `http://127.0.0.1:${(backend.address() as AddressInfo).port}`;
  });
  after(() => backend.close());

  const answerTo = async (code: number, more: Record<string, string> = {}) => {
    [status, headers] = [code, more];
    return ask('/auth/me', { session: 'xyz' });
  };

  test('is done as the person who asks', async () => {
    await answerTo(200);
    assert.equal(seen.cookie, '__Host-session=xyz');
  });

  test('tells apart what the page tells apart', async () => {
    assert.deepEqual(await answerTo(200, { 'set-cookie': '__Host-session=new; Path=/' }), {
      kind: 'answered',
      body: { name: 'anna' },
      session: 'new',
    });
    assert.deepEqual(await answerTo(401, { 'www-authenticate': 'Negotiate' }), {
      kind: 'refused',
      negotiate: 'Negotiate',
    });
    assert.deepEqual(await answerTo(403), { kind: 'forbidden' });
    assert.deepEqual(await answerTo(404), { kind: 'not found' });
    assert.deepEqual(await answerTo(429, { 'retry-after': '90' }), { kind: 'limited', seconds: 90 });
    assert.deepEqual(await answerTo(500), { kind: 'away' });
  });

  test('is done once more where the connection ends that was kept, and no oftener', async () => {
    ending = 1;
    assert.equal((await answerTo(200)).kind, 'answered');
    ending = 2;
    assert.deepEqual(await answerTo(200), { kind: 'away' });
  });

  test('follows nobody to elsewhere', async () => {
    assert.deepEqual(await answerTo(302, { location: 'http://127.0.0.1:1/' }), { kind: 'away' });
  });

  test('says that it is away when nobody listens', async () => {
    backend.close();
    backend.closeAllConnections();
    assert.deepEqual(await answerTo(200), { kind: 'away' });
  });
});
