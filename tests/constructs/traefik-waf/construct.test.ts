import { Size } from 'cdk8s';
import type { HttpEndpoint } from '../../../constructs/core/endpoint.ts';
import { publicEndpoint } from '../../../constructs/core/endpoint.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { RouteProps, TraefikWafProps } from '../../../constructs/traefik-waf/index.ts';
import { allowsInlineScripts } from '../../../constructs/traefik-waf/content-security-policy.ts';
import { at, only, refusal } from '../../support/harness.ts';
import { edgeManifests, edgePlatform, traefikImage } from '../../support/edge.ts';

const manifests = (props: Partial<TraefikWafProps> = {}, route: Partial<RouteProps> = {}): Manifest[] =>
  edgeManifests((edge, { shop }) => edge.route('shop.example.com', { to: shop, ...route }), props);

const exclusion = {
  route: 'shop.example.com',
  rule: 942100,
  target: 'ARGS:q',
  reason: 'a search for SQL',
  until: '2027-06-30',
};

/** One of each option: the compiler asks for a new one. */
const options: { readonly [K in keyof Required<TraefikWafProps>]: TraefikWafProps[K] } = {
  name: 'way',
  image: { ...traefikImage, reference: 'other' },
  wafImage: { ...traefikImage, reference: 'other' },
  kubernetesApi: publicEndpoint('API', 'api.example', 6443),
  loadBalancer: '10.10.0.3',
  pods: '10.44.0.0/16',
  issuer: 'another',
  hosts: {},
  wildcard: 'example.com',
  nodePorts: { web: 30_180, websecure: 30_543, health: 30_181 },
  breakGlass: true,
  size: { memory: Size.mebibytes(300) },
  wafSize: { memory: Size.mebibytes(300) },
  limits: { api: { requests: 5, perSeconds: 1, burst: 5, inFlight: 5 } },
  headers: { 'X-Frame-Options': 'SAMEORIGIN' },
  banned: ['203.0.113.7'],
  paranoiaLevel: 3,
  exclusions: [exclusion],
  drainSeconds: 30,
  traces: { ...publicEndpoint('Jaeger', 'traces.example', 4318), url: 'http://traces.example:4318' },
};

describe('every option changes the output', () => {
  const before = JSON.stringify(manifests());

  // Hosts are only compared with routes.
  test.each(Object.entries(options).filter(([name]) => name !== 'hosts'))('%s', (name, value) => {
    expect(JSON.stringify(manifests({ [name]: value }))).not.toBe(before);
  });

  const ofRoutes: Omit<Required<RouteProps>, 'to' | 'inlineScriptsBecause' | 'objectives'> = {
    path: '/shop',
    limits: 'api',
    limitedPaths: [{ path: '/login', limits: 'auth' }],
    mode: 'detect',
    methods: ['GET'],
    contentTypes: ['application/json'],
    bodyLimit: Size.mebibytes(2),
    fieldsLimit: Size.kibibytes(64),
    jsonDepth: 5,
    staticPaths: ['/static/'],
    contentSecurityPolicy: 'application',
  };

  test('where a route leads', () => {
    const other = edgeManifests((edge, { api }) => edge.route('shop.example.com', { to: api }));
    expect(JSON.stringify(other)).not.toBe(before);
  });

  test.each(Object.entries(ofRoutes))('%s of a route', (name, value) => {
    expect(JSON.stringify(manifests({}, { [name]: value }))).not.toBe(before);
  });
});

describe('objectives', () => {
  const ids = (route: Partial<RouteProps> = {}) =>
    edgePlatform((edge, { shop }) => edge.route('shop.example.com', { to: shop, ...route })).objectives.map(
      ({ id, props }) => `${id} ${props.percent}`,
    );
  const ofTheEdge = ['edge-availability 99.9', 'edge-latency 99'];

  test('are of the way in and of each route', () => {
    expect(ids()).toEqual([...ofTheEdge, 'shop.example.com-availability 99.9', 'shop.example.com-latency 99']);
  });

  test('of a route are what it says, in seconds that Traefik counts', () => {
    const objectives = { availability: 99.5, latency: { percent: 95, seconds: 0.25 } };
    expect(ids({ objectives })).toEqual([
      ...ofTheEdge,
      'shop.example.com-availability 99.5',
      'shop.example.com-latency 95',
    ]);
    const made = edgePlatform((edge, { shop }) => edge.route('shop.example.com', { to: shop, objectives }));
    expect(made.objectives.at(-1)!.props.bad).toContain(',le=~"0\\\\.25"}');
  });

  test('of a route are none where it has none', () => {
    expect(ids({ objectives: false })).toEqual(ofTheEdge);
  });
});

