import type { Finding } from '../constructs/core/error.ts';
import { contains, overlap, parseAddress, parseCidr } from './cidr.ts';
import type { EnvironmentInput, ImagesInput } from './schema.ts';

/** What no single value shows: rules between values. Values that the schema refused are left to its messages. */
export function crossFindings(file: string, input: Partial<EnvironmentInput>): Finding[] {
  return [
    ...overlappingNetworks(file, input),
    ...misplacedHosts(file, input),
    ...nodeFindings(file, input),
    ...sizeFindings(file, input),
  ];
}

function overlappingNetworks(file: string, { networks }: Partial<EnvironmentInput>): Finding[] {
  const ranges = Object.entries(networks ?? {}).flatMap(([name, text]) => {
    const range = parseCidr(String(text));
    return range === undefined ? [] : [{ name, text, range }];
  });
  return ranges.flatMap((a, index) =>
    ranges
      .slice(index + 1)
      .filter((b) => overlap(a.range, b.range))
      .map((b) => ({
        where: `${file}: networks.${b.name}`,
        what: `${b.text} overlaps ${a.name} (${a.text})`,
        allowed: 'networks that share no address: routes and firewall rules tell them apart by address alone',
        remedy: 'move one of them to a range of its own',
      })),
  );
}

function misplacedHosts(file: string, { hosts, domain }: Partial<EnvironmentInput>): Finding[] {
  const entries = Object.entries(hosts ?? {});
  return entries.flatMap(([name, host], index) => {
    const where = `${file}: hosts.${name}`;
    const twin = entries.slice(0, index).find(([, other]) => other === host);
    return [
      ...(twin === undefined
        ? []
        : [
            {
              where,
              what: `${host} is already the host of ${twin[0]}`,
              allowed: 'one application a host: the edge routes by it',
              remedy: 'give one of them another host',
            },
          ]),
      ...(domain === undefined || String(host).endsWith(`.${domain}`) || host === domain
        ? []
        : [
            {
              where,
              what: `${host} is not under the domain ${domain}`,
              allowed: `hosts that end with .${domain}: one certificate and one DNS zone cover them`,
              remedy: 'change the host or the domain',
            },
          ]),
    ];
  });
}

function nodeFindings(file: string, { nodes, networks }: Partial<EnvironmentInput>): Finding[] {
  const list = Array.isArray(nodes) ? nodes : [];
  const wireguard = parseCidr(String(networks?.wireguard));
  return list.flatMap((node, index) => {
    const where = `${file}: nodes.${index}`;
    const address = parseAddress(String(node.address));
    const twins = list.slice(0, index);
    return [
      ...(['name', 'address'] as const)
        .filter((field) => twins.some((other) => other[field] === node[field]))
        .map((field) => ({
          where: `${where}.${field}`,
          what: `${node[field]} is another node's ${field} already`,
          allowed: 'each node its own name and address',
          remedy: `change the ${field}`,
        })),
      ...(address === undefined || wireguard === undefined || contains(wireguard, address)
        ? []
        : [
            {
              where: `${where}.address`,
              what: `${node.address} is outside networks.wireguard (${networks?.wireguard ?? ''})`,
              allowed: 'an address of the WireGuard network, where the Kubernetes API and the kubelets listen',
              remedy: 'change the address or the network',
            },
          ]),
    ];
  });
}

function sizeFindings(file: string, { sizes }: Partial<EnvironmentInput>): Finding[] {
  return Object.entries(sizes ?? {}).flatMap(([name, { minReplicas, maxReplicas }]) =>
    minReplicas === undefined || maxReplicas === undefined || minReplicas <= maxReplicas
      ? []
      : {
          where: `${file}: sizes.${name}`,
          what: `minReplicas ${minReplicas} is more than maxReplicas ${maxReplicas}`,
          allowed: 'at least as many at most as at least',
          remedy: 'raise maxReplicas or lower minReplicas',
        },
  );
}

/** @param strict refuses images that nothing but their tag identifies */
export function imageFindings(file: string, images: ImagesInput, strict: boolean): Finding[] {
  return Object.entries(images).flatMap(([name, { digest, withoutDigest, repository, tag }]) => {
    const where = `${file}: ${name}`;
    if (digest === undefined && withoutDigest === undefined) {
      return {
        where,
        what: `${repository}:${tag} has neither a digest nor a reason for having none`,
        allowed: 'digest (sha256:...) with the source it comes from, or withoutDigest with the reason',
        remedy: 'run npm run images -- pin where the registry can be reached, or write the reason',
      };
    }
    if (digest !== undefined && withoutDigest !== undefined) {
      return {
        where,
        what: 'it has a digest and a reason for having none',
        allowed: 'one of the two',
        remedy: 'remove withoutDigest',
      };
    }
    if (strict && digest === undefined) {
      return {
        where,
        what: `${repository}:${tag} is not pinned: ${withoutDigest ?? ''}`,
        allowed: 'with --strict, only images with a digest',
        remedy: 'run npm run images -- pin where the registry can be reached',
      };
    }
    return [];
  });
}
