import { InputError } from '../../../constructs/core/error.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podGroups, reachability } from '../../../synth/network/evaluate.ts';
import { arrow } from '../../../synth/network/print.ts';
import { app, coreDns, defaultDeny, deployment, inNamespace, namespace, policy } from './manifests.ts';

const workloads = [
  namespace('shop', { tier: 'product' }),
  namespace('data', { tier: 'state' }),
  deployment('shop/frontend', ['http:3000']),
  deployment('shop/backend', ['http:8080', 'UDP:9999']),
  deployment('data/postgres', ['postgres:5432']),
];

/** The ports open between two ends, such as `TCP 8080`. */
function open(
  from: string,
  to: string,
  policies: readonly Manifest[],
  base: readonly Manifest[] = workloads,
): string[] {
  const edges = reachability([...base, ...policies], { foreign: [coreDns] });
  const between = edges.filter((edge) => edge.from === from && edge.to === to);
  return between.map((edge) => arrow(edge).slice(`${from} -> ${to} `.length));
}

const toBackend = (spec: Record<string, unknown>) =>
  policy('shop/to-backend', { podSelector: app('backend'), ...spec });
const fromFrontend = (spec: Record<string, unknown>) =>
  policy('shop/from-frontend', { podSelector: app('frontend'), policyTypes: ['Egress'], ...spec });

describe('pod groups', () => {
  const template = {
    metadata: { labels: { app: 'x' } },
    spec: { hostNetwork: true, containers: [{ ports: [{ name: 'web', containerPort: 80 }] }] },
  };
  const specs: Record<string, [apiVersion: string, spec: Record<string, unknown>]> = {
    Deployment: ['apps/v1', { template }],
    StatefulSet: ['apps/v1', { template }],
    DaemonSet: ['apps/v1', { template }],
    ReplicaSet: ['apps/v1', { template }],
    CronJob: ['batch/v1', { jobTemplate: { spec: { template } } }],
  };
  test.each(Object.keys(specs))('are read from a %s', (kind) => {
    const [apiVersion = '', spec = {}] = specs[kind] ?? [];
    expect(podGroups([{ apiVersion, kind, metadata: { name: 'x', namespace: 'shop' }, spec }])).toEqual([
      {
        name: 'shop/x',
        namespace: 'shop',
        labels: { app: 'x' },
        ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
        hostNetwork: true,
      },
    ]);
  });

  test('of a Job carry the labels that its controller adds', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'migrate' }, spec: { template } };
    expect(podGroups([job])[0]?.labels).toEqual({
      app: 'x',
      'job-name': 'migrate',
      'batch.kubernetes.io/job-name': 'migrate',
    });
  });

  test('are read from a bare Pod, in the namespace default when it names none', () => {
    expect(podGroups([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: {} }])[0]?.name).toBe(
      'default/x',
    );
  });

  test('have the ports of sidecars, but not of init containers that end', () => {
    const spec = {
      containers: [{ ports: [{ containerPort: 80 }] }],
      initContainers: [
        { restartPolicy: 'Always', ports: [{ containerPort: 81, protocol: 'UDP' }] },
        { ports: [{ containerPort: 82 }] },
      ],
    };
    const [group] = podGroups([{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec }]);
    expect(group?.ports).toEqual([
      { port: 80, protocol: 'TCP' },
      { port: 81, protocol: 'UDP' },
    ]);
  });

  test('are not read from a kind of another API group', () => {
    expect(podGroups([{ apiVersion: 'example.org/v1', kind: 'Job', metadata: { name: 'x' } }])).toEqual([]);
  });

  test('end with the foreign ones', () => {
    expect(podGroups(workloads, [coreDns]).at(-1)).toBe(coreDns);
  });

  test('of the same name are refused', () => {
    const act = () => podGroups([deployment('shop/backend'), { ...deployment('shop/backend'), kind: 'StatefulSet' }]);
    expect(act).toThrow(InputError);
    expect(act).toThrow(
      'StatefulSet shop/backend: makes pods under the name shop/backend, as does Deployment shop/backend',
    );
  });
});

