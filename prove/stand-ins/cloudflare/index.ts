import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands in for what. */
export const standIn =
  "a provider of the proving ground for Cloudflare's, with those attributes of a record that are used, and a small server for Cloudflare's API";

type Body = Readonly<Record<string, unknown>>;

/** A record of DNS as the API shows it. */
export interface DnsRecord extends Body {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly ttl: number;
  readonly proxied: boolean;
}

interface CaaData {
  readonly flags: number;
  readonly tag: string;
  readonly value: string;
}

class Refusal extends Error {
  readonly status: number;
  readonly code: number;

  constructor(status: number, code: number, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Cloudflare's API on the loopback interface, in memory: records of one zone. */
export class Cloudflare {
  readonly token = 'c'.repeat(40);
  readonly zone = '0123456789abcdef0123456789abcdef';
  /** By their numbers. */
  readonly records = new Map<string, DnsRecord>();
  /** Requests that wanted to change something. */
  changes = 0;
  private made = 0;
  private readonly server: http.Server;

  private constructor() {
    this.server = http.createServer((request, response) => {
      let text = '';
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece));
      request.on('end', () => this.respond(request, text, response));
    });
  }

  static async start(): Promise<Cloudflare> {
    const cloudflare = new Cloudflare();
    await new Promise<void>((resolve) => cloudflare.server.listen(0, '127.0.0.1', resolve));
    return cloudflare;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/client/v4`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  /** What somebody makes beside Terraform. @throws Error where the API would refuse it */
  add(body: Body): DnsRecord {
    const id = (++this.made).toString(16).padStart(32, '0');
    return this.keep(id, body);
  }

  private respond(request: http.IncomingMessage, text: string, response: http.ServerResponse): void {
    const send = (status: number, answer: Body): void => {
      response.writeHead(status, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ messages: [], ...answer }));
    };
    try {
      const body = text === '' ? {} : (JSON.parse(text) as Body);
      const { method = 'GET', url = '/', headers } = request;
      send(200, { success: true, errors: [], result: this.answer(method, url, headers.authorization ?? '', body) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, code, message } = error;
      send(status, { success: false, errors: [{ code, message }], result: null });
    }
  }

  private answer(method: string, url: string, authorization: string, body: Body): unknown {
    if (authorization !== `Bearer ${this.token}`) throw new Refusal(403, 10_000, 'Authentication error');
    const [, zone, id] = /^\/client\/v4\/zones\/([^/]+)\/dns_records(?:\/([^/]+))?$/.exec(url) ?? [];
    if (zone !== this.zone) throw new Refusal(404, 7003, 'Could not route to that zone');
    if (method !== 'GET') this.changes += 1;
    if (id === undefined) return method === 'POST' ? this.add(body) : [...this.records.values()];
    if (!this.records.has(id)) throw new Refusal(404, 81_044, 'Record does not exist.');
    switch (method) {
      case 'PUT':
        return this.keep(id, body);
      case 'DELETE':
        this.records.delete(id);
        return { id };
      default:
        return this.records.get(id);
    }
  }

  private keep(id: string, body: Body): DnsRecord {
    const { name, type, ttl = 1, proxied = false, comment = null, data } = body;
    if (typeof name !== 'string' || typeof type !== 'string') throw new Refusal(400, 9000, 'DNS name is invalid.');
    if (typeof ttl !== 'number' || (ttl !== 1 && (ttl < 60 || ttl > 86_400))) {
      throw new Refusal(400, 9021, 'Invalid TTL. Must be between 60 and 86400 seconds, or 1 for Automatic.');
    }
    const { flags, tag, value } = (data ?? {}) as Partial<CaaData>;
    const content = type === 'CAA' ? `${flags ?? ''} ${tag ?? ''} "${value ?? ''}"` : body.content;
    if (typeof content !== 'string' || content === '')
      throw new Refusal(400, 9005, 'Content for the record is invalid.');
    const twin = [...this.records.values()].find(
      (other) => other.id !== id && other.name === name && other.type === type && other.content === content,
    );
    if (twin !== undefined) throw new Refusal(400, 81_058, 'An identical record already exists.');
    const now = new Date().toISOString();
    const created_on = this.records.get(id)?.created_on ?? now;
    const record: DnsRecord = {
      ...{ id, name, type, content, ttl, proxied: proxied === true, comment, created_on, modified_on: now },
      ...(type === 'CAA' ? { data: { flags, tag, value } } : {}),
    };
    this.records.set(id, record);
    return record;
  }
}
