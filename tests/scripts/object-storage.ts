import http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Version {
  readonly key: string;
  readonly body: Buffer;
  readonly modified: Date;
  /** Whether it is the mark that a deletion leaves. */
  readonly deleted?: boolean;
}

interface ObjectRequest {
  readonly method: string;
  readonly key: string;
  readonly sent: Buffer;
  /** Whether it is only to be written where there is none. */
  readonly isNew: boolean;
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
  policy: 'NoSuchBucketPolicy',
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
  /** Of a write that asks for no file to be there: who takes what was deleted for a file, who heeds it not, who knows it not. */
  conditions: 'heeded' | 'marks are files' | 'unheeded' | 'unknown' = 'heeded';
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
    const asked = this.buckets.get(name);
    if (
      headers.authorization === undefined &&
      method === 'GET' &&
      key !== '' &&
      asked !== undefined &&
      isPublic(asked)
    ) {
      return this.object(asked, { method, key: decodeURIComponent(key), sent, isNew: false }, answer, refuse);
    }
    if (headers.authorization?.includes('Credential=test/') !== true) return refuse(403, 'InvalidAccessKeyId');
    const bucket = this.buckets.get(name);
    if (bucket === undefined && method === 'PUT' && key === '' && query === '') {
      this.make(name, headers['x-amz-bucket-object-lock-enabled'] === 'true').settings.set('versioning', '');
      this.unknown = this.unknownTimes;
      return answer(200);
    }
    if (bucket === undefined || this.unknown-- > 0) return refuse(404, 'NoSuchBucket');
    if (key !== '') {
      const isNew = headers['if-none-match'] === '*';
      return this.object(bucket, { method, key: decodeURIComponent(key), sent, isNew }, answer, refuse);
    }
    if (query === 'list-type') {
      return answer(200, listOf(bucket, new URL(url, this.endpoint).searchParams));
    }
    if (query === 'versions') return answer(200, bucket.versions.map(() => '<Version></Version>').join(''));
    if (method === 'PUT' && query === 'object-lock' && !bucket.locked) return refuse(409, 'InvalidBucketState');
    const list = headers['x-amz-acl'];
    if (query === 'acl' && method === 'PUT') bucket.settings.set('acl', aclOf(String(list)));
    else if (method === 'PUT' && !this.forgets) bucket.settings.set(query, sent.toString());
    if (method === 'PUT') return answer(200);
    const set = bucket.settings.get(query);
    if (set !== undefined) return answer(200, set);
    return unset[query] === undefined ? answer(200) : refuse(404, unset[query]);
  }

  private object<Answer>(
    bucket: KeptBucket,
    { method, key, sent, isNew }: ObjectRequest,
    answer: (status: number, body?: Buffer) => Answer,
    refuse: (status: number, code: string) => Answer,
  ): Answer {
    const found = bucket.versions.findLast((each) => each.key === key);
    const isMark = found?.deleted === true;
    const isThere = found !== undefined && (!isMark || this.conditions === 'marks are files');
    if (method === 'PUT' && isNew && this.conditions === 'unknown') return refuse(501, 'NotImplemented');
    if (method === 'PUT' && isNew && isThere && this.conditions !== 'unheeded')
      return refuse(412, 'PreconditionFailed');
    if (method === 'PUT' || method === 'DELETE') {
      bucket.versions.push({ key, body: sent, modified: new Date(), deleted: method === 'DELETE' });
      return answer(method === 'PUT' ? 200 : 204);
    }
    if (found === undefined || isMark) return refuse(404, 'NoSuchKey');
    return answer(200, this.altered?.(found.body) ?? found.body);
  }
}

/** As S3 lists who may what, of the two words that B2 takes. */
function aclOf(word: string): string {
  return word === 'public-read'
    ? '<Grant><Grantee><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant>'
    : '';
}

function isPublic({ settings }: KeptBucket): boolean {
  return (
    settings.get('policy')?.includes('"Principal":"*"') === true || settings.get('acl')?.includes('AllUsers') === true
  );
}

/** A page of objects, of two, so that whoever reads one page alone is noticed. */
function listOf({ versions }: KeptBucket, query: URLSearchParams): string {
  const found = versions.filter(({ key, deleted }) => deleted !== true && key.startsWith(query.get('prefix') ?? ''));
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
