import { clusterOf } from '../../../prove/cluster/handle.ts';
import { analysisOf } from '../../../prove/drills/network/analysis.ts';
import { parseAnalysis } from '../../../prove/drills/network/analyzer.ts';
import { connectionsOf, missingFrom } from '../../../prove/drills/network/connections.ts';
import type { Connection } from '../../../prove/drills/network/connections.ts';
import { checkOf, differencesOf } from '../../../prove/drills/network/reach.ts';
import type { Target } from '../../../prove/drills/network/reach.ts';
import { questionsOf } from '../../../prove/drills/network/names.ts';
import { portsOf, standInsOf, strangersOf } from '../../../prove/drills/network/stand-ins.ts';
import { factChecks } from '../../../prove/drills/network/upstream.ts';
import type { PodGroup } from '../../../synth/network/evaluate.ts';
import { schemaFindings } from '../../../synth/schema/index.ts';

const group = (name: string, ports: PodGroup['ports'] = []): PodGroup => ({
  name: `shop/${name}`,
  namespace: 'shop',
  labels: { app: name },
  ports,
  hostNetwork: false,
});
const web = group('web', [
  { name: 'http', port: 8080, protocol: 'TCP' },
  { name: 'echo', port: 7, protocol: 'UDP' },
]);
const database = group('database', [{ port: 5432, protocol: 'TCP' }]);
const edge = { from: 'shop/web', to: 'shop/database', protocol: 'TCP', port: 5432 };

const analysis = (...lines: readonly (readonly [string, string, string])[]): Connection[] =>
  parseAnalysis(JSON.stringify(lines.map(([src, dst, conn]) => ({ src, dst, conn }))));

describe('what upstream brings, rendered in the drill', () => {
  const object = (kind: string, name: string) => ({ apiVersion: 'v1', kind, metadata: { name, namespace: 'argocd' } });
  const facts = (...objects: ReturnType<typeof object>[]) => [{ source: 'argocd: v1', key: 'a', objects }];

  test('is right where it is what is committed, and no policy', () => {
    const same = facts(object('Service', 'a'));
    expect(factChecks(same, same).filter(({ expected, got }) => expected !== got)).toEqual([]);
  });

  test('is named where it is another, where it is gone, and where it is a policy', () => {
    const checks = factChecks(facts(object('NetworkPolicy', 'open')), facts(object('Service', 'a')));
    expect(checks.map(({ got }) => got)).toEqual([
      expect.stringMatching(/^rendered: .*"open".*; committed: .*"Service".*/) as string,
      'argocd/open',
    ]);
  });
});

describe("the analyzer's words", () => {
  test('are read with protocols that hold until the next one, and ranges', () => {
    expect(analysis(['a/w[Pod]', 'a/v[Pod]', 'TCP 80,90-100,UDP 53'])).toEqual([
      { from: 'a/w', to: 'a/v', protocol: 'TCP', ports: { first: 80, last: 80 } },
      { from: 'a/w', to: 'a/v', protocol: 'TCP', ports: { first: 90, last: 100 } },
      { from: 'a/w', to: 'a/v', protocol: 'UDP', ports: { first: 53, last: 53 } },
    ]);
  });

  test('All Connections are every port of three protocols', () => {
    const connections = analysis(['10.0.0.0-10.0.0.255', 'a/v[Pod]', 'All Connections']);
    expect(connections.map(({ protocol, ports }) => [protocol, ports])).toEqual(
      ['TCP', 'UDP', 'SCTP'].map((protocol) => [protocol, { first: 1, last: 65535 }]),
    );
    expect(connections[0]?.from).toEqual({ first: 167772160, last: 167772415 });
  });

  test.each([
    ['a/w[Pod]', 'a/v[Pod]', 'ICMP 8'],
    ['a/w[Pod]', 'a/v[Pod]', '80'],
    ['entire-cluster', 'a/v[Pod]', 'TCP 80'],
    ['a/w[Pod]', '10.0.0.0-ff::1', 'TCP 80'],
  ])('%s to %s by %s are refused as unknown', (...line) => {
    expect(() => analysis(line)).toThrow(/is not known here/);
  });
});

