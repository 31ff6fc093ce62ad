import http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Version {
  readonly key: string;
  readonly body: Buffer;
  readonly modified: Date;
}

interface KeptBucket {
  readonly locked: boolean;
  readonly settings: Map<string, string>;
  readonly versions: Version[];
}

/** What S3 calls it that nothing is set. */
const unset: Readonly<Record<string, string>> = {
  lifecycle: 'NoSuchLifecycleConfiguration',
  'object-lock': 'ObjectLockConfigurationNotFoundError',
};

/** Buckets in memory, for the commands that make and fill them; it knows one pair of keys, by the first of the two. */
export class TestStorage {
  readonly buckets = new Map<string, KeptBucket>();
  /** Requests, as `PUT /bucket?lifecycle=`. */
  readonly asked: string[] = [];
  /** Codes with which requests are refused, by what they begin with. */
  readonly refusing = new Map<string, string>();
  /** Requests of a bucket that are answered that there is none, after it was made. */
  unknownTimes = 0;
  /** Whether settings are taken and forgotten. */
  forgets = false;
  /** What is read in the place of what was written. */
  altered: ((body: Buffer) => Buffer) | undefined;
  readonly env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test-secret' } as const;
  private readonly server: http.Server;
  private unknown = 0;

  private constructor() {
    this.server = http.createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on('data', (piece: Buffer) => pieces.push(piece));
      request.on('end', () => {
        const { status, body } = this.answer(request, Buffer.concat(pieces));
        response.writeHead(status);
        response.end(request.method === 'HEAD' ? undefined : body);
      });
    });
  }

  static async start(): Promise<TestStorage> {
    const storage = new TestStorage();
    await new Promise<void>((resolve) => storage.server.listen(0, '127.0.0.1', resolve));
    return storage;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  /** Makes one as if it had been there before. */
  make(name: string, locked = false): KeptBucket {
    const made = { locked, settings: new Map<string, string>(), versions: [] };
    this.buckets.set(name, made);
    return made;
  }

  private answer(request: http.IncomingMessage, sent: Buffer): { readonly status: number; readonly body: Buffer } {
    const { method = 'GET', url = '/', headers } = request;
    this.asked.push(`${method} ${url}`);
    const [, name = '', key = ''] = /^\/([^/?]+)\/?([^?]*)/.exec(url) ?? [];
    const [query = ''] = new URL(url, this.endpoint).searchParams.keys();
    const answer = (status: number, text: string | Buffer = '') => ({ status, body: Buffer.from(text) });
    const refuse = (status: number, code: string) =>
      answer(status, `<Error><Code>${code}</Code><Message>test</Message></Error>`);
    const refused = [...this.refusing].find(([begin]) => `${method} ${url}`.startsWith(begin));
    if (refused !== undefined) return refuse(403, refused[1]);
    if (headers.authorization?.includes('Credential=test/') !== true) return refuse(403, 'InvalidAccessKeyId');
    const bucket = this.buckets.get(name);
    if (bucket === undefined && method === 'PUT' && key === '' && query === '') {
      this.make(name, headers['x-amz-bucket-object-lock-enabled'] === 'true').settings.set('versioning', '');
      this.unknown = this.unknownTimes;
      return answer(200);
    }
    if (bucket === undefined || this.unknown-- > 0) return refuse(404, 'NoSuchBucket');
    if (key !== '') return this.object(bucket, method, decodeURIComponent(key), sent, answer, refuse);
    if (query === 'list-type') {
      return answer(200, listOf(bucket, new URL(url, this.endpoint).searchParams));
    }
    if (query === 'versions') return answer(200, bucket.versions.map(() => '<Version></Version>').join(''));
    if (method === 'PUT' && query === 'object-lock' && !bucket.locked) return refuse(409, 'InvalidBucketState');
    if (method === 'PUT' && !this.forgets) bucket.settings.set(query, sent.toString());
    if (method === 'PUT') return answer(200);
    const set = bucket.settings.get(query);
    if (set !== undefined) return answer(200, set);
    return unset[query] === undefined ? answer(200) : refuse(404, unset[query]);
  }

  private object<Answer>(
    bucket: KeptBucket,
    method: string,
    key: string,
    sent: Buffer,
    answer: (status: number, body?: Buffer) => Answer,
    refuse: (status: number, code: string) => Answer,
  ): Answer {
    if (method === 'PUT') {
      bucket.versions.push({ key, body: sent, modified: new Date() });
      return answer(200);
    }
    const found = bucket.versions.findLast((each) => each.key === key);
    if (found === undefined) return refuse(404, 'NoSuchKey');
    return answer(200, this.altered?.(found.body) ?? found.body);
  }
}

/** A page of objects, of two, so that whoever reads one page alone is noticed. */
function listOf({ versions }: KeptBucket, query: URLSearchParams): string {
  const found = versions.filter(({ key }) => key.startsWith(query.get('prefix') ?? ''));
  const from = Number(query.get('continuation-token') ?? 0);
  const listed = found
    .slice(from, from + 2)
    .map(
      ({ key, body, modified }) =>
        `<Contents><Key>${key}</Key><LastModified>${modified.toISOString()}</LastModified><Size>${body.length}</Size></Contents>`,
    );
  const next = found.length > from + 2 ? `<NextContinuationToken>${from + 2}</NextContinuationToken>` : '';
  return `<ListBucketResult>${listed.join('')}${next}</ListBucketResult>`;
}