describe('the way in', () => {
  const made = manifests({ banned: ['203.0.113.7'] });

  test('keeps the address of who connects, and lets in the load balancer alone', () => {
    expect(at(only(made, 'Service', 'edge'), 'spec.externalTrafficPolicy')).toBe('Local');
    const ingress = at(only(made, 'NetworkPolicy', 'edge'), 'spec.ingress');
    expect(JSON.stringify(ingress)).toContain('10.10.0.2/32');
    expect((ingress as unknown[]).length).toBe(1);
  });

  test('lets in whoever comes past the load balancer while the glass is broken, but asks nobody else about its health', () => {
    const broken = manifests({ breakGlass: true });
    const ingress = at(only(broken, 'NetworkPolicy', 'edge'), 'spec.ingress') as {
      from?: object;
      ports: { port: number }[];
    }[];
    expect(ingress.map(({ from, ports }) => [from === undefined, ports.length]).sort()).toEqual([
      [false, 1],
      [true, 2],
    ]);
    expect(JSON.stringify(at(only(broken, 'ConfigMap', 'edge-settings'), 'data'))).toBe(
      JSON.stringify(at(only(made, 'ConfigMap', 'edge-settings'), 'data')),
    );
  });

  test('replaces a Traefik once the load balancer has seen the one before', () => {
    expect(at(only(manifests({ drainSeconds: 30 }), 'Deployment', 'edge'), 'spec.minReadySeconds')).toBe(30);
  });

  test('leads to the firewall alone, which leads to the application', () => {
    const routes = made.filter(({ kind }) => kind === 'IngressRoute');
    const names = routes.flatMap(({ spec }) =>
      (spec as { routes: { services: { name: string }[] }[] }).routes.flatMap(({ services }) =>
        services.map(({ name }) => name),
      ),
    );
    expect(new Set(names)).toEqual(new Set(['edge-waf', 'ping@internal']));
    expect(JSON.stringify(at(only(made, 'NetworkPolicy', 'edge-waf'), 'spec.egress'))).toContain('"shop"');
  });

  test('is never without both nodes when it is updated', () => {
    expect(at(only(made, 'Deployment', 'edge'), 'spec.strategy.rollingUpdate')).toEqual({
      maxSurge: 0,
      maxUnavailable: 1,
    });
  });

  test('has a certificate for a host, of P-256, with another key each time', () => {
    expect(only(made, 'Certificate').spec).toMatchObject({
      dnsNames: ['shop.example.com'],
      privateKey: { algorithm: 'ECDSA', size: 256, rotationPolicy: 'Always' },
    });
  });

  test('has one for all of a domain where it is asked for', () => {
    const certificate = only(manifests({ wildcard: 'example.com' }), 'Certificate');
    expect(at(certificate, 'spec.dnsNames')).toEqual(['example.com', '*.example.com']);
  });
});

