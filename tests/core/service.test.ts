import { Size } from 'cdk8s';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Endpoint } from '../../constructs/core/endpoint.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { tcpProbes } from '../../constructs/core/probes.ts';
import { Service } from '../../constructs/core/service.ts';
import type { ServiceProps } from '../../constructs/core/service.ts';
import { Workload } from '../../constructs/core/workload.ts';
import type { WorkloadProps } from '../../constructs/core/workload.ts';
import { image, manifestsOf, only, refusal } from '../support/harness.ts';

const statefulSet = { kind: 'StatefulSet', replicas: 2, serviceName: 'redis', volumeClaims: [] } as const;

function pods(scope: ApplicationChart, controller: WorkloadProps['controller'] = statefulSet): Workload {
  return new Workload(scope, 'pods', {
    name: 'redis',
    program: 'redis',
    component: 'server',
    controller,
    containers: [
      {
        name: 'redis',
        image,
        ports: [
          { name: 'redis', port: 6379 },
          { name: 'bus-udp', port: 6380, protocol: 'UDP' },
        ],
        resources: { cpuRequest: Cpu.millicores(1), memory: Size.mebibytes(1), because: 'measured' },
        probes: tcpProbes('redis'),
      },
    ],
    priority: 'critical-data',
    spread: 'strict',
  });
}

const selector = {
  'app.kubernetes.io/name': 'redis',
  'app.kubernetes.io/instance': 'redis',
  'app.kubernetes.io/component': 'server',
  'app.kubernetes.io/part-of': 'test',
};
const base = { name: 'cache', ports: [{ name: 'redis' }] };

function service(changes: Partial<ServiceProps> = {}): Manifest {
  const make = (scope: ApplicationChart): unknown =>
    new Service(scope, 's', { ...base, pods: pods(scope), ...changes });
  return only(manifestsOf(make), 'Service');
}

function endpoint(changes: Partial<ServiceProps> = {}, port = 'redis'): Endpoint {
  const found: Endpoint[] = [];
  manifestsOf((scope) => {
    const of = pods(scope);
    found.push(new Service(scope, 's', { ...base, pods: of, ...changes }).endpoint(port, 'Redis'));
  });
  const [first] = found;
  if (first === undefined) throw new Error('there is none');
  return first;
}

test('a Service leads to the pods of a workload by the name of their port', () => {
  expect(service().spec).toEqual({
    selector,
    ports: [{ name: 'redis', port: 6379, protocol: 'TCP', targetPort: 'redis' }],
  });
});

describe('what others are wired to', () => {
  test('has the name in the whole cluster', () => {
    expect(endpoint()).toMatchObject({
      name: 'Redis',
      host: 'cache.test.svc.cluster.local',
      port: 6379,
      targets: [{ host: 'cache.test.svc.cluster.local', port: 6379, peer: { name: 'redis', namespace: 'test' } }],
    });
  });

  test('tells the port of the pods where it is another one', () => {
    const { targets } = endpoint({ ports: [{ name: 'redis', port: 80 }] });
    expect(targets).toMatchObject([{ port: 80, podPort: 6379 }]);
  });

  test('names the ports there are', () => {
    expect(refusal(() => endpoint({}, 'http'))[0]).toMatchObject({
      what: 'it has no port "http"',
      allowed: 'redis',
    });
  });
});

const nodePort = { number: 30_443, because: 'the load balancer leads there' };

