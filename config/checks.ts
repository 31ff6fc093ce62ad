import { contains, parseCidr } from '../constructs/core/cidr.ts';
import type { Finding } from '../constructs/core/error.ts';
import { clusterFindings } from './cluster-checks.ts';
import { logFindings } from './log-checks.ts';
import { breakGlassFindings, machineFindings } from './machine-checks.ts';
import { networkFindings, nodeFindings, overlappingNetworks, quorumFindings, reservedFindings } from './node-checks.ts';
import { repositoryFindings } from './repository-checks.ts';
import { backupFindings, bucketFindings, lockFindings, serverFindings } from './server-checks.ts';
import { statusPageFindings } from './status-page-checks.ts';
import { texts, values } from './untyped.ts';
import type { Values } from './untyped.ts';

/** What no single value shows: rules between values. Takes anything; what the schema refuses is left to its messages. */
export function crossFindings(file: string, input: unknown): Finding[] {
  const { networks, hosts, domain, sizes, objectStores, backups, repository, reserved, servers, edge, k3s } =
    values(input);
  const nodes = listOf(values(input).nodes);
  return [
    ...overlappingNetworks(file, texts(networks)),
    ...networkFindings(file, texts(networks), nodes.length),
    ...misplacedHosts(file, texts(hosts), typeof domain === 'string' ? domain : undefined),
    ...nodeFindings(file, nodes, values(networks).wireguard),
    ...quorumFindings(file, nodes),
    ...edgeFindings(file, values(edge), values(networks)),
    ...machineFindings(file, values(input)),
    ...breakGlassFindings(file, values(input)),
    ...clusterFindings(file, values(input)),
    ...reservedFindings(file, values(reserved), nodes),
    ...sizeFindings(file, values(sizes)),
    ...backupFindings(file, values(backups), values(k3s).snapshots, values(objectStores)),
    ...bucketFindings(file, values(objectStores)),
    ...lockFindings(file, values(objectStores)),
    ...logFindings(file, values(input)),
    ...statusPageFindings(file, values(input)),
    ...serverFindings(file, values(repository), values(objectStores), values(servers), values(networks)),
    ...repositoryFindings(file, values(repository)),
  ];
}

function listOf(value: unknown): Values[] {
  return Array.isArray(value) ? value.map(values) : [];
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

function sizeFindings(file: string, sizes: Values): Finding[] {
  return Object.entries(sizes).flatMap(([name, size]) => {
    const { minReplicas, maxReplicas } = values(size);
    if (typeof minReplicas !== 'number' || typeof maxReplicas !== 'number' || minReplicas <= maxReplicas) return [];
    return {
      where: `${file}: sizes.${name}`,
      what: `minReplicas ${minReplicas} is more than maxReplicas ${maxReplicas}`,
      allowed: 'a minReplicas that is not more than maxReplicas',
      remedy: 'raise maxReplicas or lower minReplicas',
    };
  });
}

/** Its word for a client's address is taken: that is an address of the network where nobody else comes. */
function edgeFindings(file: string, { loadBalancer }: Values, networks: Values): Finding[] {
  if (typeof networks.private !== 'string' || typeof loadBalancer !== 'string') return [];
  const network = parseCidr(networks.private);
  const address = parseCidr(`${loadBalancer}/32`);
  if (network === undefined || address === undefined || contains(network, address)) return [];
  return [
    {
      where: `${file}: edge.loadBalancer`,
      what: `${loadBalancer} is not in the private network ${networks.private}`,
      allowed: 'the address that the load balancer has there: it leads to the nodes by it',
      remedy: 'take the one that Hetzner shows, or that Terraform gives it',
    },
  ];
}