describe('an edge is refused', () => {
  test.each<[string, Partial<TraefikWafProps>, string]>([
    ['with an older Traefik', { image: { ...traefikImage, tag: 'v3.7.12', version: 'v3.7.12' } }, 'Traefik v3.7.12'],
    ['that trusts a network', { loadBalancer: '10.0.0.0/8' }, 'loadBalancer: 10.0.0.0/8'],
    [
      'with a limit of 0',
      { limits: { api: { requests: 0, perSeconds: 1, burst: 1, inFlight: 1 } } },
      'limits: api.requests is 0',
    ],
    [
      'with limits that nobody counts',
      { limits: { rare: { requests: 1, perSeconds: 3600, burst: 3, inFlight: 1 } } },
      'limits: rare is less than one request a minute',
    ],
    [
      'with limits whose name is none',
      { limits: { 'my limits': { requests: 1, perSeconds: 1, burst: 1, inFlight: 1 } } },
      'limits: the name "my limits"',
    ],
    ['at a level that is none', { paranoiaLevel: 5 }, 'paranoiaLevel: 5'],
    ['that bans the world', { banned: ['0.0.0.0/0'] }, 'banned: 0.0.0.0/0'],
    ['that bans a part of the world', { banned: ['2001::/15'] }, 'banned: 2001::/15'],
    ['that bans the load balancer', { banned: ['10.10.0.2'] }, 'banned: 10.10.0.2, which is private'],
    ['that bans a private network', { banned: ['192.168.1.0/24'] }, 'banned: 192.168.1.0/24, which is private'],
    ['that bans a private network of IPv6', { banned: ['fd00::/16'] }, 'banned: fd00::/16, which is private'],
    [
      'with an exclusion whose day is misspelt',
      {
        exclusions: [
          { route: 'a.example.com', rule: 942100, target: false, reason: 'words', untill: '2027-01-01' } as never,
        ],
      },
      'exclusions: number 1 has no option untill',
    ],
    ['with limits in words', { limits: { api: '50/s' as never } }, 'limits: api is "50/s"'],
    [
      'with limits by other names',
      { limits: { api: { rate: 5, perSeconds: 1, burst: 1, inFlight: 1 } as never } },
      'limits: api has no option rate',
    ],
    ['that bans what is no network', { banned: ['somebody'] }, 'banned: somebody'],
    ['that bans a network by an address within', { banned: ['203.0.113.7/24'] }, 'banned: 203.0.113.7/24'],
    ['that leaves before the load balancer knows', { drainSeconds: 0 }, 'drainSeconds: 0'],
    [
      'with one port for two',
      { nodePorts: { web: 30_080, websecure: 30_080, health: 30_081 } },
      'nodePorts: 30080, 30080, 30081',
    ],
    ['with a wildcard of everything', { wildcard: '*' }, 'wildcard: *'],
    ['with pods that are no network', { pods: '10.42.0.1/16' }, 'pods: 10.42.0.1/16'],
    ['with a header of two lines', { headers: { 'X-A': 'a\nb' } }, 'headers: X-A'],
    ['with a policy for all', { headers: { 'Content-Security-Policy': 'x' } }, 'headers: Content-Security-Policy'],
    [
      'with a host that nobody routes',
      { hosts: { shop: 'shop.example.com', docs: 'docs.example.com' } },
      'nobody routes docs.example.com: whoever asks for it finds nothing',
    ],
    [
      'with an exclusion of no route',
      { exclusions: [{ ...exclusion, route: 'x.example.com' }] },
      'there is no route x.example.com',
    ],
  ])('%s', (_, props, what) => {
    expect(refusal(() => manifests(props)).map((finding) => finding.what)).toEqual([what]);
  });

  test('with words that lead to what is meant', () => {
    const remedy = (props: Parameters<typeof manifests>[0]): string | undefined =>
      refusal(() => manifests(props))[0]?.remedy;
    expect(remedy({ exclusions: [{ ...exclusion, route: 'x.example.com' }] })).toContain('environment.host(...)');
    expect(remedy({ banned: ['203.0.113.0-203.0.113.9'] })).toContain('the networks that it is made of');
  });

  test('where a host is withheld and routed', () => {
    const both = (): unknown =>
      edgeManifests((edge, { shop }) => {
        edge.route('shop.example.com', { to: shop });
        edge.withhold('shop.example.com', 'only read inside of the company');
      });
    expect(refusal(both)[0]).toMatchObject({
      where: 'TraefikWaf edge: withhold shop.example.com',
      what: 'it has a route',
    });
  });

  test('unless a host is withheld, with a reason', () => {
    const withheld = (because: string) => (): unknown =>
      edgeManifests((edge) => edge.withhold('docs.example.com', because), { hosts: { docs: 'docs.example.com' } });
    expect(withheld('only read inside of the company')).not.toThrow();
    expect(refusal(withheld(''))[0]?.what).toBe('it says why in ""');
  });
});

test('a route may let inline scripts run, with a reason', () => {
  const route = { contentSecurityPolicy: "script-src 'unsafe-inline'", inlineScriptsBecause: 'the old shop has them' };
  expect(JSON.stringify(manifests({}, route))).toContain("script-src 'unsafe-inline'");
});

