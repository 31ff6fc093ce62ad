import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { anyone } from '../../constructs/core/endpoint.ts';
import type { Peer } from '../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { WayIn } from '../../constructs/core/way-in.ts';
import { wayInFindings } from '../../synth/ways-in.ts';
import { edgePlatform } from '../support/edge.ts';
import { refusal, testApplication, testEnvironment } from '../support/harness.ts';

const platform = edgePlatform((edge, { shop }) => edge.route('shop.example.com', { to: shop }));
const manifests = platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
const told = (more: readonly Manifest[]): string[] =>
  wayInFindings(platform, [...manifests, ...more]).map(({ where, what }) => `${where}: ${what}`);

const object = (apiVersion: string, kind: string, spec: object, namespace = 'shop'): Manifest => ({
  apiVersion,
  kind,
  metadata: { name: 'other', namespace },
  spec,
});
const traefik = (kind: string, spec: object): Manifest => object('traefik.io/v1alpha1', kind, spec, 'edge');
const route = (service: object): Manifest =>
  traefik('IngressRoute', { routes: [{ kind: 'Rule', match: 'Host(`a`)', services: [service] }] });
const selector = { 'app.kubernetes.io/instance': 'shop' };
const service = (spec: object): Manifest => object('v1', 'Service', { selector, ports: [{ port: 80 }], ...spec });
const pods = (spec: object): Manifest =>
  object('apps/v1', 'DaemonSet', { template: { metadata: { labels: selector }, spec } });
const port = { containerPort: 3000 };

test('an edge leads nowhere but through its firewall', () => {
  expect(told([])).toEqual([]);
});

describe('synth refuses', () => {
  test.each<[string, Manifest, string]>([
    ['an Ingress', object('networking.k8s.io/v1', 'Ingress', {}), 'Ingress leads past the firewall'],
    ['a route of Gateway API', object('gateway.networking.k8s.io/v1', 'HTTPRoute', {}), 'HTTPRoute leads past'],
    ['a route of TCP', traefik('IngressRouteTCP', {}), 'IngressRouteTCP leads past'],
    ['a route of UDP', traefik('IngressRouteUDP', {}), 'IngressRouteUDP leads past'],
    [
      'a route to an application',
      route({ name: 'shop', namespace: 'shop', port: 80 }),
      'it leads to shop, which is not',
    ],
    ['a route to a Service that is none', route({ name: 'edge-waff', port: 80 }), 'it leads to edge-waff, which'],
    [
      "a route to Traefik's dashboard",
      route({ kind: 'TraefikService', name: 'api@internal' }),
      'it leads to api@internal',
    ],
    [
      'weights that lead to an application',
      traefik('TraefikService', {
        weighted: { services: [{ name: 'edge-waf' }, { name: 'shop', namespace: 'shop' }] },
      }),
      'it leads to shop',
    ],
    [
      'a copy of requests for an application',
      traefik('TraefikService', { mirroring: { name: 'edge-waf', mirrors: [{ name: 'shop', namespace: 'shop' }] } }),
      'it leads to shop',
    ],
    ['a node port', service({ type: 'NodePort' }), 'its type NodePort opens a port of every node'],
    ['a load balancer', service({ type: 'LoadBalancer' }), 'its type LoadBalancer opens a port of every node'],
    ['an address of a node', service({ externalIPs: ['192.0.2.1'] }), 'its address 192.0.2.1 opens a port'],
    [
      'a port of the host',
      pods({ containers: [{ name: 'a', ports: [{ ...port, hostPort: 8080 }] }] }),
      'it takes the port 8080 of its node',
    ],
    [
      'a port of the host in a container beside it',
      pods({ containers: [], initContainers: [{ name: 'a', ports: [{ ...port, hostPort: 8080 }] }] }),
      'it takes the port 8080 of its node',
    ],
    [
      'the network of the host',
      pods({ hostNetwork: true, containers: [{ name: 'a', ports: [port] }] }),
      'it takes the port 3000 of its node',
    ],
    [
      'the network of the host without a word of its ports',
      pods({ hostNetwork: true, containers: [{ name: 'a' }] }),
      'it takes whatever port it likes of its node',
    ],
    ['an older TLS', traefik('TLSOption', { minVersion: 'VersionTLS12' }), 'clients may speak VersionTLS12'],
    ['TLS of any version', traefik('TLSOption', {}), 'clients may speak TLS 1.2'],
    [
      'a second default of TLS',
      { ...traefik('TLSOption', { minVersion: 'VersionTLS13' }), metadata: { name: 'default', namespace: 'shop' } },
      'there are several defaults',
    ],
  ])('%s', (_, manifest, what) => {
    expect(told([manifest])).toEqual([expect.stringContaining(what)]);
  });

  test('a wire from Traefik to an application', () => {
    const past = edgePlatform((edge, { shop }) => edge.traefik.observes(shop, 'is quicker'));
    expect(wayInFindings(past, [])).toEqual([
      expect.objectContaining({
        where: 'wire edge/edge -> shop/shop (is quicker)',
        what: 'it leads past the firewall',
      }),
    ]);
  });
});

