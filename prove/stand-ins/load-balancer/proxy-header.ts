import net from 'node:net';

/** Both versions of the PROXY protocol, or none. */
export type ProxyVersion = 'v1' | 'v2' | 'none';

/** An end of a TCP connection. */
export interface End {
  readonly address: string;
  readonly port: number;
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

/** What stands before the first byte of a client: who it is, and whom it asked. Both are of one family. */
export function proxyHeader(version: ProxyVersion, client: End, asked: End): Buffer {
  if (version === 'none') return Buffer.alloc(0);
  const isIpv4 = net.isIPv4(client.address);
  const ends = [client.address, asked.address, client.port, asked.port];
  if (version === 'v1') return Buffer.from(`PROXY ${isIpv4 ? 'TCP4' : 'TCP6'} ${ends.join(' ')}\r\n`);
  const addresses = Buffer.concat([
    bytesOf(client.address),
    bytesOf(asked.address),
    uint16(client.port),
    uint16(asked.port),
  ]);
  // Version 2, on behalf of a client; TCP over IPv4 or IPv6.
  return Buffer.concat([signature, Buffer.from([0x21, isIpv4 ? 0x11 : 0x21]), uint16(addresses.length), addresses]);
}

function uint16(value: number): Buffer {
  return Buffer.from([value >> 8, value & 255]);
}

function bytesOf(address: string): Buffer {
  if (net.isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail] = address.split('::');
  const groups = (text: string): string[] => (text === '' ? [] : text.split(':'));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0');
  return Buffer.concat([...first, ...zeros, ...last].map((group) => uint16(Number.parseInt(group, 16))));
}
