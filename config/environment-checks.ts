import { inspect } from 'node:util';
import type { Finding } from '../constructs/core/error.ts';
import { repositoryRemote } from './remote.ts';
import { bucketOf } from './server-checks.ts';
import type { EnvironmentInput } from './schema.ts';
import { texts, values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** What several environments can't have at the same time, wherever they run. */
export function sharedFindings(environments: Readonly<Record<string, EnvironmentInput>>): Finding[] {
  const seen = new Map<string, string>();
  const homes = Object.entries(environments).flatMap(([name, environment]) => {
    const { shares } = values(environment);
    return typeof shares === 'string' ? homeFindings(`config/environments/${name}.ts`, shares, name, environments) : [];
  });
  const twins = Object.entries(environments).flatMap(([name, environment]) =>
    ownOf(environment).flatMap(({ path, what, allowed }) => {
      const other = seen.get(what);
      if (other === undefined) seen.set(what, name);
      if (other === undefined || other === name) return [];
      return {
        where: `config/environments/${name}.ts: ${path}`,
        what: `${what} is ${other}'s too`,
        allowed,
        remedy: 'change it in one of the two files',
      };
    }),
  );
  return [...homes, ...twins];
}

/** What an environment has to itself. */
function ownOf(environment: unknown): { readonly path: string; readonly what: string; readonly allowed: string }[] {
  const { hosts, objectStores, nodes, shares } = values(environment);
  const buckets = Object.entries(values(objectStores)).flatMap(([key, store]) =>
    bucketOf(store) === undefined
      ? []
      : {
          path: `objectStores.${key}`,
          what: `the bucket ${bucketOf(store)}`,
          allowed: 'buckets of its own: two archives in one folder lose rows at a recovery',
        },
  );
  const addresses = (Array.isArray(nodes) && shares === undefined ? nodes : []).flatMap((node, index) => {
    const { address } = values(node);
    const path = `nodes.${index}.address`;
    const allowed = 'machines of its own, or shares with the name of the environment whose cluster it lives in';
    return typeof address === 'string' ? { path, what: address, allowed } : [];
  });
  const named = texts(hosts).map(([key, host]) => ({
    path: `hosts.${key}`,
    what: host,
    allowed: 'hosts of its own: a name leads to one cluster',
  }));
  return [...named, ...buckets, ...addresses];
}

/** JSON would neither show all values nor end at a circle. */
const deep = { depth: Infinity };

/** Whoever lives in another one's cluster lives on its nodes. */
function homeFindings(
  file: string,
  shares: string,
  name: string,
  environments: Readonly<Record<string, EnvironmentInput>>,
): Finding[] {
  const home = Object.hasOwn(environments, shares) ? environments[shares] : undefined;
  if (typeof home !== 'object' || values(home).shares !== undefined) {
    const homes = Object.keys(environments).filter(
      (each) => each !== name && values(environments[each]).shares === undefined,
    );
    return [
      {
        where: `${file}: shares`,
        what: `${shares} is no environment with a cluster of its own`,
        allowed: homes.sort().join(', ') || 'none yet: there is no other environment',
        remedy: 'name one of these',
      },
    ];
  }
  const own = environments[name];
  const different = [
    ...(['nodes', 'networks', 'clusterDns', 'reserved', 'hetzner', 'observability'] as const).filter(
      (key) => inspect(values(home)[key], deep) !== inspect(values(own)[key], deep),
    ),
    ...(inspect(serverOf(home), deep) === inspect(serverOf(own), deep) ? [] : ['repository']),
    ...issuerDifferences(values(home), values(own)),
  ];
  return different.map((key) => ({
    where: `${file}: ${key}`,
    what: `they are not those of ${shares}, whose cluster it shares`,
    allowed: `the same: they are the cluster's`,
    remedy: `take them from ${shares}.ts`,
  }));
}

/** Who orders certificates is the cluster's, and so are the names that it may order for. */
function issuerDifferences(home: Values, own: Values): readonly string[] {
  if (own.edge === undefined) return [];
  const [theirs, ours] = [values(home.edge), values(own.edge)];
  const below = own.domain === home.domain || String(own.domain).endsWith(`.${String(home.domain)}`);
  return [
    ...['dns', 'certificates'].filter((key) => theirs[key] !== ours[key]).map((key) => `edge.${key}`),
    ...(below ? [] : ['domain']),
  ];
}

/** Argo CD is the cluster's: it reaches and knows one server of repositories. */
function serverOf(environment: unknown): readonly unknown[] {
  const { url, addresses, hostKeys, certificates } = values(values(environment).repository);
  return [typeof url === 'string' ? repositoryRemote(url) : url, addresses, hostKeys, certificates];
}