describe('isolation', () => {
  test('is absent without policies: one edge for any port', () => {
    expect(open('shop/frontend', 'shop/backend', [])).toEqual(['any']);
  });

  test.each([
    ['a policy without policyTypes isolates for ingress', {}, [], ['any']],
    ['a policy with an empty list of policyTypes isolates for ingress', { policyTypes: [] }, [], ['any']],
    ['an empty list of egress rules does not isolate for egress', { egress: [] }, [], ['any']],
    ['egress rules isolate for egress too', { egress: [{ ports: [{ port: 5432 }] }] }, [], ['TCP 5432']],
    ['policyTypes Egress isolates for egress only', { policyTypes: ['Egress'] }, ['any'], []],
    ['both policyTypes isolate both ways', { policyTypes: ['Ingress', 'Egress'] }, [], []],
    [
      'rules of a direction that policyTypes leaves out do nothing',
      { policyTypes: ['Ingress'], egress: [{}] },
      [],
      ['any'],
    ],
  ])('%s', (_, spec, into, out) => {
    const policies = [toBackend(spec)];
    expect(open('shop/frontend', 'shop/backend', policies)).toEqual(into);
    expect(open('shop/backend', 'data/postgres', policies)).toEqual(out);
  });

  test('needs a policy in the namespace of the pod', () => {
    expect(open('shop/frontend', 'shop/backend', [policy('data/p', { podSelector: app('backend') })])).toEqual(['any']);
  });

  test('reaches every pod of the namespace by an empty selector', () => {
    expect(open('data/postgres', 'shop/frontend', [defaultDeny('shop')])).toEqual([]);
  });

  test('is not the work of a NetworkPolicy of another API group', () => {
    const other = { ...defaultDeny('shop'), apiVersion: 'crd.projectcalico.org/v1' };
    expect(open('data/postgres', 'shop/frontend', [other])).toEqual(['any']);
  });

  test('needs both sides to allow an edge', () => {
    const ingress = toBackend({ ingress: [{ ports: [{ port: 8080 }, { port: 8081 }] }] });
    const egress = fromFrontend({ egress: [{ ports: [{ port: 8081 }, { port: 8082 }] }] });
    expect(open('shop/frontend', 'shop/backend', [ingress, egress])).toEqual(['TCP 8081']);
  });

  test('holds between two pods of the same template', () => {
    expect(open('shop/backend', 'shop/backend', [toBackend({})])).toEqual([]);
  });

  test('adds up the rules of all policies', () => {
    const [one, two] = [{ ports: [{ port: 1 }] }, { ports: [{ port: 2 }] }];
    const other = policy('shop/other', { podSelector: {}, ingress: [{ ports: [{ port: 3 }] }] });
    expect(open('shop/frontend', 'shop/backend', [toBackend({ ingress: [one, two] }), other])).toEqual([
      'TCP 1',
      'TCP 2',
      'TCP 3',
    ]);
  });
});

describe('selectors', () => {
  const expression = (operator: string, values?: string[], key = 'app') => ({
    matchExpressions: [{ key, operator, values }],
  });
  test.each([
    ['In selects a listed value', expression('In', ['backend', 'x']), []],
    ['In leaves another value', expression('In', ['x']), ['any']],
    ['In leaves pods without the label', expression('In', ['x'], 'zone'), ['any']],
    ['NotIn leaves a listed value', expression('NotIn', ['backend']), ['any']],
    ['NotIn selects another value', expression('NotIn', ['x']), []],
    ['NotIn selects pods without the label', expression('NotIn', ['x'], 'zone'), []],
    ['Exists selects pods with the label', expression('Exists'), []],
    ['Exists leaves pods without the label', expression('Exists', undefined, 'zone'), ['any']],
    ['DoesNotExist leaves pods with the label', expression('DoesNotExist'), ['any']],
    ['DoesNotExist selects pods without the label', expression('DoesNotExist', undefined, 'zone'), []],
    ['an unknown operator selects nothing', expression('Like', ['x']), ['any']],
    ['labels and expressions must both match', { ...app('backend'), ...expression('NotIn', ['backend']) }, ['any']],
    ['all labels must match', { matchLabels: { app: 'backend', zone: 'a' } }, ['any']],
  ])('%s', (_, podSelector, expected) => {
    expect(open('shop/frontend', 'shop/backend', [policy('shop/p', { podSelector })])).toEqual(expected);
  });
});

