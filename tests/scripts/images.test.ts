import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import { dockerCredentials } from '../../scripts/images/credentials.ts';
import { imagesCommand } from '../../scripts/images/command.ts';
import { digestOf, FakeRegistry } from './registry.ts';

const manifest = '{"schemaVersion":2,"manifests":[]}';
const digest = digestOf(manifest);
let registry: FakeRegistry;
let root: string;

beforeEach(async () => {
  registry = new FakeRegistry();
  await registry.start();
  registry.manifests.set('team/app:1.0', manifest);
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-images-'));
  fs.mkdirSync(path.join(root, 'config'));
});

afterEach(async () => {
  fs.rmSync(root, { recursive: true });
  await registry.stop();
});

const told = { source: 'release notes', date: '2026-01-02' };
const none = 'no registry could be reached';

/** An image without a digest. */
function unpinned(name: string): object {
  return { repository: `${registry.host}/${name}`, tag: '1.0', withoutDigest: none, ...told };
}

/** An image with a digest. */
function pinned(name: string, its: string): object {
  return { repository: `${registry.host}/${name}`, tag: '1.0', digest: its, ...told };
}

function write(images: object): void {
  fs.writeFileSync(path.join(root, 'config/images.json'), `${JSON.stringify(images, null, 2)}\n`);
}

function read(): string {
  return fs.readFileSync(path.join(root, 'config/images.json'), 'utf8');
}

async function run(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const texts = { stdout: '', stderr: '' };
  const context = { root, now: new Date('2026-11-23T10:00:00Z'), dockerFolder: root, timeoutMilliseconds: 30_000 };
  const code = await imagesCommand(context, args, {
    stdout: { write: (text) => (texts.stdout += text) },
    stderr: { write: (text) => (texts.stderr += text) },
  });
  return { code, ...texts };
}

describe('npm run images', () => {
  test('lists every image, with the beginning of its digest or the reason for none', async () => {
    write({
      app: { ...pinned('team/app', digest), repository: 'ghcr.io/team/app' },
      other: { ...unpinned('other'), repository: 'ghcr.io/other' },
    });
    expect((await run()).stdout.split('\n')).toEqual([
      'name   repository        tag  digest                              source         date',
      `app    ghcr.io/team/app  1.0  ${digest.slice(0, 19)}                 release notes  2026-01-02`,
      'other  ghcr.io/other     1.0  none: no registry could be reached  release notes  2026-01-02',
      '',
    ]);
  });

  test('says that there is no table', async () => {
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^config\/images\.json: ENOENT/) as string,
    });
  });

  test('refuses a table that is no JSON', async () => {
    fs.writeFileSync(path.join(root, 'config/images.json'), '{');
    expect(await run()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^config\/images\.json: .*JSON/) as string,
    });
  });

  test('refuses a table that is not as it should be', async () => {
    write({ app: { ...unpinned('team/app'), tag: 'latest' } });
    expect(await run()).toMatchObject({ code: 1, stderr: expect.stringContaining('app.tag: got "latest"') as string });
  });

  test.each([[['paint']], [['check', 'app']], [['check', '--update']], [['--update']], [['pin', '--force']]])(
    'called with %j it tells how it is called',
    async (args) => {
      write({});
      expect(await run(...args)).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('\n\nnpm run images --') as string,
      });
    },
  );
});

describe('npm run images -- check', () => {
  test('is content when every image is pinned', async () => {
    write({ app: pinned('team/app', digest) });
    expect(await run('check')).toEqual({ code: 0, stdout: 'all 1 images are pinned\n', stderr: '' });
  });

  test('names every image that is not', async () => {
    write({ app: pinned('team/app', digest), one: unpinned('one'), two: unpinned('two') });
    const { code, stderr } = await run('check');
    expect([code, [...stderr.matchAll(/^config\/images\.json: (\w+)/gm)].map(([, name]) => name)]).toEqual([
      1,
      ['one', 'two'],
    ]);
  });
});

describe('npm run images -- dates', () => {
  const until = (supportedUntil: string): object => ({ ...pinned('team/app', digest), supportedUntil });

  test('is content while the makers mend what is used', async () => {
    write({ app: until('2027-09-30'), other: pinned('team/app', digest) });
    expect(await run('dates')).toMatchObject({
      code: 0,
      stdout: '1 of 2 images have a day, and none is past it\n',
    });
  });

  test('tells 90 days before', async () => {
    write({ app: until('2027-02-21') });
    expect(await run('dates')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('app 1.0: its makers mend nothing from 2027-02-21 on') as string,
    });
  });

  test('refuses an image from its day on', async () => {
    write({ app: until('2026-11-23') });
    const { code, stderr } = await run('dates');
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('app: its makers mend nothing in 1.0 since 2026-11-23'),
    ]);
  });
});

