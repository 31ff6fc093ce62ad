import { Duration, Size } from 'cdk8s';
import { application } from '../../constructs/core/application.ts';
import type { Application } from '../../constructs/core/application.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Endpoint } from '../../constructs/core/endpoint.ts';
import { anyone, kubernetesApi, publicEndpoint } from '../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { ApplicationChart, Layer } from '../../constructs/core/application-chart.ts';
import { refusal, testApplication, testEnvironment } from '../support/harness.ts';

const environment = testEnvironment();
const pods = (scope: ApplicationChart, name: string) =>
  new ForeignWorkload(scope, name, {
    name,
    madeBy: 'the tests',
    podLabels: { app: name },
    ports: [{ name: 'http', port: 80 }],
  });
const endpointOf = (peer: ForeignWorkload): Endpoint => ({
  name: `HTTP ${peer.name}`,
  targets: [{ peer, host: `${peer.name}.${peer.namespace}.svc`, port: 8080, podPort: 80 }],
});
const build = (...applications: Application<unknown>[]) => new Platform(environment, applications);

/** Two applications of which each has one workload; `wire` connects them. */
function pair(
  wire: (a: ForeignWorkload, b: ForeignWorkload) => void,
  layers: [Layer, Layer] = ['applications', 'applications'],
) {
  let first: ForeignWorkload | undefined;
  const a = testApplication('a', (scope) => (first = pods(scope, 'one')), layers[0]);
  const b = application('b', { namespace: defineNamespace('b'), layer: layers[1], uses: () => ({ a }) }, (scope) => {
    if (first !== undefined) wire(first, pods(scope, 'two'));
  });
  return build(a, b);
}

describe('waves', () => {
  test('put an application behind what it needs in its own layer', () => {
    const platform = pair((one, two) => two.needs(endpointOf(one), 'works with it'));
    expect([...platform.waves]).toEqual([
      ['a', 60],
      ['b', 61],
    ]);
  });

  test('ignore wires that only observe', () => {
    const platform = pair((one, two) => two.observes(endpointOf(one), 'scrapes it'));
    expect(platform.waves.get('b')).toBe(60);
  });

  test('follow the layers', () => {
    expect([...pair(() => undefined, ['data', 'edge']).waves.values()]).toEqual([20, 40]);
  });

  test('are refused for a cycle, which is named', () => {
    const [finding] = refusal(() =>
      pair((one, two) => {
        one.needs(endpointOf(two), 'asks');
        two.needs(endpointOf(one), 'answers');
      }),
    );
    expect(finding).toMatchObject({
      where: 'applications a -> b -> a',
      what: 'they need each other: one needs HTTP two; two needs HTTP one',
    });
  });

  test('are refused for a need of a later layer', () => {
    const [finding] = refusal(() => pair((one, two) => one.needs(endpointOf(two), 'asks'), ['data', 'edge']));
    expect(finding?.what).toBe('one needs HTTP two of b, which the later layer edge brings');
  });
});