describe('peers', () => {
  const port = [{ port: 8080 }];
  test.each([
    ['no list of peers means anywhere', {}, ['TCP 8080'], ['TCP 8080']],
    ['an empty list of peers means anywhere', { from: [] }, ['TCP 8080'], ['TCP 8080']],
    ['a podSelector means the same namespace', { from: [{ podSelector: {} }] }, ['TCP 8080'], []],
    ['a podSelector compares labels', { from: [{ podSelector: app('postgres') }] }, [], []],
    [
      'a namespaceSelector means all pods there',
      { from: [{ namespaceSelector: inNamespace('data') }] },
      [],
      ['TCP 8080'],
    ],
    [
      'a namespaceSelector reads the labels of the Namespace',
      { from: [{ namespaceSelector: { matchLabels: { tier: 'state' } } }] },
      [],
      ['TCP 8080'],
    ],
    [
      'an empty namespaceSelector means all namespaces',
      { from: [{ namespaceSelector: {} }] },
      ['TCP 8080'],
      ['TCP 8080'],
    ],
    [
      'both selectors in one peer must match',
      { from: [{ namespaceSelector: inNamespace('data'), podSelector: app('frontend') }] },
      [],
      [],
    ],
    [
      'two peers are a union',
      { from: [{ namespaceSelector: inNamespace('data') }, { podSelector: app('frontend') }] },
      ['TCP 8080'],
      ['TCP 8080'],
    ],
    ['an ipBlock means no pods', { from: [{ ipBlock: { cidr: '0.0.0.0/0' } }] }, [], []],
    ['an empty peer means nobody', { from: [{}] }, [], []],
  ])('%s', (_, rule, fromSameNamespace, fromOther) => {
    const policies = [toBackend({ ingress: [{ ...rule, ports: port }] })];
    expect(open('shop/frontend', 'shop/backend', policies)).toEqual(fromSameNamespace);
    expect(open('data/postgres', 'shop/backend', policies)).toEqual(fromOther);
  });

  test('of egress rules are read from `to`', () => {
    const policies = [fromFrontend({ egress: [{ to: [{ podSelector: app('backend') }], ports: port }] })];
    expect(open('shop/frontend', 'shop/backend', policies)).toEqual(['TCP 8080']);
    expect(open('shop/frontend', 'data/postgres', policies)).toEqual([]);
  });

  test('find a namespace by the name that Kubernetes gives it, whatever its manifest says', () => {
    const lying = namespace('data', { 'kubernetes.io/metadata.name': 'other' });
    const policies = [toBackend({ ingress: [{ from: [{ namespaceSelector: inNamespace('data') }], ports: port }] })];
    expect(open('data/postgres', 'shop/backend', policies, [lying, ...workloads.slice(2)])).toEqual(['TCP 8080']);
  });

  test('find foreign pods by the name of their namespace', () => {
    const peer = {
      namespaceSelector: inNamespace('kube-system'),
      podSelector: { matchLabels: { 'k8s-app': 'kube-dns' } },
    };
    const policies = [fromFrontend({ egress: [{ to: [peer], ports: [{ port: 53, protocol: 'UDP' }] }] })];
    expect(open('shop/frontend', 'kube-system/coredns', policies)).toEqual(['UDP 53']);
  });
});