describe('a route is refused', () => {
  const outside: HttpEndpoint = { ...publicEndpoint('Stripe', 'api.stripe.com'), url: 'https://api.stripe.com' };

  test.each<[string, Partial<RouteProps>, string]>([
    ['to what speaks no HTTP', { to: publicEndpoint('mail', 'smtp.example', 25) as HttpEndpoint }, 'it leads to mail'],
    ['to a server outside', { to: outside }, 'it leads to Stripe'],
    ['to nothing', { to: [] }, 'it leads nowhere'],
    ['to what was left out', { to: undefined }, 'to is left out'],
    ['to a construct in place of its endpoint', { to: { http: outside } as never }, 'it leads to nothing'],
    ['with a directive that is none', { contentSecurityPolicy: "default-scr 'self'" }, 'default-scr is no directive'],
    ['with a word without quotes', { contentSecurityPolicy: 'default-src self' }, 'self of default-src is the host'],
    ['with a policy of two lines', { contentSecurityPolicy: "default-src 'self';\nimg-src *" }, 'has several lines'],
    ['with limits that nobody knows', { limits: 'none' }, 'limits: none'],
    ['with a path that is none', { path: 'shop/' }, 'path: shop/'],
    ['with a login elsewhere', { path: '/a', limitedPaths: [{ path: '/b', limits: 'auth' }] }, 'limitedPaths: /b'],
    [
      'with one login twice',
      {
        limitedPaths: [
          { path: '/login', limits: 'auth' },
          { path: '/Login', limits: 'api' },
        ],
      },
      'limitedPaths: /Login',
    ],
    ['in a mode that is none', { mode: 'off' as 'block' }, 'mode: off'],
    ['without methods', { methods: [] }, 'methods: none'],
    ['without bodies', { bodyLimit: Size.kibibytes(0) }, 'bodyLimit: 0 bytes'],
    ['with fields that take a minute', { fieldsLimit: Size.mebibytes(50) }, 'fieldsLimit: 52428800 bytes'],
    ['with a method of its own', { methods: ['BREW'] }, 'methods: BREW'],
    ['with a type that is none', { contentTypes: ['json'] }, 'contentTypes: json'],
    ['with levels without end', { jsonDepth: 0 }, 'jsonDepth: 0'],
    ['with a static path elsewhere', { path: '/a', staticPaths: ['/b/'] }, 'staticPaths: /b/'],
    ['with scripts of anybody', { contentSecurityPolicy: "script-src 'unsafe-inline'" }, 'contentSecurityPolicy lets'],
    [
      'with a latency that Traefik does not count',
      { objectives: { availability: 99.9, latency: { percent: 99, seconds: 0.3 } } },
      'objectives.latency.seconds: 0.3',
    ],
    [
      'with an objective that is none',
      { objectives: { availability: 99.9, latency: { percent: 99, seconds: 1 }, errors: 1 } as never },
      'it has no option errors',
    ],
    [
      'with an objective of all requests',
      { objectives: { availability: 100, latency: { percent: 99, seconds: 1 } } },
      '100 %',
    ],
    ['with a reason for nothing', { inlineScriptsBecause: 'the old shop has them' }, 'inlineScriptsBecause, and'],
  ])('%s', (_, route, what) => {
    expect(refusal(() => manifests({}, route)).map((finding) => finding.what)).toEqual([expect.stringContaining(what)]);
  });

  test.each([
    ['without a host', '', 'it has no host'],
    ['of a host that is a pattern', '*.example.com', 'its host is "*.example.com"'],
    ['of a host that ends its rule', 'a.example.com`) || Host(`b', 'its host is "a.example.com`) || Host(`b"'],
  ])('%s', (_, host, what) => {
    expect(refusal(() => edgeManifests((edge, { shop }) => edge.route(host, { to: shop })))[0]?.what).toBe(what);
  });

  test('of a host that the configuration has not', () => {
    const other = (): unknown => manifests({ hosts: { shop: 'shop.example.org' } });
    expect(refusal(other).map(({ where }) => where)).toEqual(
      expect.arrayContaining(['TraefikWaf edge: route shop.example.com']),
    );
  });

  test('where another one is', () => {
    const twice = (): unknown =>
      edgeManifests((edge, { shop, api }) => {
        edge.route('shop.example.com', { to: shop });
        edge.route('shop.example.com', { to: api });
      });
    expect(refusal(twice)[0]?.what).toContain('another route has the same host and path');
  });

  test('with shares that are not the whole', () => {
    const shares = (): unknown =>
      edgeManifests((edge, { shop, api }) =>
        edge.route('shop.example.com', {
          to: [
            { endpoint: shop, weight: 90 },
            { endpoint: api, weight: 20 },
          ],
        }),
      );
    expect(refusal(shares)[0]?.what).toBe('shares of 90, 20');
  });
});

test.each([
  ["default-src 'self'", false],
  ["default-src 'self'; script-src 'self' 'unsafe-inline'", true],
  ["script-src 'unsafe-inline' 'nonce-abc'", false],
  ["default-src 'unsafe-inline'; script-src-elem 'self'", false],
  ["frame-ancestors 'none'", true],
])('the policy %s lets any inline script run: %s', (policy, allows) => {
  expect(allowsInlineScripts(policy)).toBe(allows);
});

test('who takes traces and has an authority of their own is verified by it', () => {
  const authority = { name: 'traces-ca', certificates: 'the certificate of an authority\n' };
  const traces = { ...publicEndpoint('Jaeger', 'traces.example', 4318), url: 'https://traces.example:4318', authority };
  const all = manifests({ traces });
  const settings = Object.values(at(only(all, 'ConfigMap', 'edge-settings'), 'data') as object).join();
  expect(settings).toContain('ca: /run/authorities/traces-ca.crt');
  expect(at(only(all, 'ConfigMap', 'edge-authorities'), 'data')).toEqual({ 'traces-ca.crt': authority.certificates });
});
