/** An IPv4 network as numbers, both ends included. */
export interface AddressRange {
  readonly first: number;
  readonly last: number;
}

/** Parses an IPv4 address; undefined when it is none. */
export function parseAddress(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const octets = match.slice(1).map(Number);
  if (octets.some((octet) => octet > 255)) return undefined;
  return octets.reduce((address, octet) => address * 256 + octet, 0);
}

/** Parses `a.b.c.d/n`; undefined when it is no network, or when host bits are set. */
export function parseCidr(text: string): AddressRange | undefined {
  const [addressText = '', prefixText = ''] = text.split('/');
  const first = parseAddress(addressText);
  if (first === undefined || !/^\d{1,2}$/.test(prefixText) || text.split('/').length !== 2) return undefined;
  const prefix = Number(prefixText);
  if (prefix > 32) return undefined;
  const size = 2 ** (32 - prefix);
  return first % size === 0 ? { first, last: first + size - 1 } : undefined;
}

export function overlap(a: AddressRange, b: AddressRange): boolean {
  return a.first <= b.last && b.first <= a.last;
}

export function contains(range: AddressRange, address: number): boolean {
  return range.first <= address && address <= range.last;
}
