// Random small policy sets, judged by the evaluator and by the plainest reading of the API reference: for each pair of
// ends, protocol and port, ask each policy and rule in turn.
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podGroups, reachability } from '../../../synth/network/evaluate.ts';
import type { Edge, PodGroup } from '../../../synth/network/evaluate.ts';
import { coreDns, namespace, policy } from './manifests.ts';

type Json = Record<string, unknown>;
type End = PodGroup | string;

const PROTOCOLS = ['TCP', 'UDP', 'SCTP'];
const BLOCKS = [{ cidr: '0.0.0.0/0', except: ['10.0.0.0/8'] }, { cidr: '192.0.2.0/24' }];
const BLOCK_TEXTS = ['0.0.0.0/0 except 10.0.0.0/8', '192.0.2.0/24'];
const PROBED_PORTS = [1, 79, 80, 81, 85, 90, 91, 443, 65535];

/** mulberry32: a small generator, so that a seed names a case for ever. */
function randomFrom(seed: number) {
  let state = seed;
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  const some = <T>(most: number, make: () => T): T[] => Array.from({ length: Math.floor(next() * (most + 1)) }, make);
  const maybe = (probability: number, value: () => Json): Json => (next() < probability ? value() : {});
  return { next, pick, some, maybe };
}

function randomManifests(seed: number): Manifest[] {
  const { next, pick, some, maybe } = randomFrom(seed);
  const namespaces = ['a', 'b', 'c'];
  const labels = () => Object.fromEntries(some(2, () => [pick(['x', 'y']), pick(['1', '2'])]));
  const expression = () => ({
    key: pick(['x', 'y']),
    operator: pick(['In', 'NotIn', 'Exists', 'DoesNotExist']),
    values: [pick(['1', '2'])],
  });
  const selector = () => ({
    ...maybe(0.6, () => ({ matchLabels: labels() })),
    ...maybe(0.3, () => ({ matchExpressions: some(2, expression) })),
  });
  const namespaceSelector = () =>
    next() < 0.3
      ? { matchLabels: { 'kubernetes.io/metadata.name': pick([...namespaces, 'kube-system']) } }
      : selector();
  const peer = () => {
    if (next() < 0.2) return { ipBlock: pick(BLOCKS) };
    const pods = maybe(0.6, () => ({ podSelector: selector() }));
    return { ...pods, ...maybe(0.6, () => ({ namespaceSelector: namespaceSelector() })) };
  };
  const port = () => ({
    ...maybe(0.5, () => ({ protocol: pick(PROTOCOLS) })),
    ...pick<() => Json>([
      () => ({}),
      () => ({ port: pick([80, 443]) }),
      () => ({ port: pick([79, 80, 81]), endPort: pick([85, 90, 65535]) }),
      () => ({ port: pick(['web', 'db', 'none']) }),
    ])(),
  });
  const rule = (field: string) => ({
    ...maybe(0.8, () => ({ [field]: some(2, peer) })),
    ...maybe(0.8, () => ({ ports: some(2, port) })),
  });
  const containerPorts = () => [
    ...(next() < 0.6 ? [{ name: 'web', containerPort: pick([80, 81]), protocol: pick(PROTOCOLS) }] : []),
    ...(next() < 0.6 ? [{ name: 'db', containerPort: pick([443, 85]) }] : []),
  ];
  const pods = Array.from({ length: 5 }, (_, number): Manifest => {
    const spec = { ...maybe(0.1, () => ({ hostNetwork: true })), containers: [{ ports: containerPorts() }] };
    const template = { metadata: { labels: labels() }, spec };
    const metadata = { name: `pod${number}`, namespace: pick(namespaces) };
    return { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { template } };
  });
  const policies = some(6, () => ({
    podSelector: selector(),
    ...maybe(0.6, () => ({ policyTypes: pick([['Ingress'], ['Egress'], ['Ingress', 'Egress'], []]) })),
    ...maybe(0.7, () => ({ ingress: some(2, () => rule('from')) })),
    ...maybe(0.7, () => ({ egress: some(2, () => rule('to')) })),
  })).map((spec, number) => policy(`${pick(namespaces)}/policy${number}`, spec));
  return [...namespaces.slice(1).map((name) => namespace(name, labels())), ...pods, ...policies];
}

function selects(selector: Json, labels: Json): boolean {
  for (const [key, value] of Object.entries((selector.matchLabels ?? {}) as Json)) {
    if (labels[key] !== value) return false;
  }
  for (const { key, operator, values } of (selector.matchExpressions ?? []) as Record<string, string & string[]>[]) {
    const present = Object.hasOwn(labels, key as string);
    const listed = present && values?.includes(labels[key as string] as string);
    if (operator === 'Exists' && !present) return false;
    if (operator === 'DoesNotExist' && present) return false;
    if (operator === 'In' && !listed) return false;
    if (operator === 'NotIn' && listed) return false;
  }
  return true;
}

