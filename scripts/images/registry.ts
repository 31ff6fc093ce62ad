import { createHash } from 'node:crypto';

/** Why a digest could not be had, in words that follow the name of the image. */
export class RegistryError extends Error {}

export interface RegistryOptions {
  /** How long one request may take, its body included. */
  readonly timeoutMilliseconds: number;
  /** User and password of a registry as HTTP Basic encodes them; undefined asks as nobody. */
  readonly credentials: (registry: string) => string | undefined;
}

/** Where an image is asked for. */
export interface ImageLocation {
  /** As people write it, such as `docker.io`. */
  readonly registry: string;
  /** Such as `https://registry-1.docker.io`. */
  readonly origin: string;
  /** Such as `library/redis`. */
  readonly name: string;
}

const mediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** The distribution specification lets registries refuse larger manifests. */
const largestBody = 4 * 2 ** 20;

/** A repository without a host is Docker Hub's, and one without a namespace there is in `library/`. */
export function locate(repository: string): ImageLocation {
  const slash = repository.indexOf('/');
  const first = repository.slice(0, Math.max(slash, 0));
  const isHost = /[.:]/.test(first) || first === 'localhost';
  const registry = isHost ? first : 'docker.io';
  const name = isHost ? repository.slice(slash + 1) : repository;
  if (registry !== 'docker.io') return { registry, origin: originOf(registry), name };
  return { registry, origin: originOf('registry-1.docker.io'), name: name.includes('/') ? name : `library/${name}` };
}

function originOf(host: string): string {
  return `${isLoopback(new URL(`https://${host}`).hostname) ? 'http' : 'https'}://${host}`;
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || /^127(\.\d+){3}$/.test(hostname);
}

/**
 * The digest of a tag: of the image index where there is one, else of the manifest. It is computed from the manifest
 * itself and has to be what the registry says.
 * @throws RegistryError
 */
export async function resolveDigest(repository: string, tag: string, options: RegistryOptions): Promise<string> {
  const { registry, origin, name } = locate(repository);
  const url = new URL(`${origin}/v2/${name}/manifests/${tag}`);
  const accept = { accept: mediaTypes.join(', ') };
  let response = await request(url, accept, options);
  if (response.status === 401) {
    const challenge = response.headers.get('www-authenticate') ?? '';
    const authorization = await authorize(challenge, { registry, name, origin }, options);
    response = await request(url, { ...accept, authorization }, options);
  }
  if (response.status === 404) throw new RegistryError(`${registry} has no such tag`);
  if (response.status !== 200) throw new RegistryError(refusal(registry, response.status, registry));
  const type = response.headers.get('content-type')?.split(';')[0]?.trim() ?? 'nothing';
  if (!mediaTypes.includes(type)) throw new RegistryError(`${registry} answered ${type}, which is no image manifest`);
  const computed = `sha256:${createHash('sha256').update(response.body).digest('hex')}`;
  const stated = response.headers.get('docker-content-digest');
  if (stated === null || stated === computed) return computed;
  throw new RegistryError(`${registry} says the digest is ${stated}, but what it sent has ${computed}`);
}

function refusal(host: string, status: number, registry: string): string {
  if (status === 401 || status === 403) {
    return `${host} refuses it (HTTP ${status}): it is private or doesn't exist; docker login ${registry} may help`;
  }
  if (status === 429) return `${host} answers no more for now (HTTP 429): try again later`;
  return `${host} answered HTTP ${status}`;
}

/** The header that answers a registry's challenge. */
async function authorize(challenge: string, location: ImageLocation, options: RegistryOptions): Promise<string> {
  const { registry, name } = location;
  const credentials = options.credentials(registry);
  const parameters = /\bBearer\s+(.*)/i.exec(challenge)?.[1];
  if (parameters === undefined) {
    if (credentials !== undefined && /\bBasic\b/i.test(challenge)) return `Basic ${credentials}`;
    throw new RegistryError(`${registry} wants a user and a password (docker login ${registry} without a helper)`);
  }
  const fields = new Map([...parameters.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value]));
  const url = tokenUrl(fields.get('realm'), location);
  const service = fields.get('service');
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', fields.get('scope') ?? `repository:${name}:pull`);
  const answer = await request(
    url,
    credentials === undefined ? {} : { authorization: `Basic ${credentials}` },
    options,
  );
  if (answer.status !== 200) throw new RegistryError(refusal(url.host, answer.status, registry));
  return `Bearer ${tokenOf(answer.body, url)}`;
}

function tokenUrl(realm: string | undefined, { registry, origin }: ImageLocation): URL {
  const url = URL.canParse(realm ?? '') ? new URL(realm ?? '') : undefined;
  const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url.hostname));
  // A registry that is itself asked without TLS may send us to its own host without TLS, no other may.
  if (url !== undefined && isSafe && (url.protocol === 'https:' || origin.startsWith('http:'))) return url;
  throw new RegistryError(`${registry} sends for a token to ${realm ?? 'nowhere'}, which is no https address`);
}

function tokenOf(body: Buffer, { host }: URL): string {
  try {
    const { token, access_token } = JSON.parse(body.toString()) as { token?: unknown; access_token?: unknown };
    if (typeof token === 'string') return token;
    if (typeof access_token === 'string') return access_token;
  } catch {
    // Said below: whatever it is, it is no token.
  }
  throw new RegistryError(`${host} answered without a token`);
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

async function request(url: URL, headers: Record<string, string>, options: RegistryOptions): Promise<Answer> {
  const { timeoutMilliseconds } = options;
  try {
    const signal = AbortSignal.timeout(timeoutMilliseconds);
    const response = await fetch(url, { headers, signal });
    if (url.protocol === 'https:' && new URL(response.url).protocol !== 'https:') {
      throw new RegistryError(`${url.host} redirects to ${response.url}, which is no https address`);
    }
    return { status: response.status, headers: response.headers, body: await bodyOf(response, url) };
  } catch (error) {
    if (error instanceof RegistryError) throw error;
    const { name, message, cause } = error as { name: string; message: string; cause?: { code?: string } };
    if (name === 'TimeoutError')
      throw new RegistryError(`${url.host} did not answer within ${timeoutMilliseconds / 1000} s`);
    throw new RegistryError(`${url.host} could not be reached (${cause?.code ?? message})`);
  }
}

async function bodyOf(response: Response, { host }: URL): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of response.body ?? []) {
    const bytes = chunk as Uint8Array;
    length += bytes.length;
    if (length > largestBody) throw new RegistryError(`${host} sent more than ${largestBody} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}
