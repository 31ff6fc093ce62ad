// Mistakes in network policies and Services that Kubernetes accepts without a word.
import type { Finding } from '../../constructs/core/error.ts';
import { describeManifest, typeOf } from '../../constructs/core/manifest.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { contains, parseCidr } from '../../constructs/core/cidr.ts';
import { isEmptySelector, namespaceOf, readNetwork } from './policies.ts';
import type { ContainerPort, Direction, Network, Peer, PodGroup, Policy, PortSpec } from './policies.ts';

export interface LintOptions {
  /** Pod groups that somebody else's manifests make. A namespace that only they name needs no default-deny. */
  readonly foreign?: readonly PodGroup[];
  /** Keys of labels that programs set on their pods at run time, such as Patroni's `role`: Services may select by them. */
  readonly runtimeLabels?: readonly string[];
}

interface ServiceSpec {
  readonly selector?: Readonly<Record<string, string>>;
  readonly ports?: readonly {
    readonly port: number;
    readonly targetPort?: number | string;
    readonly protocol?: ContainerPort['protocol'];
  }[];
}

const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];

/** What "the internet" must not include: private networks, carrier-grade NAT and the metadata service. */
const NOT_INTERNET = [
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.169.254/32',
  'fc00::/7',
];

/** All mistakes found. Throws InputError when two pod groups have the same name. */
export function networkFindings(manifests: readonly Manifest[], options: LintOptions = {}): Finding[] {
  const network = readNetwork(manifests, options.foreign);
  const services = manifests.filter((manifest) => typeOf(manifest) === 'v1 Service');
  return [
    ...openNamespaces(network),
    ...network.policies.flatMap((policy) => [
      ...uselessPolicy(policy),
      ...DIRECTIONS.flatMap((direction) => badPeers(policy, direction)),
      ...undeclaredIngressPorts(policy),
    ]),
    ...services.flatMap((service) => badService(service, network, options.runtimeLabels ?? [])),
  ];
}

const denies = (policy: Policy, direction: Direction): boolean => policy.selectsAll && policy[direction]?.length === 0;

function openNamespaces({ ownNamespaces, policies }: Network): Finding[] {
  return [...ownNamespaces].flatMap((namespace) => {
    const local = policies.filter((policy) => policy.namespace === namespace);
    const open = DIRECTIONS.filter((direction) => !local.some((policy) => denies(policy, direction)));
    if (open.length === 0) return [];
    return {
      where: `Namespace ${namespace}`,
      what: `no policy denies ${open.join(' and ')} by default`,
      allowed: 'a NetworkPolicy with an empty podSelector, both policyTypes and no rules',
      remedy: 'add a default-deny policy to the namespace',
    };
  });
}

function uselessPolicy(policy: Policy): Finding[] {
  if (policy.selected.length > 0 || DIRECTIONS.some((direction) => denies(policy, direction))) return [];
  return [
    {
      where: `${describeManifest(policy.manifest)} spec.podSelector`,
      what: 'selects no pods that a policy applies to',
      allowed: 'the labels of a pod template in the namespace that is not on the host network',
      remedy: 'correct the selector, or remove the policy',
    },
  ];
}

function badPeers(policy: Policy, direction: Direction): Finding[] {
  return (policy[direction] ?? []).flatMap((rule, position) => {
    const where = `${describeManifest(policy.manifest)} spec.${direction}[${position}]`;
    const field = direction === 'ingress' ? 'from' : 'to';
    if (direction === 'egress' && rule.pods === 'all') {
      return {
        where,
        what: 'names no destination and so allows every address',
        allowed: 'an egress rule with at least one peer in `to`',
        remedy: 'name the destinations',
      };
    }
    return rule.peers.flatMap((peer, peerPosition) => {
      const peerWhere = `${where}.${field}[${peerPosition}]`;
      return peer.spec.ipBlock ? badBlock(peer.spec.ipBlock, direction, peerWhere) : badSelectors(peer, peerWhere);
    });
  });
}

function badSelectors({ spec, pods }: Peer, where: string): Finding[] {
  if (spec.namespaceSelector && isEmptySelector(spec.namespaceSelector) && !spec.podSelector) {
    return [
      {
        where,
        what: 'an empty namespaceSelector without a podSelector allows every pod of the cluster',
        allowed: 'a peer that says which pods or namespaces it means',
        remedy: 'add a podSelector or labels of namespaces',
      },
    ];
  }
  if (pods.length > 0) return [];
  return [
    {
      where,
      what: 'selects no pods that a policy can recognise',
      allowed: 'labels of a pod template, and of its namespace, that is not on the host network',
      remedy: 'correct the selectors, or remove the peer; reach pods on the host network by ipBlock',
    },
  ];
}

