import type http from 'node:http';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { usualObjectives } from '../../../constructs/traefik-waf/defaults.ts';
import { routeObjectives } from '../../../constructs/traefik-waf/objectives.ts';
import { at, only } from '../../support/harness.ts';
import { edgeManifests } from '../../support/edge.ts';
import { clientIs, clientIsBinary, TraefikLab, traefikProgram } from './traefik-lab.ts';

/** What only the real one shows. */
const describeHere = traefikProgram === undefined ? describe.skip : describe;
const manifests = edgeManifests(
  (edge, { shop, api }) => {
    edge.route('shop.example.com', { to: shop, contentSecurityPolicy: 'application' });
    edge.route('api.example.com', { to: api, limitedPaths: [{ path: '/auth/login', limits: 'auth' }] });
    edge.route('api.example.com', { to: api, path: '/v2', limits: 'few' });
  },
  {
    loadBalancer: '127.0.0.1',
    banned: ['203.0.113.0/24', '2001:db8:bad::/48'],
    // Slowly: a busy machine takes longer for six requests than one takes to be refilled.
    limits: {
      auth: { requests: 1, perSeconds: 60, burst: 5, inFlight: 5 },
      few: { requests: 1, perSeconds: 60, burst: 2, inFlight: 10 },
    },
    drainSeconds: 5,
  },
);

/** Bound to whom a header says, so that no test counts for another one. */
let clients = 0;
const somebody = (): string => clientIs(`198.51.100.${(clients += 1)}`);