describe('a Service', () => {
  const changes: Record<string, Partial<ServiceProps>> = {
    name: { name: 'other' },
    ports: { ports: [{ name: 'redis', port: 80 }] },
    target: { ports: [{ name: 'other', target: 'redis' }] },
    nodePort: { ports: [{ name: 'redis', nodePort }] },
    select: { select: { role: 'primary' } },
    'no select': { select: false },
    headless: { headless: true },
    publishNotReady: { publishNotReady: true },
    preferSameNode: { preferSameNode: true },
  };
  test.each(Object.entries(changes))('changes with %s', (_, change) => {
    expect(service(change)).not.toEqual(service());
  });

  test("that prefers it leads to pods of the client's own node", () => {
    expect(service({ preferSameNode: true }).spec).toMatchObject({ trafficDistribution: 'PreferSameNode' });
  });

  test("whose addresses somebody else writes has the number of the pods' port", () => {
    expect(service({ select: false }).spec).toEqual({
      ports: [{ name: 'redis', port: 6379, protocol: 'TCP', targetPort: 6379 }],
    });
  });

  test('is reached from outside by a port of every node', () => {
    const external = (externalTrafficPolicy?: 'Local'): unknown =>
      service({ ports: [{ name: 'redis', nodePort }], externalTrafficPolicy }).spec;
    expect(external()).toMatchObject({
      type: 'NodePort',
      externalTrafficPolicy: 'Cluster',
      ports: [{ nodePort: 30_443 }],
    });
    expect(external('Local')).toMatchObject({ externalTrafficPolicy: 'Local' });
  });

  test('says why a port of every node leads to it', () => {
    const { metadata } = service({ ports: [{ name: 'redis', nodePort }] });
    expect(metadata.annotations).toEqual({ 'diptych/node-port-of-redis': nodePort.because });
  });

  test.each([
    ['a port that the pods do not have', { ports: [{ name: 'http' }] }, 'it has no port "http"'],
    [
      'a port that no node has',
      { ports: [{ name: 'redis', nodePort: { ...nodePort, number: 443 } }] },
      'the node port 443',
    ],
    [
      'a node port without a reason',
      { ports: [{ name: 'redis', nodePort: { ...nodePort, because: '' } }] },
      'the node port 30443 because ""',
    ],
    [
      'node ports of nothing',
      { headless: true, ports: [{ name: 'redis', nodePort }] },
      'it is headless and has node ports',
    ],
    [
      'a way from outside that there is not',
      { externalTrafficPolicy: 'Local' as const },
      'externalTrafficPolicy: Local',
    ],
  ])('is refused with %s', (_, change, what) => {
    expect(refusal(() => service(change))[0]?.what).toBe(what);
  });
});

describe('each pod of a StatefulSet', () => {
  const all = (controller?: WorkloadProps['controller']): Manifest[] =>
    manifestsOf((scope) => Service.perPod(scope, pods(scope, controller), [{ name: 'redis' }])).filter(
      ({ kind }) => kind === 'Service',
    );

  test('may have an address of its own, also while it is not ready', () => {
    expect(all().map(({ metadata, spec }) => [metadata.name, spec])).toEqual(
      ['redis-0', 'redis-1'].map((name) => [
        name,
        {
          publishNotReadyAddresses: true,
          selector: { ...selector, 'statefulset.kubernetes.io/pod-name': name },
          ports: [{ name: 'redis', port: 6379, protocol: 'TCP', targetPort: 'redis' }],
        },
      ]),
    );
  });

  test('has one only there', () => {
    expect(refusal(() => all({ kind: 'Deployment', replicas: 2 }))[0]?.what).toBe(
      'each pod of a Deployment is to have a Service of its own',
    );
  });
});

describe('an address', () => {
  const address = (given: string, more: Partial<ServiceProps> = {}): unknown =>
    (service({ address: given, ...more }).spec as { readonly clusterIP?: string }).clusterIP;

  test('is the one that is given', () => {
    expect(address('10.43.0.53')).toBe('10.43.0.53');
  });

  test.each([
    ['that is a name', 'redis', {}],
    ['of a Service that is headless', '10.43.0.53', { headless: true }],
  ])('%s is refused', (_, given, more) => {
    expect(refusal(() => address(given, more)).map(({ what }) => what)).toEqual([`the address ${given}`]);
  });
});

test('a port of UDP is one for clients too, and for whoever is wired to it', () => {
  const ports = [{ name: 'bus-udp', port: 7000 }];
  expect((service({ ports }).spec as { readonly ports: unknown }).ports).toEqual([
    { name: 'bus-udp', port: 7000, protocol: 'UDP', targetPort: 'bus-udp' },
  ]);
  expect(endpoint({ ports }, 'bus-udp').targets).toMatchObject([{ port: 7000, podPort: 6380, protocol: 'UDP' }]);
});
