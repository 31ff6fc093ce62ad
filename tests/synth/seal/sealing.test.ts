import { createPrivateKey, createPublicKey } from 'node:crypto';
import { load } from 'js-yaml';
import type { SecretInventoryEntry } from '../../../constructs/core/secret.ts';
import type { Outcome } from './fixture.ts';
import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'controller');
const cert = ['--cert', pair.cert];
const privateKey = ['--private-key', pair.key];
const ok = (out: string): Outcome => ({ code: 0, err: '', out });

const everyKind = entry('backend', {
  type: 'kubernetes.io/basic-auth',
  keys: {
    username: { kind: 'fixed', value: 'backend-user' },
    password: { kind: 'random', bytes: 24, encoding: 'base64url' },
    salt: { kind: 'random', bytes: 16, encoding: 'hex' },
    'jwt.pem': { kind: 'rsa', bits: 2048, publicKey: 'jwt.pub' },
    'sign.pem': { kind: 'ed25519', publicKey: 'sign.pub' },
  },
  copies: copiesIn('shop', 'data'),
});

describe('one run over a new inventory', () => {
  const repository = new Repository(everyKind);
  let first: Outcome;
  let values: Record<string, string | null>;

  beforeAll(async () => {
    first = await repository.run(cert);
    values = repository.values(pair, 'shop', 'backend');
  });

  test('writes one file a copy and says so', () => {
    expect(first).toEqual(
      ok('wrote secrets/production/data/backend.yaml\nwrote secrets/production/shop/backend.yaml\n'),
    );
  });

  test('writes a SealedSecret of strict scope with sorted keys, its type and no labels', () => {
    const manifest = load(repository.secrets()['production/shop/backend.yaml']!) as Record<
      string,
      Record<string, object>
    >;
    const { encryptedData, ...rest } = manifest.spec!;
    expect({ ...manifest, spec: rest, keys: Object.keys(encryptedData!) }).toEqual({
      apiVersion: 'bitnami.com/v1alpha1',
      kind: 'SealedSecret',
      metadata: {
        name: 'backend',
        namespace: 'shop',
        annotations: {
          'diptych/fixed': expect.stringMatching(/^{"username":"[0-9a-f]{16}"}$/) as unknown,
          'diptych/sealed-on':
            '{"jwt.pem":"2026-11-23","jwt.pub":"2026-11-23","password":"2026-11-23","salt":"2026-11-23",' +
            '"sign.pem":"2026-11-23","sign.pub":"2026-11-23","username":"2026-11-23"}',
          'diptych/sealed-with': expect.stringMatching(/^[0-9a-f]{16}$/) as unknown,
        },
      },
      spec: { template: { metadata: { name: 'backend', namespace: 'shop' }, type: 'kubernetes.io/basic-auth' } },
      keys: ['jwt.pem', 'jwt.pub', 'password', 'salt', 'sign.pem', 'sign.pub', 'username'],
    });
  });

  test('generates random bytes in the encoding asked for', () => {
    expect([values.password, values.salt]).toEqual([
      expect.stringMatching(/^[A-Za-z0-9_-]{32}$/),
      expect.stringMatching(/^[0-9a-f]{32}$/),
    ]);
  });

  test('seals a fixed value as it is', () => {
    expect(values.username).toBe('backend-user');
  });

  test.each([
    ['jwt.pem', 'jwt.pub', 'rsa'],
    ['sign.pem', 'sign.pub', 'ed25519'],
  ])('generates %s in PKCS8 with its public half in %s', (key, publicKey, type) => {
    const pem = createPublicKey(values[key]!).export({ format: 'pem', type: 'spki' });
    expect([values[key]!.split('\n')[0], createPrivateKey(values[key]!).asymmetricKeyType, pem]).toEqual([
      '-----BEGIN PRIVATE KEY-----',
      type,
      values[publicKey],
    ]);
  });

  test('seals the same values for all copies, each under its own label', () => {
    expect(repository.values(pair, 'data', 'backend')).toEqual(values);
  });

  test('leaves no value in any file and in no output', () => {
    const written = JSON.stringify([repository.secrets(), first]);
    const words = Object.values(values)
      .flatMap((value) => value!.split('\n'))
      .filter((line) => line.length > 11 && !line.startsWith('-----'));
    const forms = words.flatMap((word) => [word, Buffer.from(word).toString('base64').replace(/=+$/, '')]);
    expect([forms.length > 30, forms.filter((form) => written.includes(form))]).toEqual([true, []]);
  });

  test('changes not one byte when it runs again, even later', async () => {
    const before = repository.secrets();
    const again = await repository.run(cert, { now: '2028-01-01' });
    expect([again, repository.secrets()]).toEqual([ok('nothing to seal\n'), before]);
  });

  test('leaves no temporary file', () => {
    expect(Object.keys(repository.secrets())).toEqual(['production/data/backend.yaml', 'production/shop/backend.yaml']);
  });
});

