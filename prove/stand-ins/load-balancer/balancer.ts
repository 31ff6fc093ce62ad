import http from 'node:http';
import net from 'node:net';
import { proxyHeader } from './proxy-header.ts';
import type { End, ProxyVersion } from './proxy-header.ts';

/** How a load balancer asks whether a node takes connections. */
export interface HealthCheck {
  readonly port: number;
  readonly path: string;
  readonly intervalMilliseconds: number;
  readonly timeoutMilliseconds: number;
  /** Answers of another kind in a row after which a node gets no more connections, or gets them again. */
  readonly retries: number;
}

/** A port that the world finds, and where it leads. */
export interface Listener {
  readonly address: string;
  readonly port: number;
  readonly targetPort: number;
  readonly proxy: ProxyVersion;
}

export interface Balancing {
  readonly listeners: readonly Listener[];
  /** Addresses of the nodes. */
  readonly nodes: readonly string[];
  /** What the nodes see as the peer. */
  readonly from: string;
  readonly health: HealthCheck;
}

/** A node as the last answers show it; it begins as one that takes connections. */
class Node {
  readonly address: string;
  isHealthy = true;
  private differing = 0;

  constructor(address: string) {
    this.address = address;
  }

  /** @returns whether it changed */
  heard(isHealthy: boolean, { retries }: HealthCheck): boolean {
    this.differing = isHealthy === this.isHealthy ? 0 : this.differing + 1;
    if (this.differing < retries) return false;
    this.isHealthy = isHealthy;
    this.differing = 0;
    return true;
  }
}

/**
 * Hands every connection to the next healthy node, as a provider's load balancer for TCP does: it opens nothing, repeats
 * nothing, and what runs stays where it is.
 * @returns ends it
 */
export function balance({ listeners, nodes, from, health }: Balancing, log: (line: string) => void): () => void {
  const known = nodes.map((address) => new Node(address));
  const check = (): void => {
    for (const node of known) {
      void isHealthy(node.address, from, health).then((answer) => {
        if (node.heard(answer, health)) log(`${node.address} ${answer ? 'takes connections' : 'takes none'}`);
      });
    }
  };
  const timer = setInterval(check, health.intervalMilliseconds);
  let next = 0;
  const nextNode = (): Node | undefined => {
    const healthy = known.filter((node) => node.isHealthy);
    return healthy[next++ % healthy.length];
  };
  const servers = listeners.map((listener) => {
    const { address, port, targetPort } = listener;
    const server = net.createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
      const node = nextNode();
      if (node === undefined) client.resetAndDestroy();
      else lead(client, { host: node.address, port: targetPort, localAddress: from }, listener);
    });
    return server.listen(port, address, () => log(`listening on ${address}:${port}`));
  });
  return () => {
    clearInterval(timer);
    for (const server of servers) server.close();
  };
}

function lead(client: net.Socket, to: net.TcpNetConnectOpts, { proxy, address, port }: Listener): void {
  const { remoteAddress, remotePort } = client;
  if (remoteAddress === undefined || remotePort === undefined) {
    client.destroy();
    return;
  }
  const whom: End = { address: remoteAddress, port: remotePort };
  const node = net.connect({ ...to, allowHalfOpen: true, noDelay: true });
  node.write(proxyHeader(proxy, whom, { address, port }));
  client.pipe(node);
  node.pipe(client);
  for (const [one, other] of [
    [client, node],
    [node, client],
  ] as const) {
    // A reset is passed on as one: the end of a stream would look like the end of an answer.
    one.on('error', () => other.resetAndDestroy());
  }
}

function isHealthy(
  host: string,
  localAddress: string,
  { port, path, timeoutMilliseconds }: HealthCheck,
): Promise<boolean> {
  return new Promise((resolve) => {
    const options = { host, localAddress, port, path, timeout: timeoutMilliseconds, agent: false } as const;
    const request = http.get(options, ({ statusCode = 0 }) => {
      request.destroy();
      resolve(statusCode >= 200 && statusCode < 400);
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', () => resolve(false));
  });
}
