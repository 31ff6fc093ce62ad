import net from 'node:net';
import { contains, parseCidr } from '../constructs/core/cidr.ts';
import type { Finding } from '../constructs/core/error.ts';

/** A server that is no pod of ours. */
export interface Remote {
  readonly host: string;
  readonly port: number;
}

const portRule = 'a port from 1 to 65535';

/** Of an address such as `https://s3.example:9000`; what would be right, where it is none. */
export function serviceRemote(url: string): Remote | string {
  const [, host, port] = /^https:\/\/([a-z0-9.-]+)(?::(\d+))?\/?$/.exec(url) ?? [];
  if (host === undefined) return 'the HTTPS address of an S3 service, without a path';
  return remote(host, port, 443);
}

/**
 * Of a git repository; what would be right, where the address is none. Git knows schemes in small letters only.
 * @see https://git-scm.com/docs/git-clone#_git_urls (2.53)
 */
export function repositoryRemote(url: string): Remote | string {
  if (/^[a-z]+:\/\/[^/]*:[^/]*@|^https:\/\/[^/]*@|^[^/]*:[^/@]*@/.test(url)) {
    return 'an address without credentials: they would stand in every Application';
  }
  const path = String.raw`[\w.~+%-]+(?:\/[\w.~+%-]+)*\/?`;
  const [, scheme, host, port] =
    new RegExp(String.raw`^(https|ssh):\/\/(?:[\w.-]+@)?([A-Za-z0-9.-]+)(?::(\d+))?\/~?${path}$`).exec(url) ?? [];
  if (host !== undefined) return remote(host.toLowerCase(), port, scheme === 'https' ? 443 : 22);
  const [, short] = new RegExp(String.raw`^[\w.-]+@([A-Za-z0-9.-]+):\/?${path}$`).exec(url) ?? [];
  return short === undefined
    ? 'the HTTPS or SSH address of a git repository, such as https://git.example/platform.git or git@git.example:platform.git'
    : remote(short.toLowerCase(), undefined, 22);
}

function remote(host: string, port: string | undefined, usual: number): Remote | string {
  if (!isHost(host)) return 'a host name, or an IPv4 address';
  const number = port === undefined ? usual : Number(port);
  return number >= 1 && number <= 65_535 ? { host, port: number } : portRule;
}

/** What ends with a number is read as an IPv4 address, by URL too. */
export function isHost(host: string): boolean {
  if (/(^|\.)\d+$/.test(host)) return net.isIPv4(host);
  return host.length <= 253 && host.split('.').every((label) => /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/.test(label));
}

const thisMachine = ['127.0.0.0/8', '169.254.0.0/16', '0.0.0.0/8', '224.0.0.0/3'].flatMap(
  (text) => parseCidr(text) ?? [],
);
/** Last labels of names that no public name server answers. */
const insideNames = ['local', 'internal', 'lan', 'home', 'corp', 'intranet', 'private', 'localdomain'];

/**
 * Where network policies could not follow an address that is right in itself.
 * @param where of the value
 * @param addresses that the configuration gives for it
 * @param cluster networks of pods and Services
 */
export function remoteFindings(
  where: string,
  { host }: Remote,
  addresses: readonly string[] | undefined,
  cluster: readonly string[],
): Finding[] {
  const given = addresses ?? (net.isIPv4(host) ? [`${host}/32`] : []);
  const ranges = given.flatMap((text) => parseCidr(text) ?? []);
  const own = cluster.flatMap((text) => parseCidr(text) ?? []);
  if (
    host.endsWith('.cluster.local') ||
    host.endsWith('.svc') ||
    ranges.some((range) => own.some((each) => contains(each, range)))
  ) {
    return [
      {
        where,
        what: `${host} is in the cluster: policies let pods through by their labels, not by an address`,
        allowed: 'a server outside of the cluster',
        remedy: 'declare its pods in apps/ and wire to them',
      },
    ];
  }
  if (host === 'localhost' || ranges.some((range) => thisMachine.some((each) => contains(each, range)))) {
    return [
      {
        where,
        what: `${host} leads each pod to itself, to its node or to nobody`,
        allowed: 'a server that all pods reach by the same address',
        remedy: 'change the value',
      },
    ];
  }
  const inside = !host.includes('.') || insideNames.includes(host.split('.').at(-1) ?? '');
  if (!inside || addresses !== undefined) return [];
  return [
    {
      where,
      what: `${host} is no public name, and pods reach private addresses only where a policy names them`,
      allowed: 'a public name, an IPv4 address, or addresses beside it',
      remedy: `add addresses: ['10.10.0.5/32'] with those of ${host}`,
    },
  ];
}
