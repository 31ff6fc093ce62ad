import { once } from 'node:events';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { locate, RegistryError, resolveDigest } from '../../scripts/images/registry.ts';
import type { RegistryOptions } from '../../scripts/images/registry.ts';
import { digestOf, FakeRegistry } from './registry.ts';

const manifest = '{"schemaVersion":2,"manifests":[]}';
const options: RegistryOptions = { timeoutMilliseconds: 30_000, credentials: () => undefined };
let registry: FakeRegistry;

beforeEach(async () => {
  registry = new FakeRegistry();
  await registry.start();
  registry.manifests.set('team/app:1.0', manifest);
});

afterEach(async () => {
  await registry.stop();
});

function resolve(tag = '1.0', more: Partial<RegistryOptions> = {}): Promise<string> {
  return resolveDigest(`${registry.host}/team/app`, tag, { ...options, ...more });
}

/** Lets the registry want a token, which is had at `/token`. */
function wantToken(answer: object, scope = ',scope="repository:team/app:pull,push"'): void {
  const challenge = `Bearer realm="http://${registry.host}/token",service="the registry"${scope}`;
  registry.intercept = ({ url = '', headers }, response) => {
    if (url.startsWith('/token')) response.writeHead(200).end(JSON.stringify(answer));
    else if (headers.authorization === 'Bearer secret') registry.send(response, manifest);
    else response.writeHead(401, { 'www-authenticate': challenge }).end();
  };
}

describe('where an image is asked for', () => {
  test.each([
    ['ghcr.io/example/backend', 'ghcr.io', 'https://ghcr.io', 'example/backend'],
    ['docker.io/grafana/loki', 'docker.io', 'https://registry-1.docker.io', 'grafana/loki'],
    ['docker.io/redis', 'docker.io', 'https://registry-1.docker.io', 'library/redis'],
    ['grafana/loki', 'docker.io', 'https://registry-1.docker.io', 'grafana/loki'],
    ['registry.example.com:5000/app', 'registry.example.com:5000', 'https://registry.example.com:5000', 'app'],
    ['127.0.0.1:5000/app', '127.0.0.1:5000', 'http://127.0.0.1:5000', 'app'],
    ['localhost/app', 'localhost', 'http://localhost', 'app'],
    ['127.0.0.1.example.com/app', '127.0.0.1.example.com', 'https://127.0.0.1.example.com', 'app'],
  ])('%s', (repository, host, origin, name) => {
    expect(locate(repository)).toEqual({ registry: host, origin, name });
  });
});

describe('the digest of a tag', () => {
  test('is that of what the registry sends', async () => {
    expect(await resolve()).toBe(digestOf(manifest));
  });

  test('is computed where the registry does not say it', async () => {
    registry.intercept = (_, response) =>
      response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json').end(manifest);
    expect(await resolve()).toBe(digestOf(manifest));
  });

  test('is asked for with indexes and manifests of both families', async () => {
    await resolve();
    expect(registry.requests.map(({ accept }) => accept)).toEqual([
      [
        'application/vnd.oci.image.index.v1+json',
        'application/vnd.docker.distribution.manifest.list.v2+json',
        'application/vnd.oci.image.manifest.v1+json',
        'application/vnd.docker.distribution.manifest.v2+json',
      ].join(', '),
    ]);
  });

  test('is refused when the registry says another one', async () => {
    registry.intercept = (_, response) =>
      registry.send(response, manifest, { 'docker-content-digest': digestOf('other') });
    await expect(resolve()).rejects.toThrow(
      `${registry.host} says the digest is ${digestOf('other')}, but what it sent has ${digestOf(manifest)}`,
    );
  });

  test('is refused when what comes is no manifest', async () => {
    registry.intercept = (_, response) => response.setHeader('content-type', 'text/html').end('<h1>Sign in</h1>');
    await expect(resolve()).rejects.toThrow(`${registry.host} answered text/html, which is no image manifest`);
  });

  test('is refused when more comes than a manifest may have', async () => {
    registry.intercept = (_, response) => registry.send(response, 'x'.repeat(4 * 2 ** 20 + 1));
    await expect(resolve()).rejects.toThrow('sent more than 4194304 bytes');
  });
});