describe('a later run', () => {
  let repository: Repository;
  let before: Record<string, string | null>;
  const withKeys = (keys: SecretInventoryEntry['keys'], ...namespaces: string[]): SecretInventoryEntry =>
    entry('backend', { keys: { ...entry('').keys, ...keys }, copies: copiesIn(...namespaces) });

  beforeEach(async () => {
    repository = new Repository(withKeys({}, 'shop'));
    await repository.run(cert, { now: '2026-01-01' });
    before = repository.values(pair, 'shop', 'backend');
  });

  const ciphertexts = (namespace = 'shop'): Record<string, string> =>
    (
      load(repository.secrets()[`production/${namespace}/backend.yaml`]!) as {
        spec: { encryptedData: Record<string, string> };
      }
    ).spec.encryptedData;

  test('only adds a new key', async () => {
    const { password } = ciphertexts();
    repository.inventory = [withKeys({ token: { kind: 'random', bytes: 8, encoding: 'hex' } }, 'shop')];
    await repository.run(cert);
    expect(ciphertexts()).toEqual({ password, token: expect.any(String) as unknown });
  });

  test('keeps the date of the old key beside that of the new one', async () => {
    repository.inventory = [withKeys({ token: { kind: 'random', bytes: 8, encoding: 'hex' } }, 'shop')];
    await repository.run(cert);
    expect(repository.secrets()['production/shop/backend.yaml']).toContain(
      '{"password":"2026-01-01","token":"2026-11-23"}',
    );
  });

  test('opens an existing copy with the private key to seal the same value for a new one', async () => {
    repository.inventory = [withKeys({}, 'shop', 'data')];
    await repository.run([...cert, ...privateKey]);
    expect(repository.values(pair, 'data', 'backend')).toEqual(before);
  });

  test('gives the new copy the date of the value', async () => {
    repository.inventory = [withKeys({}, 'shop', 'data')];
    await repository.run([...cert, ...privateKey]);
    expect(repository.secrets()['production/data/backend.yaml']).toContain('{"password":"2026-01-01"}');
  });

  test('leaves the existing copy when it seals a new one', async () => {
    const copy = repository.secrets()['production/shop/backend.yaml'];
    repository.inventory = [withKeys({}, 'shop', 'data')];
    await repository.run([...cert, ...privateKey]);
    expect(repository.secrets()['production/shop/backend.yaml']).toBe(copy);
  });

  test('refuses a new copy without the private key, names both ways out and writes nothing', async () => {
    const files = repository.secrets();
    repository.inventory = [withKeys({}, 'shop', 'data'), entry('other')];
    const { code, err } = await repository.run(cert);
    expect([code, err, repository.secrets()]).toEqual([
      1,
      'backend.password: password of data/backend has to get the value sealed in shop, and no private key given opens that\n' +
        '  allowed: the same value in all copies\n' +
        '  remedy:  --private-key FILE (a backup of the sealing key), or --rotate backend.password for a new value everywhere\n',
      files,
    ]);
  });

  test('refuses a private key that does not open the existing copy', async () => {
    repository.inventory = [withKeys({}, 'shop', 'data')];
    const { err } = await repository.run([...cert, '--private-key', makePair(folder, 'stranger').key]);
    expect(err).toContain('no private key given opens that');
  });

  test('takes the value from a namespace that no longer uses the secret', async () => {
    repository.inventory = [withKeys({}, 'data')];
    await repository.run([...cert, ...privateKey]);
    expect(repository.values(pair, 'data', 'backend')).toEqual(before);
  });

  test('prefers a copy in use to one that is not, which rotation passed by', async () => {
    repository.inventory = [withKeys({}, 'tools')];
    await repository.run([...cert, '--rotate', 'backend']);
    repository.inventory = [withKeys({}, 'tools', 'admin')];
    await repository.run([...cert, ...privateKey]);
    expect(repository.values(pair, 'admin', 'backend')).toEqual(repository.values(pair, 'tools', 'backend'));
  });

  test('derives a public half that is asked for later from the private key it opens', async () => {
    repository.inventory = [withKeys({ pem: { kind: 'ed25519' } }, 'shop')];
    await repository.run(cert);
    repository.inventory = [withKeys({ pem: { kind: 'ed25519', publicKey: 'pub' } }, 'shop')];
    await repository.run([...cert, ...privateKey]);
    const { pem, pub } = repository.values(pair, 'shop', 'backend');
    expect(pub).toBe(createPublicKey(pem!).export({ format: 'pem', type: 'spki' }));
  });

  test('refuses to derive a public half from what is no private key', async () => {
    repository.inventory = [entry('backend', { keys: { password: { kind: 'ed25519', publicKey: 'pub' } } })];
    const { err } = await repository.run([...cert, ...privateKey]);
    expect(err).toContain('backend.password: its value in shop is no private key');
  });

  test('makes a new pair if only the public half is sealed', async () => {
    repository.inventory = [entry('backend', { keys: { pem: { kind: 'ed25519', publicKey: 'password' } } })];
    await repository.run(cert);
    const { pem, password } = repository.values(pair, 'shop', 'backend');
    expect(password).toBe(createPublicKey(pem!).export({ format: 'pem', type: 'spki' }));
  });

  test('seals a fixed value anew when the inventory changes it', async () => {
    repository.inventory = [withKeys({ user: { kind: 'fixed', value: 'alice' } }, 'shop')];
    await repository.run(cert);
    repository.inventory = [withKeys({ user: { kind: 'fixed', value: 'bob' } }, 'shop')];
    await repository.run(cert);
    expect(repository.values(pair, 'shop', 'backend')).toEqual({ ...before, user: 'bob' });
  });

  test('seals a fixed value for a new copy without the private key', async () => {
    repository.inventory = [entry('user', { keys: { user: { kind: 'fixed', value: 'alice' } } })];
    await repository.run(cert);
    repository.inventory = [
      entry('user', { keys: { user: { kind: 'fixed', value: 'alice' } }, copies: copiesIn('shop', 'data') }),
    ];
    await repository.run(cert);
    expect(repository.values(pair, 'data', 'user')).toEqual({ user: 'alice' });
  });

  test('replaces a value that is no longer fixed by a secret one', async () => {
    repository.inventory = [withKeys({ user: { kind: 'fixed', value: 'alice' } }, 'shop')];
    await repository.run(cert);
    repository.inventory = [withKeys({ user: { kind: 'random', bytes: 8, encoding: 'hex' } }, 'shop')];
    await repository.run(cert);
    expect(repository.values(pair, 'shop', 'backend').user).toMatch(/^[0-9a-f]{16}$/);
  });

  test('writes a new type and keeps the ciphertext', async () => {
    const sealed = ciphertexts();
    repository.inventory = [entry('backend', { type: 'kubernetes.io/basic-auth' })];
    await repository.run(cert);
    expect([
      repository.secrets()['production/shop/backend.yaml']!.includes('type: kubernetes.io/basic-auth'),
      ciphertexts(),
    ]).toEqual([true, sealed]);
  });

  test('leaves files that are no longer in the inventory', async () => {
    const files = repository.secrets();
    repository.inventory = [];
    await repository.run(cert);
    expect(repository.secrets()).toEqual(files);
  });

  test('seals new keys with another certificate and says which one the rest has', async () => {
    const other = makePair(folder, 'renewed');
    repository.inventory = [withKeys({ token: { kind: 'random', bytes: 8, encoding: 'hex' } }, 'shop')];
    const { out } = await repository.run(['--cert', other.cert]);
    expect([out, repository.values(other, 'shop', 'backend'), repository.values(pair, 'shop', 'backend')]).toEqual([
      expect.stringMatching(/^note: this certificate is [0-9a-f]{16}; some values were sealed with [0-9a-f]{16}\./m),
      { password: null, token: expect.any(String) as unknown },
      { ...before, token: null },
    ]);
  });

  test('tells the certificates apart by key in a file that two of them sealed', async () => {
    repository.inventory = [withKeys({ token: { kind: 'random', bytes: 8, encoding: 'hex' } }, 'shop')];
    await repository.run(['--cert', makePair(folder, 'renewed').cert]);
    expect(repository.secrets()['production/shop/backend.yaml']).toMatch(
      /diptych\/sealed-with: '\{"password":"([0-9a-f]{16})","token":"(?!\1)[0-9a-f]{16}"\}'/,
    );
  });
});
