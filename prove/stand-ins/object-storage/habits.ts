import http from 'node:http';
import type { AddressInfo } from 'node:net';

/** What stands in for what. */
export const habitsStandIn =
  'an S3 server of the proving ground for object storage, with what is known of the habits of Hetzner: old versions are not deleted there when their days have passed';

/** A request that came, and what became of it. */
export interface Asked {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly status: number;
  /** Whether it has a sum behind its body, which others than Amazon refuse or keep as a part of it. */
  readonly trailer: boolean;
}

interface Answer {
  readonly status: number;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body: Buffer;
}

/** How often a bucket that was just made is unknown to what is asked of it. */
const unknownTimes = 3;

/** Of rules of a lifecycle, what Hetzner takes of old versions. */
const takenOfLifecycles =
  /<(?!\/?(LifecycleConfiguration|Rule|ID|Filter|Prefix|Status|NoncurrentVersionExpiration|NoncurrentDays|Expiration|ExpiredObjectDeleteMarker)\b)/;

/**
 * Takes the mark away that an object was deleted, if its newest version is one. At AWS what was deleted is not there, for a write
 * that asks for that; the server takes the mark for an object (versitygw 1.8), and nobody could lock a state a second time.
 */
type Forget = (bucket: string, key: string) => void;

/**
 * Stands before an S3 server and has the habits of a provider: a bucket that was just made is unknown for some requests;
 * objects are never copied; there are no tags; no condition is met by an ETag in quotes; nobody takes a policy away; HEAD tells
 * no checksum; and of a lifecycle only the days of old versions are taken.
 */
export class Habits {
  readonly asked: Asked[] = [];
  /** Settings of buckets, such as `lifecycle`, that the server fails to take. */
  readonly failing = new Set<string>();
  private readonly unknown = new Map<string, number>();
  private readonly lifecycles = new Map<string, Buffer>();
  private readonly port: number;
  private readonly forget: Forget;
  private readonly server: http.Server;

  private constructor(port: number, forget: Forget) {
    this.port = port;
    this.forget = forget;
    this.server = http.createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => void this.respond(request, Buffer.concat(pieces), response));
    });
  }

  /** @param port of the S3 server on the loopback interface */
  static async start(port: number, forget: Forget = () => undefined): Promise<Habits> {
    const habits = new Habits(port, forget);
    await new Promise<void>((resolve) => habits.server.listen(0, '127.0.0.1', resolve));
    return habits;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  private async respond(request: http.IncomingMessage, body: Buffer, response: http.ServerResponse): Promise<void> {
    const { method = 'GET', url: path = '/' } = request;
    const answer = await this.answer(request, body).catch((error: unknown) =>
      refusal(502, 'BadGateway', String(error)),
    );
    const trailer = request.headers['x-amz-trailer'] !== undefined;
    this.asked.push({ method, path, status: answer.status, trailer });
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  }

  private async answer(request: http.IncomingMessage, body: Buffer): Promise<Answer> {
    const { method = 'GET', headers } = request;
    const { pathname, searchParams: query } = new URL(request.url ?? '/', this.endpoint);
    const [bucket = '', ...key] = pathname.slice(1).split('/');
    const ofBucket = key.join('') === '';
    const times = this.unknown.get(bucket) ?? 0;
    if (times > 0) {
      this.unknown.set(bucket, times - 1);
      return refusal(404, 'NoSuchBucket', 'The specified bucket does not exist');
    }
    if (query.has('tagging')) return refusal(501, 'NotImplemented', 'no tags here');
    if (query.has('policy') && method === 'DELETE') return refusal(403, 'AccessDenied', 'Access Denied');
    if (headers['x-amz-copy-source'] !== undefined) return refusal(500, 'InternalError', 'the copy failed');
    if ([...this.failing].some((setting) => query.has(setting)) && method === 'PUT') {
      return refusal(403, 'OperationAborted', 'a drill keeps this from being set');
    }
    if (headers['if-match']?.startsWith('"') === true) return refusal(412, 'PreconditionFailed', 'not met');
    if (query.has('lifecycle') && ofBucket) return this.lifecycle(request, bucket, body);
    if (method === 'PUT' && headers['if-none-match'] === '*') this.forget(bucket, decodeURIComponent(key.join('/')));
    const answer = await this.pass(request, body);
    if (method === 'PUT' && ofBucket && query.size === 0 && answer.status === 200)
      this.unknown.set(bucket, unknownTimes);
    return answer;
  }

  /** The server has none; who asks for one, and of what, it is asked all the same. */
  private async lifecycle(request: http.IncomingMessage, bucket: string, body: Buffer): Promise<Answer> {
    const passed = await this.pass(request, body);
    if (passed.status === 403 || passed.body.toString().includes('<Code>NoSuchBucket<')) return passed;
    const kept = this.lifecycles.get(bucket);
    if (request.method === 'PUT') {
      if (takenOfLifecycles.test(body.toString())) return refusal(400, 'MalformedXML', 'only days of old versions');
      this.lifecycles.set(bucket, body);
      return { status: 200, body: Buffer.alloc(0) };
    }
    if (kept === undefined) return refusal(404, 'NoSuchLifecycleConfiguration', 'there is none');
    return { status: 200, headers: { 'content-type': 'application/xml' }, body: kept };
  }

  /** To the server, as it came: the signature is of these headers and this host. */
  private pass(request: http.IncomingMessage, body: Buffer): Promise<Answer> {
    const { method, url: path, headers } = request;
    return new Promise((resolve, reject) => {
      const passed = http.request({ host: '127.0.0.1', port: this.port, method, path, headers }, (response) => {
        const pieces: Buffer[] = [];
        response.on('data', (piece: Buffer) => pieces.push(piece));
        response.on('end', () => {
          const told = Object.entries(response.headers).filter(
            ([name]) => method !== 'HEAD' || !name.startsWith('x-amz-checksum'),
          );
          resolve({
            status: response.statusCode ?? 502,
            headers: Object.fromEntries(told),
            body: Buffer.concat(pieces),
          });
        });
      });
      passed.on('error', reject);
      passed.end(body);
    });
  }
}

function refusal(status: number, code: string, message: string): Answer {
  const text = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body: Buffer.from(text) };
}