describe('npm run images -- pin', () => {
  test('writes the digest in the place of the reason, where it comes from and when', async () => {
    write({ app: unpinned('team/app') });
    expect((await run('pin')).code).toBe(0);
    expect(read()).toBe(`{
  "app": {
    "repository": "${registry.host}/team/app",
    "tag": "1.0",
    "digest": "${digest}",
    "source": "registry ${registry.host}",
    "date": "2026-11-23"
  }
}
`);
  });

  test('pins what it can, leaves the others as they are, and exits with 1', async () => {
    const [first, last] = [unpinned('missing'), pinned('team/other', digestOf('other'))];
    write({ first, app: unpinned('team/app'), last });
    const { code, stdout, stderr } = await run('pin');
    expect([code, stderr]).toEqual([
      1,
      `failed     first  ${registry.host}/missing:1.0: ${registry.host} has no such tag\n`,
    ]);
    expect(stdout).toMatch(/^pinned {5}app .*\nnot asked {2}last .*\nconfig\/images\.json written; npm run synth/);
    const after = JSON.parse(read()) as Record<string, { digest?: string }>;
    expect(after).toEqual({ first, app: expect.objectContaining({ digest }) as object, last });
    expect(Object.keys(after)).toEqual(['first', 'app', 'last']);
  });

  test('leaves the file byte for byte when no registry can be reached, however it is written', async () => {
    const text = JSON.stringify({ app: unpinned('team/app') });
    fs.writeFileSync(path.join(root, 'config/images.json'), text);
    registry.intercept = (request) => request.socket.destroy();
    const { code, stdout, stderr } = await run('pin');
    expect([code, stdout, read()]).toEqual([1, 'config/images.json left as it is\n', text]);
    expect(stderr).toMatch(/^failed .* could not be reached \(.+\)\n$/);
  });

  test('asks only for the images that are named', async () => {
    registry.manifests.set('one:1.0', manifest);
    write({ one: unpinned('one'), two: unpinned('two') });
    await run('pin', 'one');
    expect(registry.requests.map(({ path: asked }) => asked)).toEqual(['/v2/one/manifests/1.0']);
  });

  test('refuses a name that the table does not have, and asks nobody', async () => {
    write({ app: unpinned('team/app') });
    const { code, stderr } = await run('pin', 'app', 'toString');
    expect([code, stderr.split('\n')[0], registry.requests]).toEqual([
      1,
      'config/images.json: there is no "toString"',
      [],
    ]);
  });

  test('does not ask for an image that has a digest', async () => {
    write({ app: pinned('team/app', digestOf('before')) });
    await run('pin', 'app');
    expect(registry.requests).toEqual([]);
  });

  test('tells loudly with --update that a tag was moved', async () => {
    write({ app: pinned('team/app', digestOf('before')) });
    const { code, stderr } = await run('pin', '--update');
    expect([code, stderr.split('\n')[0], read().includes(digest)]).toEqual([
      0,
      `TAG MOVED  app  ${registry.host}/team/app:1.0 was ${digestOf('before')}, is ${digest}`,
      true,
    ]);
  });

  test('leaves the file byte for byte with --update when no tag was moved', async () => {
    write({ app: pinned('team/app', digest) });
    const before = read();
    expect([(await run('pin', '--update')).stdout, read()]).toEqual([
      `unchanged  app  ${registry.host}/team/app:1.0@${digest}\nconfig/images.json left as it is\n`,
      before,
    ]);
  });

  test('does not write over a change that somebody made meanwhile', async () => {
    write({ app: unpinned('team/app') });
    const theirs = '{}\n';
    registry.intercept = (_, response) => {
      fs.writeFileSync(path.join(root, 'config/images.json'), theirs);
      registry.send(response, manifest);
    };
    const { code, stderr } = await run('pin');
    expect([code, read(), stderr]).toEqual([
      1,
      theirs,
      expect.stringContaining('changed while the registries were asked'),
    ]);
  });
});

describe('credentials', () => {
  function login(config: object | string): (host: string) => string | undefined {
    fs.writeFileSync(path.join(root, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config));
    return dockerCredentials(root);
  }

  test('are those that docker login left', () => {
    expect(login({ auths: { 'ghcr.io': { auth: 'dTpw' } } })('ghcr.io')).toBe('dTpw');
  });

  test('of Docker Hub stand under its old address', () => {
    expect(login({ auths: { 'https://index.docker.io/v1/': { auth: 'dTpw' } } })('docker.io')).toBe('dTpw');
  });

  test('are none where a helper keeps them, or nobody logged in', () => {
    const find = login({ credsStore: 'desktop', auths: { 'ghcr.io': {} } });
    expect([find('ghcr.io'), find('quay.io'), dockerCredentials(path.join(root, 'missing'))('ghcr.io')]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  test('are not shown when their file is no JSON', () => {
    expect(() => login('{"auths": "dTpw')).toThrow(
      new InputError({
        where: path.join(root, 'config.json'),
        what: 'it is no JSON',
        allowed: 'the JSON that docker login writes',
        remedy: 'correct or remove it',
      }),
    );
  });
});
