import type { Finding } from '../constructs/core/error.ts';
import { contains, overlap, parseCidr } from '../constructs/core/cidr.ts';
import type { EnvironmentInput, GenerationsInput, ImagesInput } from './schema.ts';
import type { UpstreamPin } from './upstream.ts';

type Values = Readonly<Record<string, unknown>>;

/** What no single value shows: rules between values. Takes anything; what the schema refuses is left to its messages. */
export function crossFindings(file: string, input: unknown): Finding[] {
  const { networks, hosts, domain, nodes, sizes, objectStores, backups } = values(input);
  return [
    ...overlappingNetworks(file, texts(networks)),
    ...misplacedHosts(file, texts(hosts), typeof domain === 'string' ? domain : undefined),
    ...nodeFindings(file, Array.isArray(nodes) ? nodes.map(values) : [], values(networks).wireguard),
    ...sizeFindings(file, values(sizes)),
    ...backupFindings(file, values(backups), values(objectStores)),
  ];
}

function values(value: unknown): Values {
  return typeof value === 'object' && value !== null ? (value as Values) : {};
}

function texts(record: unknown): [string, string][] {
  return Object.entries(values(record)).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
}

function overlappingNetworks(file: string, networks: readonly [string, string][]): Finding[] {
  const ranges = networks.flatMap(([name, text]) => {
    const range = parseCidr(text);
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

function misplacedHosts(file: string, hosts: readonly [string, string][], domain: string | undefined): Finding[] {
  return hosts.flatMap(([name, host], index) => {
    const where = `${file}: hosts.${name}`;
    const twin = hosts.slice(0, index).find(([, other]) => other === host);
    const findings: Finding[] = [];
    if (twin !== undefined) {
      findings.push({
        where,
        what: `${host} is already the host of ${twin[0]}`,
        allowed: 'one application a host: the edge routes by it',
        remedy: 'give one of them another host',
      });
    }
    if (domain !== undefined && host !== domain && !host.endsWith(`.${domain}`)) {
      findings.push({
        where,
        what: `${host} is not under the domain ${domain}`,
        allowed: `hosts that end with .${domain}: one certificate and one DNS zone cover them`,
        remedy: 'change the host or the domain',
      });
    }
    return findings;
  });
}

function nodeFindings(file: string, nodes: readonly Values[], wireguard: unknown): Finding[] {
  const network = typeof wireguard === 'string' ? parseCidr(wireguard) : undefined;
  return nodes.flatMap((node, index) => {
    const where = `${file}: nodes.${index}`;
    const twins = nodes.slice(0, index);
    const findings: Finding[] = (['name', 'address'] as const)
      .filter((field) => node[field] !== undefined && twins.some((other) => other[field] === node[field]))
      .map((field) => ({
        where: `${where}.${field}`,
        what: `${String(node[field])} is another node's ${field} already`,
        allowed: 'each node its own name and address',
        remedy: `change the ${field}`,
      }));
    const address = typeof node.address === 'string' ? parseCidr(`${node.address}/32`) : undefined;
    if (address !== undefined && network !== undefined && !contains(network, address)) {
      findings.push({
        where: `${where}.address`,
        what: `${String(node.address)} is outside networks.wireguard (${String(wireguard)})`,
        allowed: 'an address of the WireGuard network, where the Kubernetes API and the kubelets listen',
        remedy: 'change the address or the network',
      });
    }
    return findings;
  });
}

function sizeFindings(file: string, sizes: Values): Finding[] {
  return Object.entries(sizes).flatMap(([name, size]) => {
    const { minReplicas, maxReplicas } = values(size);
    if (typeof minReplicas !== 'number' || typeof maxReplicas !== 'number' || minReplicas <= maxReplicas) return [];
    return {
      where: `${file}: sizes.${name}`,
      what: `minReplicas ${minReplicas} is more than maxReplicas ${maxReplicas}`,
      allowed: 'at least as many at most as at least',
      remedy: 'raise maxReplicas or lower minReplicas',
    };
  });
}

/** What several environments can't have at the same time, wherever they run. */
export function sharedFindings(environments: Readonly<Record<string, EnvironmentInput>>): Finding[] {
  const seen = new Map<string, string>();
  const homes = Object.entries(environments).flatMap(([name, { shares }]) =>
    shares === undefined ? [] : homeFindings(`config/environments/${name}.ts`, shares, name, environments),
  );
  const twins = Object.entries(environments).flatMap(([name, { hosts, objectStores }]) => {
    const buckets = Object.entries(values(objectStores)).map(([key, store]) => {
      const { endpoint, bucket } = values(store);
      return [`objectStores.${key}`, `${String(endpoint)}/${String(bucket)}`] as const;
    });
    const named = texts(hosts).map(([key, host]) => [`hosts.${key}`, host] as const);
    return [...named, ...buckets].flatMap(([path, what]) => {
      const other = seen.get(what);
      if (other === undefined) seen.set(what, name);
      if (other === undefined || other === name) return [];
      return {
        where: `config/environments/${name}.ts: ${path}`,
        what: `${what} is ${other}'s too`,
        allowed: path.startsWith('hosts')
          ? 'hosts of its own: a name leads to one cluster'
          : 'buckets of its own: two archives in one folder lose rows at a recovery',
        remedy: 'change it in one of the two files',
      };
    });
  });
  return [...homes, ...twins];
}

/** Whoever lives in another one's cluster lives on its nodes. */
function homeFindings(
  file: string,
  shares: string,
  name: string,
  environments: Readonly<Record<string, EnvironmentInput>>,
): Finding[] {
  const home = environments[shares];
  if (home === undefined || home.shares !== undefined) {
    const homes = Object.keys(environments).filter((each) => each !== name && environments[each]?.shares === undefined);
    return [
      {
        where: `${file}: shares`,
        what: `${shares} is no environment with a cluster of its own`,
        allowed: homes.sort().join(', '),
        remedy: 'name one of these',
      },
    ];
  }
  return (['nodes', 'networks', 'reserved'] as const)
    .filter((key) => JSON.stringify(home[key]) !== JSON.stringify(environments[name]?.[key]))
    .map((key) => ({
      where: `${file}: ${key}`,
      what: `they are not those of ${shares}, whose cluster it shares`,
      allowed: `the same: they are the cluster's`,
      remedy: `take them from ${shares}.ts`,
    }));
}

function backupFindings(file: string, backups: Values, objectStores: Values): Finding[] {
  return Object.entries(backups).flatMap(([name, backup]) => {
    const { store, offsite } = values(backup);
    const named = [
      [`backups.${name}.store`, store],
      [`backups.${name}.offsite.store`, values(offsite).store],
    ] as const;
    return named
      .filter(([, key]) => typeof key === 'string' && !Object.hasOwn(objectStores, key))
      .map(([path, key]) => ({
        where: `${file}: ${path}`,
        what: `there is no object store "${String(key)}"`,
        allowed: Object.keys(objectStores).sort().join(', '),
        remedy: 'add it to objectStores, or name one of these',
      }));
  });
}

/** Rules between the generations of each environment. Takes anything, as above. */
export function generationFindings(file: string, input: GenerationsInput): Finding[] {
  return Object.entries(values(input)).flatMap(([environment, tables]) => {
    const { generations, copies } = values(tables);
    return [
      ...recoveryFindings(`${file}: ${environment}.generations`, values(generations)),
      ...recoveryFindings(`${file}: ${environment}.copies`, values(copies)),
      ...copyFindings(`${file}: ${environment}.copies`, values(copies), values(generations)),
    ];
  });
}

/** An archive that two generations write into loses rows at a later recovery. */
function recoveryFindings(where: string, generations: Values): Finding[] {
  return Object.entries(generations).flatMap(([name, generation]) => {
    const { number, recovery } = values(generation);
    const { from } = values(recovery);
    if (typeof number !== 'number' || typeof from !== 'number' || from < number) return [];
    return {
      where: `${where}.${name}`,
      what: `generation ${number} is recovered from ${from}`,
      allowed: 'a recovery from an earlier generation: each writes an archive of its own',
      remedy: 'give number the next number that was never used; npm run recover writes it',
    };
  });
}

function copyFindings(where: string, copies: Values, generations: Values): Finding[] {
  return Object.entries(copies).flatMap(([name, copy]) => {
    const { number: used = 1 } = values(generations[name]);
    if (values(copy).number !== used) return [];
    return {
      where: `${where}.${name}`,
      what: `generation ${String(used)} is the one in use`,
      allowed: 'a number of its own: names and archive follow from it',
      remedy: 'remove the copy, or give it the next number that was never used; npm run recover writes it',
    };
  });
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

/**
 * @param images the image table, of whatever form
 * @param strict refuses what is read by a tag alone
 */
export function upstreamFindings(
  file: string,
  pins: Readonly<Record<string, UpstreamPin>>,
  images: unknown,
  strict: boolean,
): Finding[] {
  return Object.entries(pins).flatMap(([name, pin]) => {
    const where = `${file}: ${name}`;
    const others = (pin.images ?? []).flatMap((image) => {
      const { tag } = values(values(images)[image]);
      if (typeof tag === 'string' && tag.replace(/^v/, '') === pin.version.replace(/^v/, '')) return [];
      return {
        where,
        what: `it is ${pin.version}, and config/images.json has ${image} ${typeof tag === 'string' ? `at ${tag}` : 'not at all'}`,
        allowed: 'one version of what one release brings',
        remedy: 'write the same version in both',
      };
    });
    const commit = 'commit' in pin ? pin.commit : undefined;
    if (commit !== undefined && !/^[0-9a-f]{40}$/.test(commit)) {
      return [...others, { where, what: `its commit is "${commit}"`, allowed: '40 hexadecimal digits', remedy: told }];
    }
    if (!strict || !('withoutCommit' in pin)) return others;
    const what = `${pin.repository} is read by its tag ${pin.version}, which can be moved: ${pin.withoutCommit}`;
    return [...others, { where, what, allowed: 'with --strict, only commits', remedy: told }];
  });
}

const told = 'write the commit that git ls-remote REPOSITORY TAG tells in its place';