describe('a platform', () => {
  test('refuses a wire to a workload that is not in the tree', () => {
    let stranger: ForeignWorkload | undefined;
    build(testApplication('elsewhere', (scope) => (stranger = pods(scope, 'stranger'))));
    const [finding] = refusal(() =>
      build(testApplication('here', (scope) => pods(scope, 'client').needs(endpointOf(stranger!), 'asks'))),
    );
    expect(finding).toMatchObject({
      where: 'wire here/client -> elsewhere/stranger (asks)',
      what: 'elsewhere/stranger is not a workload of this environment',
      allowed: 'here/client',
    });
  });

  test('refuses an application that uses one that is not in the table', () => {
    const absent = testApplication('absent', () => undefined);
    const present = application(
      'present',
      { namespace: defineNamespace('present'), layer: 'applications', uses: () => ({ absent }) },
      () => undefined,
    );
    expect(refusal(() => build(present))[0]?.what).toBe('it uses absent, which is not in the table');
  });

  test('refuses an application that reads one that its uses does not name', () => {
    const present = application(
      'present',
      { namespace: defineNamespace('present'), layer: 'applications' },
      (_scope, _environment, used) => (used as { readonly absent?: unknown }).absent,
    );
    expect(refusal(() => build(present))).toMatchObject([
      { where: 'application present', what: 'it reads used.absent, which its uses does not name' },
    ]);
  });

  test('lets an application use what some environments have not', () => {
    const absent = testApplication('absent', () => 'something');
    const read: unknown[] = [];
    const present = application(
      'present',
      {
        namespace: defineNamespace('present'),
        layer: 'applications',
        uses: ({ domain }) => ({ absent: domain === 'other.example' ? absent : undefined }),
      },
      (_scope, _environment, used) => read.push(used.absent),
    );
    build(present);
    expect(read).toEqual([undefined]);
  });

  test('refuses two applications of one name', () => {
    const twice = () => testApplication('twin', () => undefined);
    expect(refusal(() => build(twice(), twice()))[0]?.where).toBe('application twin');
  });

  test('refuses two constructs of one id in words, which the library does not', () => {
    const twice = testApplication('shop', (scope) => {
      for (const name of ['a', 'b'])
        new ForeignWorkload(scope, 'same', { name, madeBy: 'the tests', podLabels: { app: name } });
    });
    expect(refusal(() => new Platform(testEnvironment(), [twice]))).toMatchObject([
      { where: 'application shop', what: 'two constructs have the id "same" in ApplicationChart [shop]' },
    ]);
  });

  test.each([
    [
      'a size that is no whole number',
      () => Size.gibibytes(0.3).toMebibytes(),
      '0.3 gibibytes is no whole number of mebibytes',
    ],
    ['a negative size', () => Size.mebibytes(-1), 'a size is -1'],
    [
      'a duration that is no whole number',
      () => Duration.minutes(1.001).toSeconds(),
      '1.001 minutes is no whole number of seconds',
    ],
    ['CPU that is no whole number', () => Cpu.millicores(0.5), 'an amount of CPU is 0.5 millicores'],
  ])('refuses %s in words, which the library does not', (_, value, what) => {
    const wrong = testApplication('shop', () => void value());
    expect(refusal(() => new Platform(testEnvironment(), [wrong]))).toMatchObject([
      { where: 'application shop', what },
    ]);
  });

  test('refuses pods of others whose memory can not be counted', () => {
    const requests = { replicas: 1, cpu: Cpu.millicores(10), memory: Size.gibibytes(0.3) };
    const wrong = testApplication('shop', (scope) => {
      new ForeignWorkload(scope, 'a', { name: 'a', madeBy: 'the tests', podLabels: { app: 'a' }, requests });
    });
    expect(refusal(() => new Platform(testEnvironment(), [wrong]))[0]?.what).toContain('no whole number of mebibytes');
  });

  test('gives the same output whatever the order of the table', () => {
    const table = () => {
      const a = testApplication('a', (scope) => pods(scope, 'one'));
      const uses = { a };
      const b = application(
        'b',
        { namespace: defineNamespace('b'), layer: 'applications', uses: () => uses },
        (scope, _, used) => pods(scope, 'two').needs(endpointOf(used.a), 'asks'),
      );
      return [a, b] as const;
    };
    const output = (platform: Platform) =>
      platform.charts
        .flatMap((chart) => objectsOf(chart).map(manifestOf))
        .map((manifest) => JSON.stringify(manifest))
        .sort();
    const [a, b] = table();
    const [c, d] = table();
    expect(output(build(d, c))).toEqual(output(build(a, b)));
  });
});