describe('connections', () => {
  test('that are cut differently are the same', () => {
    const block = connectionsOf([{ from: 'a/w', to: '10.0.0.0/8 except 10.1.0.0/16', protocol: 'TCP', port: 'any' }]);
    const pieces = analysis(
      ['a/w[Pod]', '10.0.0.0-10.0.255.255', 'TCP 1-99,100-65535'],
      ['a/w[Pod]', '10.2.0.0-10.255.255.255', 'TCP 1-65535'],
    );
    expect([missingFrom(block, pieces), missingFrom(pieces, block)]).toEqual([[], []]);
  });

  test('that are missing are named by their ends, addresses and ports', () => {
    const declared = connectionsOf([
      { from: 'a/w', to: '10.0.0.0/24', protocol: 'TCP', port: 80, endPort: 90 },
      { from: 'a/w', to: 'a/v', protocol: 'any', port: 443 },
    ]);
    const found = analysis(['a/w[Pod]', '10.0.0.0-10.0.0.127', 'TCP 80-90'], ['a/w[Pod]', 'a/v[Pod]', 'TCP 443']);
    expect(missingFrom(found, declared)).toEqual([
      'a/w to 10.0.0.128-10.0.0.255 TCP 80-90',
      'a/w to a/v UDP 443',
      'a/w to a/v SCTP 443',
    ]);
  });

  test('on neighbouring ports that are missing are named in one line', () => {
    expect(missingFrom([], analysis(['a/w[Pod]', 'a/v[Pod]', 'TCP 81-90,80']))).toEqual(['a/w to a/v TCP 80-90']);
  });

  test('of an exception are not there', () => {
    const wide = connectionsOf([{ from: 'anywhere', to: 'a/w', protocol: 'TCP', port: 1 }]);
    const narrow = connectionsOf([{ from: '0.0.0.0/0 except 10.0.0.1/32', to: 'a/w', protocol: 'TCP', port: 1 }]);
    expect(missingFrom(narrow, wide)).toEqual(['10.0.0.1 to a/w TCP 1']);
  });

  test('with blocks of IPv6 are refused', () => {
    expect(() => connectionsOf([{ ...edge, to: 'fd00::/8' }])).toThrow('fd00::/8: only blocks of IPv4 can be compared');
  });
});

describe('stand-ins', () => {
  const standIns = standInsOf([web], ['node1', 'node2']);

  test('are two pods for each workload, on two nodes', () => {
    expect(standIns.map(({ name, manifest }) => [name, manifest.spec])).toMatchObject([
      ['web-1', { nodeSelector: { 'kubernetes.io/hostname': 'node1' } }],
      ['web-2', { nodeSelector: { 'kubernetes.io/hostname': 'node2' } }],
    ]);
  });

  test('serve every port of the workload, and name it as the workload does', () => {
    expect(standIns[0]?.manifest.spec).toMatchObject({
      containers: [
        {
          args: ['serve', ':65000', ':8080', 'udp/:7'],
          ports: [
            { name: 'http', containerPort: 8080, protocol: 'TCP' },
            { name: 'echo', containerPort: 7, protocol: 'UDP' },
          ],
        },
      ],
    });
  });

  test('are objects that an API server takes', () => {
    expect(standIns.flatMap(({ manifest }) => schemaFindings(manifest))).toEqual([]);
  });

  test('serve a port once that two containers have', () => {
    const twice = [1, 2].map(() => ({ port: 80, protocol: 'TCP' as const }));
    expect(portsOf(group('twice', twice))).toEqual([{ port: 80, protocol: 'TCP' }]);
  });
});

describe('the policies as others read them', () => {
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const policy = (name: string, spec: object) => ({
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: { name, namespace: 'shop' },
    spec: { podSelector: { matchLabels: { app: name } }, policyTypes: ['Ingress', 'Egress'], ...spec },
  });
  const ports = [{ port: 5432, protocol: 'TCP' }];
  const committed = [
    namespace,
    policy('web', { egress: [{ to: [{ podSelector: { matchLabels: { app: 'database' } } }], ports }] }),
    policy('database', { ingress: [{ from: [{ podSelector: { matchLabels: { app: 'web' } } }], ports }] }),
  ];
  const standIns = standInsOf([web, database, { ...group('dns'), name: 'system/dns', namespace: 'system' }], ['node1']);
  const pairs = ['1', '2'].flatMap((source) =>
    ['1', '2'].map((to) => [`shop/web-${source}[Pod]`, `shop/database-${to}[Pod]`, 'TCP 5432'] as const),
  );
  const read = (declared = [edge], ...further: readonly (readonly [string, string, string])[]) =>
    analysisOf({
      committed,
      foreign: [web, database],
      declared,
      standIns,
      analyzed: analysis(['system/dns-1[Pod]', '0.0.0.0-255.255.255.255', 'All Connections'], ...pairs, ...further),
    });

  test('agree with the wires, whatever pods of others may do among themselves', () => {
    const { checks, evaluator, analyzer } = read();
    expect([evaluator, analyzer]).toEqual([0, 0]);
    expect(checks.map(({ expected, got }) => got === expected)).toEqual([true, true]);
  });

  test('are told where they allow less than the wires', () => {
    const { checks, evaluator, analyzer } = read([edge, { ...edge, port: 5433 }]);
    const got = 'shop/web to shop/database TCP 5433 is declared and not allowed';
    expect(checks.map((check) => check.got)).toEqual([got, got]);
    expect([evaluator, analyzer]).toEqual([1, 1]);
  });

  test('are told where the analyzer finds more, also between two pods of one workload', () => {
    const { checks, evaluator, analyzer } = read([edge], ['shop/web-1[Pod]', 'shop/web-2[Pod]', 'UDP 7']);
    expect([evaluator, analyzer]).toEqual([0, 1]);
    expect(checks[1]?.got).toBe('shop/web to shop/web UDP 7 is allowed and not declared');
  });
});