describeHere('Traefik with what an edge is made of', () => {
  const lab = new TraefikLab(manifests, ['shop.example.com', 'api.example.com']);

  beforeAll(() => lab.start());
  afterAll(() => lab.stop());

  const last = (): http.IncomingHttpHeaders => lab.received.at(-1)!.headers;

  test('leads hosts to the firewall, by their own names', async () => {
    expect((await lab.ask('https://shop.example.com/a?b=c')).body).toBe('from behind');
    expect(lab.received.at(-1)).toMatchObject({ url: '/a?b=c', headers: { host: 'shop.example.com' } });
  });

  test('asks the API for no more than it may', () => {
    const rules = only(manifests, 'Role', 'edge').rules as {
      resources: string[];
      verbs: string[];
      apiGroups: string[];
    }[];
    const may = rules.flatMap(({ resources, verbs, apiGroups }) =>
      apiGroups.flatMap((group) => resources.flatMap((each) => verbs.map((verb) => `${verb} ${group} ${each}`))),
    );
    const asked = [...lab.api.asked].map((text) => {
      const [, verb, group = '', resource] = /^(\w+) \/apis?\/(?:(.+)\/)?v\w+\/namespaces\/edge\/(\w+)$/.exec(text) ?? [
        text,
      ];
      return `${verb} ${group} ${resource}`;
    });
    expect(asked.length).toBeGreaterThan(10);
    expect(asked.filter((each) => !may.includes(each))).toEqual([]);
  });

  describe('answers have the headers', () => {
    const usual = {
      'strict-transport-security': 'max-age=63072000; includeSubDomains',
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src '") as string,
    };

    test.each([
      ['of an application', 'https://api.example.com/', {}, 200],
      ['for a host that nobody routes', 'https://api.example.com/', { headers: { Host: 'other.example.com' } }, 404],
      ['for who is banned', 'https://api.example.com/', { before: clientIs('203.0.113.9') }, 403],
      ['for who is banned, by IPv6', 'https://api.example.com/', { before: clientIs('2001:db8:bad:7::9') }, 403],
    ])('%s', async (_, url, asked, status) => {
      const answer = await lab.ask(url, asked);
      expect(answer.status).toBe(status);
      expect(answer.headers).toMatchObject(usual);
    });

    test('for who asks too often', async () => {
      const before = somebody();
      const ask = () => lab.ask('https://api.example.com/v2', { before });
      const answers = [await ask(), await ask(), await ask()];
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
      expect(answers[2]!.headers).toMatchObject(usual);
    });

    test('but none that say what runs behind', async () => {
      expect(Object.keys((await lab.ask('https://shop.example.com/')).headers)).not.toContain('server');
      expect(Object.keys((await lab.ask('https://shop.example.com/')).headers)).not.toContain('x-powered-by');
    });

    test('and a policy, unless the application has its own', async () => {
      const policy = async (host: string) => (await lab.ask(`https://${host}/`)).headers['content-security-policy'];
      expect(await policy('api.example.com')).toContain("default-src 'self'");
      expect(await policy('shop.example.com')).toBeUndefined();
    });
  });

  test('what servers behind believe is not what clients say', async () => {
    const said = {
      'X-Middleware-Subrequest': 'middleware',
      'X-Auth-User': 'admin',
      'X-Forwarded-User': 'admin',
      'X-HTTP-Method-Override': 'DELETE',
      'X-Original-URL': '/admin',
      'X-Request-Id': '1',
      'X-Forwarded-For': '192.0.2.9',
      'X-Real-Ip': '192.0.2.9',
      'X-Forwarded-Host': 'evil.example',
      Forwarded: 'for=192.0.2.9',
      'Next-Router-State-Tree': 'kept',
    };
    await lab.ask('https://shop.example.com/', { headers: said, before: clientIs('198.51.100.200') });
    const names = [
      'x-middleware-subrequest',
      'x-auth-user',
      'x-forwarded-user',
      'x-http-method-override',
      'x-original-url',
      'x-request-id',
    ];
    expect(names.filter((name) => name in last())).toEqual([]);
    expect(JSON.stringify(last())).not.toMatch(/192\.0\.2\.9|evil/);
    expect(last()).toMatchObject({
      'x-forwarded-for': '198.51.100.200',
      'x-real-ip': '198.51.100.200',
      'x-forwarded-host': 'shop.example.com',
      'x-forwarded-proto': 'https',
      'next-router-state-tree': 'kept',
    });
  });

  describe('another spelling of a header is refused', () => {
    test.each(['X.Auth.User', 'X_Auth_User', 'X!Auth!User'])('%s, at every entry point', async (name) => {
      const statuses = await Promise.all([
        lab.ask('https://shop.example.com/', { headers: { [name]: 'admin' } }).then(({ status }) => status),
        ...[8000, 8080, 9100].map(async (port) => (await lab.plain('/ping', port, { [name]: 'admin' })).status),
      ]);
      expect(statuses).toEqual([400, 400, 400, 400]);
    });
  });

  test.each(['/a%2fb', '/a%5cb', '/a%00b', '/a%3bb', '/a%25b', '/a%3fb', '/a%23b'])(
    'a path that means another one behind is refused: %s',
    async (path) => {
      expect((await lab.ask(`https://shop.example.com${path}`)).status).toBe(400);
    },
  );

  test.each([
    ['/a/../../b', '/b'],
    ['/a%3b/../b', '/b'],
  ])('a path that leads up leads no further than it says: %s', async (path, led) => {
    await lab.ask(`https://shop.example.com${path}`);
    expect(lab.received.at(-1)!.url).toBe(led);
  });

  describe('who a client is', () => {
    test('says the load balancer, in either version of PROXY', async () => {
      await lab.ask('https://shop.example.com/', { before: clientIs('198.51.100.201') });
      expect(last()['x-forwarded-for']).toBe('198.51.100.201');
      await lab.ask('https://shop.example.com/', { before: clientIsBinary('198.51.100.202') });
      expect(last()['x-forwarded-for']).toBe('198.51.100.202');
    });

    test('nobody else says, by PROXY or by a header', async () => {
      const headers = { 'X-Forwarded-For': '198.51.100.203' };
      await lab.ask('https://shop.example.com/', { before: clientIs('198.51.100.203'), from: '127.0.0.9', headers });
      expect(last()['x-forwarded-for']).toBe('127.0.0.9');
    });
  });

  describe('limits', () => {
    const login = async (path: string, before: string, count: number, method = 'POST'): Promise<number[]> => {
      const answers = [];
      for (let index = 0; index < count; index += 1) {
        answers.push((await lab.ask(`https://api.example.com${path}`, { before, method })).status);
      }
      return answers;
    };

    test.each(['/auth/login', '/AUTH/Login', '/%61uth/login', '//auth/login', '/x/../auth/login', '/auth/login/'])(
      'of a login hold for %s',
      async (path) => {
        expect(await login(path, somebody(), 6)).toEqual([200, 200, 200, 200, 200, 429]);
      },
    );

    test('of a login are not for a browser that asks whether it may', async () => {
      const before = somebody();
      expect(await login('/auth/login', before, 6, 'OPTIONS')).toEqual([200, 200, 200, 200, 200, 200]);
      expect(await login('/auth/login', before, 6)).toEqual([200, 200, 200, 200, 200, 429]);
    });

    test('of a client are not those of another one', async () => {
      const [one, other] = [somebody(), somebody()];
      expect((await login('/auth/login', one, 6)).at(-1)).toBe(429);
      expect((await login('/auth/login', other, 1)).at(-1)).toBe(200);
      expect((await login('/elsewhere', one, 1)).at(-1)).toBe(200);
    });

    test('see a network of IPv6 as one client', async () => {
      const addresses = [1, 2, 3, 4, 5, 6].map((index) => clientIs(`2001:db8:7:7:${index}::1`));
      const statuses = [];
      for (const before of addresses) statuses.push(...(await login('/auth/login', before, 1)));
      expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
      expect(await login('/auth/login', clientIs('2001:db8:7:8::1'), 1)).toEqual([200]);
    });

    test('of a part of the paths hold for that part', async () => {
      const before = somebody();
      expect(await login('/v2/a', before, 3)).toEqual([200, 200, 429]);
      expect(await login('/v20', before, 3)).toEqual([200, 200, 200]);
    });
  });

  describe('TLS', () => {
    test('1.3 is spoken', async () => {
      const socket = await lab.handshake('shop.example.com');
      expect(socket.getProtocol()).toBe('TLSv1.3');
    });

    test('1.2 is not', async () => {
      await expect(lab.handshake('shop.example.com', { maxVersion: 'TLSv1.2' })).rejects.toThrow(/version/i);
    });

    test.each(['other.example.com', ''])('nobody is told a certificate for the name "%s"', async (name) => {
      await expect(lab.handshake(name)).rejects.toThrow(/alert|unrecognized/i);
    });

    test('a renewed certificate is used without a new start', async () => {
      const serial = async () => {
        const socket = await lab.handshake('shop.example.com');
        return socket.getPeerCertificate().serialNumber;
      };
      const before = await serial();
      lab.api.replace(lab.secret('shop.example.com'));
      await lab.until('another certificate', async () => (await serial()) !== before);
      expect((await lab.ask('https://shop.example.com/')).status).toBe(200);
    });
  });

  describe('where an application is gone for a moment', () => {
    const ask = async (method: string, body = '', says: 502 | 504 = 502) => {
      lab.says = says;
      lab.withoutApplication = 2;
      const before = lab.received.length;
      const { status } = await lab.ask('https://shop.example.com/gone', { method, body, before: somebody() });
      lab.withoutApplication = 0;
      return { status, asked: lab.received.length - before };
    };

    test.each(['GET', 'HEAD', 'PUT'])('%s is asked again', async (method) => {
      expect(await ask(method)).toEqual({ status: 200, asked: 3 });
    });

    test('and where its address takes no connection', async () => {
      expect(await ask('GET', '', 504)).toEqual({ status: 200, asked: 3 });
    });

    test.each(['POST', 'PATCH'])('%s is not, which could be done twice', async (method) => {
      expect(await ask(method, '{}')).toEqual({ status: 502, asked: 1 });
    });

    test.each([{}, { 'Transfer-Encoding': 'chunked' }])('an upload is let through whole: %j', async (headers) => {
      const upload = { method: 'PUT', headers, body: 'x'.repeat(1 << 20) };
      const { status } = await lab.ask('https://shop.example.com/upload', upload);
      expect([status, lab.received.at(-1)!.bytes]).toEqual([200, 1 << 20]);
    });
  });

  test('HTTP leads to HTTPS and nowhere else', async () => {
    const answer = await lab.plain('/a?b=c', 8000, { Host: 'shop.example.com' });
    expect(answer).toMatchObject({ status: 301, headers: { location: 'https://shop.example.com/a?b=c' } });
  });

  test('there is no dashboard', async () => {
    const statuses = ['/dashboard/', '/api/rawdata', '/debug/pprof/'].map(
      async (url) => (await lab.plain(url, 8080)).status,
    );
    expect(await Promise.all(statuses)).toEqual([404, 404, 404]);
  });

  test('what is written down of a request has no secrets', async () => {
    const headers = { Authorization: 'Bearer secret-1', Cookie: 'session=secret-2', 'User-Agent': 'browser' };
    await lab.ask('https://shop.example.com/secretless?token=secret-3', {
      headers,
      before: clientIs('198.51.100.210'),
    });
    await lab.until('it is written down', () =>
      lab.accessLog().some(({ RequestPath }) => RequestPath === '/secretless'),
    );
    const line = lab.accessLog().find(({ RequestPath }) => RequestPath === '/secretless')!;
    expect(JSON.stringify(line)).not.toMatch(/secret-\d/);
    expect(line).toMatchObject({
      ClientHost: '198.51.100.210',
      RequestHost: 'shop.example.com',
      DownstreamStatus: 200,
      'request_User-Agent': 'browser',
    });
  });

  test('numbers have the buckets that objectives ask for, by route', async () => {
    const { body } = await lab.plain('/metrics', 9100);
    const line = /^traefik_router_request_duration_seconds_bucket\{.*le="0.25".*$/m.exec(body)?.[0];
    expect(line).toContain('router="edge_');
    // As objectives of routes select them.
    const route = { name: 'shop.example.com', host: 'shop.example.com', path: '/' };
    for (const { bad } of routeObjectives(route, 'edge', usualObjectives)) {
      const [, name, router] = /(traefik_router_\w+)\{.*router=~"([^"]+)"/.exec(bad)!;
      const selected = new RegExp(`^${name}\\{.*router="${router!.replaceAll('\\\\', '\\')}"`, 'm');
      expect(body).toMatch(selected);
    }
    expect(body).toContain('traefik_open_connections');
    expect(body).toContain('traefik_config_last_reload_success');
  });

  test('without a firewall nobody gets through, and the answer has its headers', async () => {
    await lab.closeFirewall();
    const answer = await lab.ask('https://api.example.com/', { before: somebody() });
    expect(answer.status).toBe(502);
    expect(answer.headers).toMatchObject({
      'x-frame-options': 'DENY',
      'content-security-policy': expect.any(String) as string,
    });
  });

  test('one that is told to stop says so, and goes on until the load balancer has left', async () => {
    lab.terminate();
    await lab.until('it says that it stops', async () => (await lab.plain('/ping', 8080)).status === 503);
    expect((await lab.ask('https://api.example.com/', { before: somebody() })).status).toBe(502);
    await lab.until('it is gone', () =>
      lab.plain('/ping', 8080).then(
        () => false,
        () => true,
      ),
    );
  });
});

test('the settings of a process are those that pods read', () => {
  const settings = at(only(manifests, 'ConfigMap', 'edge-settings') satisfies Manifest, 'data') as Record<
    string,
    string
  >;
  expect(Object.keys(settings)).toEqual(['traefik.yaml']);
});