describe('where Traefik tells what it did', () => {
  const traced = (also = false): Platform =>
    edgePlatform(
      (edge, { api }) => also && edge.traefik.observes(api, 'asks it too'),
      {},
      ({ shop }) => ({
        traces: { ...shop, name: 'traces' },
      }),
    );

  test('is no way past the firewall', () => {
    const connections = traced().connections.filter(
      ({ from, reason }) => from.name === 'edge' && reason === 'sends traces',
    );
    expect(connections.map(({ to }) => to.name)).toEqual(['shop']);
    expect(wayInFindings(traced(), [])).toEqual([]);
  });

  test('leads nobody else there', () => {
    expect(wayInFindings(traced(true), []).map(({ where }) => where)).toEqual([
      'wire edge/edge -> shop/api (asks it too)',
    ]);
  });
});

describe('a rule that lets somebody in', () => {
  const admitting = (from: Peer | typeof anyone, declare = false): string[] => {
    const build = (scope: ApplicationChart): void => {
      const props = { name: 'game', madeBy: 'the tests', podLabels: { app: 'game' }, ports: [] };
      const owner = new ForeignWorkload(scope, 'game', props);
      owner.admits(from, 7777, 'is played', 'UDP');
      if (declare) new WayIn(scope, 'way-in', { pods: owner, because: 'It speaks no HTTP.' });
    };
    const built = new Platform(testEnvironment(), [testApplication('game', build)]);
    return wayInFindings(built, []).map(({ what }) => what);
  };
  const addresses = (...cidrs: string[]): Peer => ({ name: 'somebody', cidrs: cidrs.map((cidr) => ({ cidr })) });

  test.each([
    ['anyone', anyone],
    ['an address outside', addresses('203.0.113.7/32')],
    ['the private network, which is no pod and no node', addresses('10.10.0.0/16')],
    ['nodes and somebody else', addresses('10.0.0.0/24', '203.0.113.7/32')],
  ])('is refused: %s', (_, from) => {
    expect(admitting(from)).toEqual([expect.stringContaining('may reach its port 7777 from outside')]);
  });

  test('is taken of nodes, and of who is declared to be a way in', () => {
    expect(admitting(addresses('10.0.0.1/32'))).toEqual([]);
    expect(admitting(anyone, true)).toEqual([]);
  });
});

test('a way in that is declared when everything was collected is refused', () => {
  const [chart] = platform.charts;
  const [owner] = platform.owners;
  expect(refusal(() => new WayIn(chart!, 'late', { pods: owner!, because: 'It is late.' }))[0]?.what).toBe(
    'it is made after everything was collected, so nobody would know of it',
  );
});