/** Whether `pod` may send to, or receive from, the other end; `destination` is the pod whose port it is, if it is one. */
function permits(
  manifests: readonly Manifest[],
  direction: 'ingress' | 'egress',
  pod: PodGroup,
  other: End,
  protocol: string,
  port: number,
): boolean {
  if (pod.hostNetwork) return other === 'anywhere' || typeof other !== 'string';
  const destination = direction === 'ingress' ? pod : other;
  let isolated = false;
  for (const { kind, metadata, spec: anySpec } of manifests) {
    if (kind !== 'NetworkPolicy' || metadata.namespace !== pod.namespace) continue;
    const spec = anySpec as Json;
    if (!selects(spec.podSelector as Json, pod.labels)) continue;
    const types = (spec.policyTypes ?? []) as string[];
    const rules = (spec[direction] ?? []) as Json[];
    const byDefault = direction === 'ingress' || rules.length > 0;
    if (types.length > 0 ? !types.includes(direction === 'ingress' ? 'Ingress' : 'Egress') : !byDefault) continue;
    isolated = true;
    for (const rule of rules) {
      const peers = (rule[direction === 'ingress' ? 'from' : 'to'] ?? []) as Json[];
      const ports = (rule.ports ?? []) as Json[];
      const peerFits =
        peers.length === 0
          ? other === 'anywhere' || typeof other !== 'string'
          : peers.some((peer) => peerIs(manifests, metadata.namespace!, peer, other));
      const portFits = ports.length === 0 || ports.some((entry) => portIs(entry, destination, protocol, port));
      if (peerFits && portFits) return true;
    }
  }
  return !isolated && (other === 'anywhere' || typeof other !== 'string');
}

function peerIs(manifests: readonly Manifest[], home: string, peer: Json, other: End): boolean {
  if (typeof other === 'string')
    return peer.ipBlock !== undefined && peer.ipBlock === BLOCKS[BLOCK_TEXTS.indexOf(other)];
  if (other.hostNetwork || Object.keys(peer).length === 0 || peer.ipBlock !== undefined) return false;
  const made = manifests.find(({ kind, metadata }) => kind === 'Namespace' && metadata.name === other.namespace);
  const namespaceLabels = { ...made?.metadata.labels, 'kubernetes.io/metadata.name': other.namespace };
  const namespaceFits =
    peer.namespaceSelector === undefined
      ? other.namespace === home
      : selects(peer.namespaceSelector as Json, namespaceLabels);
  return namespaceFits && (peer.podSelector === undefined || selects(peer.podSelector as Json, other.labels));
}

function portIs(entry: Json, destination: End, protocol: string, port: number): boolean {
  if ((entry.protocol ?? 'TCP') !== protocol) return false;
  if (entry.port === undefined) return true;
  if (typeof entry.port === 'number') return port >= entry.port && port <= ((entry.endPort ?? entry.port) as number);
  if (typeof destination === 'string') return false;
  return destination.ports.some((p) => p.name === entry.port && p.protocol === protocol && p.port === port);
}

function contains(edge: Edge, protocol: string, port: number): boolean {
  if (edge.protocol !== 'any' && edge.protocol !== protocol) return false;
  return edge.port === 'any' || (edge.port <= port && port <= (edge.endPort ?? edge.port));
}

test('500 random policy sets open the same ports as the plain reading of the API', () => {
  let [allowed, denied] = [0, 0];
  const differences: string[] = [];
  for (let seed = 1; seed <= 500; seed += 1) {
    const manifests = randomManifests(seed);
    const groups = podGroups(manifests, [coreDns]);
    const edges = new Map<string, Edge[]>();
    for (const edge of reachability(manifests, { foreign: [coreDns] })) {
      edges.set(`${edge.from} ${edge.to}`, [...(edges.get(`${edge.from} ${edge.to}`) ?? []), edge]);
    }
    const probe = (from: string, to: string, expected: (protocol: string, port: number) => boolean): void => {
      for (const protocol of PROTOCOLS) {
        for (const port of PROBED_PORTS) {
          const should = expected(protocol, port);
          const does = (edges.get(`${from} ${to}`) ?? []).some((edge) => contains(edge, protocol, port));
          if (should) allowed += 1;
          else denied += 1;
          if (should !== does)
            differences.push(`seed ${seed}: ${from} -> ${to} ${protocol} ${port} should be ${should}`);
        }
      }
    };
    for (const from of groups) {
      for (const to of groups) {
        // Pairs that no policy of the manifests can govern are not listed.
        const listed = [from, to].some((end) => end !== coreDns && !end.hostNetwork);
        probe(from.name, to.name, (protocol, port) => {
          return (
            listed &&
            permits(manifests, 'egress', from, to, protocol, port) &&
            permits(manifests, 'ingress', to, from, protocol, port)
          );
        });
      }
      for (const outside of ['anywhere', ...BLOCK_TEXTS]) {
        const own = from !== coreDns;
        probe(
          from.name,
          outside,
          (protocol, port) => own && permits(manifests, 'egress', from, outside, protocol, port),
        );
        probe(
          outside,
          from.name,
          (protocol, port) => own && permits(manifests, 'ingress', from, outside, protocol, port),
        );
      }
    }
  }
  expect(differences.slice(0, 5)).toEqual([]);
  // A generator that opens or closes nearly everything would prove little.
  expect(allowed / (allowed + denied)).toBeGreaterThan(0.2);
  expect(denied / (allowed + denied)).toBeGreaterThan(0.2);
});