describe('ports', () => {
  const rule = (ports: unknown[]) => toBackend({ ingress: [{ from: [{ podSelector: app('frontend') }], ports }] });
  test.each([
    ['a number alone is a TCP port', [{ port: 8080 }], ['TCP 8080']],
    ['a protocol is kept', [{ port: 9999, protocol: 'UDP' }], ['UDP 9999']],
    ['SCTP is a protocol like the others', [{ port: 9, protocol: 'SCTP' }], ['SCTP 9']],
    ['a name is the port of the destination', [{ port: 'http' }], ['TCP 8080']],
    ['a name counts for its own protocol only', [{ port: 'http', protocol: 'UDP' }], []],
    ['a name that the destination lacks allows nothing', [{ port: 'postgres' }], []],
    ['endPort makes a range', [{ port: 8000, endPort: 8100 }], ['TCP 8000-8100']],
    ['an edge inside another one is not listed', [{ port: 8000, endPort: 8100 }, { port: 8080 }], ['TCP 8000-8100']],
    ['a range from the first to the last port is any port', [{ port: 1, endPort: 65535 }], ['TCP 8080', 'TCP any']],
    ['a protocol alone is any port of it', [{ protocol: 'UDP' }], ['UDP any', 'UDP 9999']],
    ['an empty list is every port', [], ['TCP 8080', 'UDP 9999', 'any']],
  ])('%s', (_, ports, expected) => {
    expect(open('shop/frontend', 'shop/backend', [rule(ports)]).sort()).toEqual([...expected].sort());
  });

  test('missing from a rule means every port: those declared, and any', () => {
    expect(open('shop/frontend', 'shop/backend', [toBackend({ ingress: [{}] })])).toEqual([
      'TCP 8080',
      'UDP 9999',
      'any',
    ]);
  });

  test('of an egress rule are looked up by name at the destination', () => {
    const egress = (port: string) => fromFrontend({ egress: [{ ports: [{ port }] }] });
    expect(open('shop/frontend', 'data/postgres', [egress('postgres')])).toEqual(['TCP 5432']);
    expect(open('shop/frontend', 'shop/backend', [egress('http')])).toEqual(['TCP 8080']);
  });

  test('of two ranges meet where both allow', () => {
    const egress = fromFrontend({ egress: [{ ports: [{ port: 8050, endPort: 9000 }] }] });
    expect(open('shop/frontend', 'shop/backend', [rule([{ port: 8000, endPort: 8100 }]), egress])).toEqual([
      'TCP 8050-8100',
    ]);
  });
});

describe('the outside', () => {
  const block = { cidr: '0.0.0.0/0', except: ['172.16.0.0/12', '10.0.0.0/8'] };
  const text = '0.0.0.0/0 except 10.0.0.0/8,172.16.0.0/12';

  test('is reached by egress alone, under the text of the ipBlock', () => {
    const policies = [
      defaultDeny('shop'),
      fromFrontend({ egress: [{ to: [{ ipBlock: block }], ports: [{ port: 443 }] }] }),
    ];
    expect(open('shop/frontend', text, policies)).toEqual(['TCP 443']);
    expect(open(text, 'shop/frontend', policies)).toEqual([]);
  });

  test('reaches pods by ingress alone', () => {
    const policies = [
      defaultDeny('shop'),
      toBackend({ ingress: [{ from: [{ ipBlock: block }], ports: [{ port: 'http' }] }] }),
    ];
    expect(open(text, 'shop/backend', policies)).toEqual(['TCP 8080']);
  });

  test('has one edge for each ipBlock', () => {
    const to = [{ ipBlock: { cidr: '192.0.2.1/32' } }, { ipBlock: { cidr: '192.0.2.2/32' } }];
    const edges = reachability([...workloads, fromFrontend({ egress: [{ to, ports: [{ port: 443 }] }] })]);
    expect(edges.filter(({ from, to: end }) => from === 'shop/frontend' && end.startsWith('192')).map(arrow)).toEqual([
      'shop/frontend -> 192.0.2.1/32 TCP 443',
      'shop/frontend -> 192.0.2.2/32 TCP 443',
    ]);
  });

  test('has no ports by name', () => {
    const policies = [fromFrontend({ egress: [{ to: [{ ipBlock: block }], ports: [{ port: 'http' }] }] })];
    expect(open('shop/frontend', text, policies)).toEqual([]);
  });

  test('is anywhere for a rule without peers', () => {
    const policies = [toBackend({ policyTypes: ['Ingress', 'Egress'], ingress: [{ ports: [{ port: 8080 }] }] })];
    expect(open('anywhere', 'shop/backend', policies)).toEqual(['TCP 8080']);
    expect(open('shop/backend', 'anywhere', policies)).toEqual([]);
  });

  test('is anywhere, on any port, for pods without a policy', () => {
    expect(open('anywhere', 'shop/backend', [])).toEqual(['any']);
    expect(open('shop/backend', 'anywhere', [])).toEqual(['any']);
  });
});