describe('pods of the drill', () => {
  test('stand in each namespace that refuses all, where no policy names them', () => {
    const deny = (namespace: string) => ({
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'default-deny', namespace },
    });
    expect(strangersOf([deny('shop'), deny('default')]).map(({ name, labels }) => [name, labels])).toEqual([
      ['shop/stranger', {}],
      ['default/stranger', {}],
    ]);
  });

  test('are asked nothing by Services of the system, whose labels they have', () => {
    const gates = (namespace: string) =>
      standInsOf([{ ...web, namespace, name: `${namespace}/web` }], ['node1']).map(
        ({ manifest }) => (manifest.spec as { readonly readinessGates?: object[] }).readinessGates?.length,
      );
    expect([gates('kube-system'), gates('shop')]).toEqual([
      [1, 1],
      [undefined, undefined],
    ]);
  });
});

describe('names that pods ask for', () => {
  const { plan } = clusterOf('production');
  const expected = (isWired: boolean) =>
    new Map(questionsOf({ plan }, isWired, 'x.tunnel.example').map(({ question, expected: word }) => [question, word]));

  test('are told where a wire leads outside, as far as there are such', () => {
    expect([expected(true).get('A/github.com'), expected(true).get('TXT/x.tunnel.example')]).toEqual([
      'answered',
      'NXDOMAIN',
    ]);
  });

  test('are refused where none does', () => {
    expect([expected(false).get('A/github.com'), expected(false).get('TXT/x.tunnel.example')]).toEqual([
      'REFUSED',
      'REFUSED',
    ]);
  });

  test.each([true, false])('are told of the cluster, but of no address: with such a wire %s', (isWired) => {
    expect(expected(isWired).get('A/kubernetes.default.svc.cluster.local')).toBe('answered');
    expect(expected(isWired).get('PTR/10.43.0.1')).toBe('REFUSED');
  });
});

describe('what a workload reaches', () => {
  const [one, two] = standInsOf([web], ['node1', 'node2']);
  const target = (place: string, port = 5432): Target => ({
    name: 'shop/database',
    place,
    address: '10.42.0.2',
    protocol: 'TCP',
    port,
  });
  const targets = [target('database-1'), target('database-2')];
  const reached = (open: readonly (readonly Target[])[]) =>
    [one!, two!].map((source, index) => ({ source, tried: targets, open: new Set(open[index]) }));
  const all = reached([targets, targets]);
  const some = reached([targets, [targets[0]!]]);

  test('is a port that opens in every way', () => {
    expect(checkOf(all, () => true)).toEqual({
      what: 'what shop/web reaches, of 1 ports',
      expected: 'shop/database TCP 5432',
      got: 'shop/database TCP 5432',
    });
  });

  test('names the ways in which it opens where not all do', () => {
    const { expected, got } = checkOf(some, () => true);
    expect(expected).toBe('shop/database TCP 5432');
    expect(got).toBe('shop/database TCP 5432 (only web-1 to database-1, web-1 to database-2, web-2 to database-1)');
  });

  test('differs by what opens undeclared and by what is declared and shut', () => {
    const differences = (declared: boolean) => some.map((each) => differencesOf(each, () => declared).length);
    expect([differences(true), differences(false)]).toEqual([
      [0, 1],
      [2, 1],
    ]);
  });
});
