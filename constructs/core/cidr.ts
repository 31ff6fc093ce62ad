import net from 'node:net';

/** A block of IPv4 or IPv6 addresses. */
export interface Cidr {
  readonly family: 4 | 6;
  readonly prefix: number;
  /** The lowest address as a number. */
  readonly address: bigint;
}

/** Reads `10.42.0.0/16` or `fd00::/8`; undefined for anything else, such as an address with bits set after the prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const [, host = '', length = ''] = /^([^/%]+)\/(0|[1-9]\d*)$/.exec(text) ?? [];
  const family = net.isIP(host);
  if (family !== 4 && family !== 6) return undefined;
  const [prefix, width] = [Number(length), widthOf(family)];
  const address = family === 4 ? readIpv4(host) : readIpv6(host);
  if (prefix > width || address % 2n ** BigInt(width - prefix) !== 0n) return undefined;
  return { family, prefix, address };
}

/** The address of that number in a block of IPv4, such as 10.43.0.53 for 53 in `10.43.0.0/16`. @throws RangeError outside of it */
export function addressIn(text: string, number: number): string {
  const block = parseCidr(text);
  if (block?.family !== 4 || number < 0 || number >= 2 ** (32 - block.prefix)) {
    throw new RangeError(`${text} has no address ${number}`);
  }
  const address = Number(block.address) + number;
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}

/** True when every address of `inner` lies in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  if (outer.family !== inner.family || outer.prefix > inner.prefix) return false;
  const shift = BigInt(widthOf(outer.family) - outer.prefix);
  return outer.address >> shift === inner.address >> shift;
}

/** Blocks either share no address, or one lies in the other. */
export function overlap(a: Cidr, b: Cidr): boolean {
  return contains(a, b) || contains(b, a);
}

const widthOf = (family: 4 | 6): number => (family === 4 ? 32 : 128);

const readIpv4 = (host: string): bigint => host.split('.').reduce((sum, part) => sum * 256n + BigInt(part), 0n);

function readIpv6(host: string): bigint {
  // URL brings every spelling, also one that ends like an IPv4 address, into groups with at most one `::`.
  const [head = [], tail] = new URL(`http://[${host}]`).hostname
    .slice(1, -1)
    .split('::')
    .map((half) => half.split(':').filter((group) => group !== ''));
  const zeros = Array<string>(8 - head.length - (tail?.length ?? 0)).fill('0');
  return [...head, ...zeros, ...(tail ?? [])].reduce((sum, group) => sum * 65_536n + BigInt(`0x${group}`), 0n);
}