function badBlock(
  { cidr, except = [] }: NonNullable<Peer['spec']['ipBlock']>,
  direction: Direction,
  where: string,
): Finding[] {
  const block = parseCidr(cidr);
  const exceptions = except.map((text) => ({ text, range: parseCidr(text) }));
  const unreadable = [...(block ? [] : [cidr]), ...exceptions.filter(({ range }) => !range).map(({ text }) => text)];
  const findings = unreadable.map((text) => ({
    where: `${where}.ipBlock`,
    what: `${text} is not a CIDR`,
    allowed: 'a network address and its prefix length, such as 10.42.0.0/16',
    remedy: 'correct the address; every bit after the prefix must be zero',
  }));
  if (!block) return findings;
  for (const { text, range } of exceptions) {
    if (!range || (contains(block, range) && range.prefix > block.prefix)) continue;
    findings.push({
      where: `${where}.ipBlock.except`,
      what: `${text} is not a part of ${cidr}`,
      allowed: 'smaller ranges within the cidr',
      remedy: 'remove the exception, or correct it',
    });
  }
  const missing = NOT_INTERNET.filter((text) => {
    // The grammar of IPv6 takes long to load, and no block of one family lies in one of the other.
    if (text.includes(':') !== cidr.includes(':')) return false;
    const range = parseCidr(text);
    if (!range || !contains(block, range) || range.prefix === block.prefix) return false;
    return !exceptions.some((exception) => exception.range && contains(exception.range, range));
  });
  if (direction === 'egress' && missing.length > 0) {
    findings.push({
      where: `${where}.ipBlock`,
      what: `${cidr} includes ${missing.join(', ')}`,
      allowed: 'a range of public addresses only, or with exceptions that cover all others',
      remedy: `add to except: ${missing.join(', ')}`,
    });
  }
  return findings;
}

/** Ranges are left out: they exist for ports that a program picks at run time. */
function undeclaredIngressPorts({ manifest, ingress = [], selected }: Policy): Finding[] {
  if (selected.length === 0) return [];
  const declares = ({ port, protocol = 'TCP', endPort }: PortSpec): boolean =>
    port === undefined || endPort !== undefined || selected.some((group) => hasPort(group, port, protocol));
  return ingress.flatMap(({ ports = [] }, position) =>
    ports
      .filter((port) => !declares(port))
      .map(({ port, protocol = 'TCP' }) => ({
        where: `${describeManifest(manifest)} spec.ingress[${position}].ports`,
        what: `${protocol} ${port} is no port of ${listNames(selected)}`,
        allowed: listPorts(selected),
        remedy: "correct the rule, or declare the port in the container's ports",
      })),
  );
}

function badService(manifest: Manifest, network: Network, runtimeLabels: readonly string[]): Finding[] {
  const { selector = {}, ports = [] } = (manifest.spec ?? {}) as ServiceSpec;
  if (Object.keys(selector).length === 0) return [];
  const groups = behindService(namespaceOf(manifest), selector, network, runtimeLabels);
  if (groups.length === 0) {
    return [
      {
        where: `${describeManifest(manifest)} spec.selector`,
        what: 'selects no pods',
        allowed: 'the labels of a pod template in the namespace',
        remedy: 'correct the selector, or remove the Service',
      },
    ];
  }
  return ports.flatMap(({ port, targetPort = port, protocol = 'TCP' }, position) => {
    const lacking = groups.filter((group) => !hasPort(group, targetPort, protocol));
    if (lacking.length === 0) return [];
    return {
      where: `${describeManifest(manifest)} spec.ports[${position}].targetPort`,
      what: `${protocol} ${targetPort} is no port of ${listNames(lacking)}`,
      allowed: listPorts(lacking),
      remedy: "correct the targetPort, or declare the port in the container's ports",
    };
  });
}

/** A Service may also select by labels that no template shows: those of `runtimeLabels`, and a StatefulSet pod's name. */
function behindService(
  namespace: string,
  selector: Readonly<Record<string, string>>,
  network: Network,
  runtimeLabels: readonly string[],
): readonly PodGroup[] {
  const { 'statefulset.kubernetes.io/pod-name': podName, ...others } = selector;
  const matchLabels = Object.fromEntries(Object.entries(others).filter(([key]) => !runtimeLabels.includes(key)));
  const groups = network.select(namespace, { matchLabels });
  return podName === undefined
    ? groups
    : groups.filter(({ name }) => name === `${namespace}/${podName.replace(/-\d+$/, '')}`);
}

function hasPort({ ports }: PodGroup, port: number | string, protocol: ContainerPort['protocol']): boolean {
  return ports.some((declared) => declared.protocol === protocol && (declared.port === port || declared.name === port));
}

const listNames = (groups: readonly PodGroup[]): string => groups.map(({ name }) => name).join(', ');

function listPorts(groups: readonly PodGroup[]): string {
  const texts = groups.flatMap(({ ports }) =>
    ports.map(({ name, port, protocol }) => `${protocol} ${port}${name === undefined ? '' : ` (${name})`}`),
  );
  return texts.length === 0 ? 'none: the pods declare no ports' : [...new Set(texts)].join(', ');
}