describe('pods on the host network', () => {
  const withAgent = [...workloads, deployment('shop/agent', ['9100'], { hostNetwork: true })];
  const selecting = (field: string) => [{ [field]: [{ podSelector: app('agent') }] }];

  test('are not subject to policies', () => {
    expect(open('data/postgres', 'shop/agent', [defaultDeny('shop')], withAgent)).toEqual(['any']);
    expect(open('shop/agent', 'data/postgres', [defaultDeny('shop')], withAgent)).toEqual(['any']);
  });

  test('are not found by selectors', () => {
    const ingress = policy('shop/in', { podSelector: app('backend'), ingress: selecting('from') });
    const egress = policy('shop/out', {
      podSelector: app('backend'),
      policyTypes: ['Egress'],
      egress: selecting('to'),
    });
    expect(open('shop/agent', 'shop/backend', [ingress], withAgent)).toEqual([]);
    expect(open('shop/backend', 'shop/agent', [egress], withAgent)).toEqual([]);
  });

  test('are reached by rules without peers', () => {
    const egress = fromFrontend({ egress: [{ ports: [{ port: 9100 }] }] });
    expect(open('shop/frontend', 'shop/agent', [egress], withAgent)).toEqual(['TCP 9100']);
  });

  test('have edges with the outside, and none with each other', () => {
    const both = [...withAgent, deployment('shop/other', [], { hostNetwork: true })];
    expect(open('anywhere', 'shop/agent', [defaultDeny('shop')], both)).toEqual(['any']);
    expect(open('shop/agent', 'shop/other', [defaultDeny('shop')], both)).toEqual([]);
  });
});

describe('foreign pods', () => {
  test('outside the own namespaces have edges with own pods only', () => {
    const edges = reachability([deployment('shop/backend')], { foreign: [coreDns] });
    expect(edges.map(arrow)).toEqual([
      'anywhere -> shop/backend any',
      'kube-system/coredns -> shop/backend any',
      'shop/backend -> anywhere any',
      'shop/backend -> kube-system/coredns any',
      'shop/backend -> shop/backend any',
    ]);
  });

  test('in an own namespace are subject to its policies', () => {
    const chart = { ...coreDns, name: 'shop/chart', namespace: 'shop' };
    const edges = reachability([namespace('shop'), defaultDeny('shop')], { foreign: [chart] });
    expect(edges).toEqual([]);
  });
});

describe('reasons', () => {
  test('name the policies of each side that allow the port, and no others', () => {
    const port = (number: number) => [{ ports: [{ port: number }] }];
    const policies = [
      fromFrontend({ egress: port(8080) }),
      toBackend({ ingress: port(8080) }),
      policy('shop/also', { podSelector: {}, ingress: [{ ports: [{ port: 8000, endPort: 8100 }] }] }),
      policy('shop/unrelated', { podSelector: {}, ingress: port(8081) }),
      defaultDeny('shop'),
    ];
    const edges = reachability([...workloads, ...policies]);
    expect(edges.find(({ from, to }) => from === 'shop/frontend' && to === 'shop/backend')?.reasons).toEqual([
      'egress: shop/from-frontend',
      'ingress: shop/also',
      'ingress: shop/to-backend',
    ]);
  });

  test('say when no policy selects a side, or none can', () => {
    const edges = reachability([deployment('shop/a'), deployment('shop/b', [], { hostNetwork: true })]);
    const reasons = (from: string, to: string) => edges.find((edge) => edge.from === from && edge.to === to)?.reasons;
    expect(reasons('shop/a', 'shop/b')).toEqual(['egress: no policy', 'ingress: host network']);
    expect(reasons('shop/a', 'anywhere')).toEqual(['egress: no policy']);
  });
});

test('edges do not depend on the order of the manifests', () => {
  const policies = [toBackend({ ingress: [{}] }), fromFrontend({ egress: [{}] }), defaultDeny('data')];
  const manifests = [...workloads, ...policies];
  expect(reachability(manifests.toReversed())).toEqual(reachability(manifests));
});
