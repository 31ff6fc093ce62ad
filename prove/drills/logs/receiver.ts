import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** An alert that came, in the words of Alertmanager's API. */
export interface Received {
  readonly at: Date;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Takes alerts as Alertmanager does. */
export class Receiver {
  readonly received: Received[] = [];
  private readonly server: http.Server;

  private constructor() {
    this.server = http.createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const known = request.method === 'POST' && request.url === '/api/v2/alerts';
        if (known) {
          const alerts = JSON.parse(Buffer.concat(pieces).toString()) as readonly Omit<Received, 'at'>[];
          this.received.push(...alerts.map(({ labels, annotations }) => ({ at: new Date(), labels, annotations })));
        }
        response.writeHead(known ? 200 : 404).end();
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }
}
