import { once } from 'node:events';
import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server of HTTP on a free port of this machine, for a test to answer as somebody else would. */
export abstract class LoopbackServer {
  private readonly server = http.createServer((request, response) => void this.answer(request, response));

  async start(): Promise<void> {
    await once(this.server.listen(0, '127.0.0.1'), 'listening');
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }

  /** Such as `127.0.0.1:40000`. */
  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  protected abstract answer(request: http.IncomingMessage, response: http.ServerResponse): void | Promise<void>;
}