describe('a registry that wants a token', () => {
  test('gives the digest for a token that anybody can have', async () => {
    wantToken({ token: 'secret' });
    expect([await resolve(), registry.requests.map(({ path }) => path)]).toEqual([
      digestOf(manifest),
      [
        '/v2/team/app/manifests/1.0',
        '/token?service=the+registry&scope=repository%3Ateam%2Fapp%3Apull%2Cpush',
        '/v2/team/app/manifests/1.0',
      ],
    ]);
  });

  test('may call it access_token and leave the scope to us', async () => {
    wantToken({ access_token: 'secret' }, '');
    await resolve();
    expect(registry.requests[1]?.path).toBe('/token?service=the+registry&scope=repository%3Ateam%2Fapp%3Apull');
  });

  test('is given the credentials where the token is, and only there', async () => {
    wantToken({ token: 'secret' });
    await resolve('1.0', { credentials: (host) => (host === registry.host ? 'dXNlcjpwYXNz' : undefined) });
    expect(registry.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      'Basic dXNlcjpwYXNz',
      'Bearer secret',
    ]);
  });

  test('is told apart from one that gives none', async () => {
    wantToken({});
    await expect(resolve()).rejects.toThrow(`${registry.host} answered without a token`);
  });

  test('may not refuse the token that it gave', async () => {
    wantToken({ token: 'another' });
    await expect(resolve()).rejects.toThrow(`${registry.host} refuses it (HTTP 401): it is private or doesn't exist`);
  });

  test('may not send us to a host without TLS', async () => {
    const challenge = 'Bearer realm="http://tokens.example.com/token"';
    registry.intercept = (_, response) => response.writeHead(401, { 'www-authenticate': challenge }).end();
    await expect(resolve('1.0', { credentials: () => 'dXNlcjpwYXNz' })).rejects.toThrow(
      'http://tokens.example.com/token, which is no https address',
    );
  });
});

test('a registry that wants a password is given it', async () => {
  registry.intercept = ({ headers }, response) => {
    if (headers.authorization === 'Basic dXNlcjpwYXNz') registry.send(response, manifest);
    else response.writeHead(401, { 'www-authenticate': 'Basic realm="here"' }).end();
  };
  expect(await resolve('1.0', { credentials: () => 'dXNlcjpwYXNz' })).toBe(digestOf(manifest));
  await expect(resolve()).rejects.toThrow(`${registry.host} wants a user and a password`);
});

test('a tag that the registry does not have is called that', async () => {
  await expect(resolve('2.0')).rejects.toThrow(`${registry.host} has no such tag`);
});

test.each([
  [403, /refuses it \(HTTP 403\)/],
  [429, /try again later/],
  [500, /answered HTTP 500/],
])('the answer %d is told', async (status, message) => {
  registry.intercept = (_, response) => response.writeHead(status).end();
  await expect(resolve()).rejects.toThrow(message);
});

test('a registry that does not answer is given up', async () => {
  registry.intercept = () => undefined;
  await expect(resolve('1.0', { timeoutMilliseconds: 100 })).rejects.toThrow('did not answer within 0.1 s');
});

test('a registry that stops in the middle of its answer is given up', async () => {
  registry.intercept = (_, response) => response.setHeader('content-type', 'text/plain').write('{');
  await expect(resolve('1.0', { timeoutMilliseconds: 100 })).rejects.toThrow('did not answer within 0.1 s');
});

test('a registry that cannot be reached is called that', async () => {
  const server = net.createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  await once(server.close(), 'close');
  await expect(resolveDigest(`${host}/app`, '1.0', options)).rejects.toThrow(
    new RegistryError(`${host} could not be reached (ECONNREFUSED)`),
  );
});