describe('network policies', () => {
  const policies = (platform: Platform) =>
    platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf)).filter(({ kind }) => kind === 'NetworkPolicy');

  test('have both sides of a wire, by the port of the pod and not of the Service', () => {
    const [server, client] = policies(pair((one, two) => two.needs(endpointOf(one), 'asks')));
    const ports = [{ port: 80, protocol: 'TCP' }];
    expect(server?.spec).toMatchObject({
      podSelector: { matchLabels: { app: 'one' } },
      ingress: [
        {
          ports,
          from: [
            {
              namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'b' } },
              podSelector: { matchLabels: { app: 'two' } },
            },
          ],
        },
      ],
    });
    expect(server?.spec).not.toHaveProperty('egress');
    expect(client?.spec).toMatchObject({ egress: [{ ports }, { ports: [{ port: 53 }, { port: 53 }] }] });
  });

  test('let only clients that use names ask CoreDNS', () => {
    const [policy] = policies(
      build(testApplication('a', (scope) => pods(scope, 'one').needs(kubernetesApi(['10.0.0.1']), 'watches'))),
    );
    expect(policy?.spec).toMatchObject({
      egress: [{ to: [{ ipBlock: { cidr: '10.0.0.1/32' } }], ports: [{ port: 6443, protocol: 'TCP' }] }],
    });
  });

  test('keep private ranges and the metadata service out of the internet', () => {
    const [policy] = policies(
      build(testApplication('a', (scope) => pods(scope, 'one').needs(publicEndpoint('x', 'example.com'), 'asks'))),
    );
    expect(JSON.stringify(policy?.spec)).toContain(
      '"except":["10.0.0.0/8","172.16.0.0/12","192.168.0.0/16","100.64.0.0/10","169.254.0.0/16"]',
    );
  });

  test('share one rule between peers that are the same addresses', () => {
    const [policy] = policies(
      build(
        testApplication('a', (scope) => {
          const one = pods(scope, 'one');
          one.needs(publicEndpoint('x', '192.0.2.1'), 'asks');
          one.needs(publicEndpoint('y', '192.0.2.2'), 'asks');
        }),
      ),
    );
    expect((policy?.spec as { egress: unknown[] }).egress).toHaveLength(1);
  });

  test('name nobody where anyone may ask', () => {
    const [policy] = policies(
      build(testApplication('a', (scope) => pods(scope, 'one').admits(anyone, 80, 'is for all'))),
    );
    expect(policy?.spec).toMatchObject({ ingress: [{ ports: [{ port: 80, protocol: 'TCP' }] }] });
    expect(JSON.stringify(policy?.spec)).not.toContain('"from"');
  });

  test('are not written for workloads without connections, which default-deny covers', () => {
    expect(policies(build(testApplication('a', (scope) => pods(scope, 'one'))))).toEqual([]);
  });
});

describe('types are not looked at where a program runs: an application is refused', () => {
  const given = (props: object) => () => application('a', props as never, () => undefined);
  const namespace = defineNamespace('a');

  test.each<[string, object, string]>([
    ['of a layer that nobody walks', { namespace, layer: 'apps' }, 'its layer is "apps"'],
    ['of no layer', { namespace }, 'layer is left out'],
    ['of no namespace', { layer: 'data' }, 'namespace is left out'],
    ['with an option that is misspelt', { namespace, layer: 'data', use: () => ({}) }, 'it has no option use'],
  ])('%s', (_, props, what) => {
    expect(refusal(given(props)).map((finding) => finding.what)).toEqual([what]);
  });

  test('in a namespace that is none', () => {
    const made = application('a', { namespace: () => undefined as never, layer: 'data' }, () => undefined);
    expect(refusal(() => build(made))[0]).toMatchObject({ where: 'application a', what: 'its namespace is null' });
  });

  test('that reads what another one does not hand out, with what is meant', () => {
    const a = testApplication('a', () => ({ endpoint: 1, none: undefined }));
    const b = application(
      'b',
      { namespace: defineNamespace('b'), layer: 'applications', uses: () => ({ a }) },
      (_, __, used) => [used.a.endpoint, used.a.none, (used.a as Record<string, unknown>).endpont],
    );
    expect(refusal(() => build(a, b))).toMatchObject([
      {
        where: 'application b',
        what: 'it reads used.a.endpont, which a does not hand out',
        allowed: 'endpoint, none',
        remedy: 'write endpoint, if that is meant; else let the function of a in apps/ return endpont',
      },
    ]);
  });
});
