import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'controller');
const cert = ['--cert', pair.cert];
const backend = entry('backend', {
  keys: {
    username: { kind: 'fixed', value: 'backend-user' },
    password: { kind: 'random', bytes: 24, encoding: 'base64url' },
    salt: { kind: 'random', bytes: 16, encoding: 'hex' },
    'sign.pem': { kind: 'ed25519', publicKey: 'sign.pub' },
  },
  copies: copiesIn('shop', 'data'),
});

describe('--rotate', () => {
  let repository: Repository;
  let before: Record<string, string | null>;

  beforeEach(async () => {
    repository = new Repository(backend, entry('other'));
    await repository.run(cert, { now: '2026-01-01' });
    before = repository.values(pair, 'shop', 'backend');
  });

  test('makes every generated value of a secret anew, the same in all copies; fixed ones stay', async () => {
    await repository.run([...cert, '--rotate', 'backend']);
    const after = repository.values(pair, 'shop', 'backend');
    const same = Object.keys(after).filter((key) => after[key] === before[key]);
    expect([same, repository.values(pair, 'data', 'backend')]).toEqual([['username'], after]);
  });

  test('makes one key anew, with the date of that day', async () => {
    await repository.run([...cert, '--rotate', 'backend.salt']);
    const after = repository.values(pair, 'shop', 'backend');
    const changed = Object.keys(after).filter((key) => after[key] !== before[key]);
    expect([changed, repository.secrets()['production/data/backend.yaml']]).toEqual([
      ['salt'],
      expect.stringContaining('"password":"2026-01-01","salt":"2026-11-23"'),
    ]);
  });

  test('makes both halves of a pair anew when either is named', async () => {
    await repository.run([...cert, '--rotate', 'backend.sign.pub']);
    const after = repository.values(pair, 'shop', 'backend');
    expect(Object.keys(after).filter((key) => after[key] !== before[key])).toEqual(['sign.pem', 'sign.pub']);
  });

  test('leaves the ciphertext of a fixed key', async () => {
    const line = (): string => /^ {4}username: .*/m.exec(repository.secrets()['production/shop/backend.yaml']!)![0];
    const ciphertext = line();
    await repository.run([...cert, '--rotate', 'backend']);
    expect(line()).toBe(ciphertext);
  });

  test('leaves other secrets', async () => {
    const other = repository.secrets()['production/shop/other.yaml'];
    await repository.run([...cert, '--rotate', 'backend']);
    expect(repository.secrets()['production/shop/other.yaml']).toBe(other);
  });

  test('refuses a name that is not in the inventory and lists those that are', async () => {
    const { code, err } = await repository.run([...cert, '--rotate', 'backen', '--rotate', 'backend.nothing']);
    expect([code, err.match(/number \d: is no secret of the inventory\n {2}allowed: backend, other\n/g)]).toEqual([
      1,
      [expect.stringContaining('number 1'), expect.stringContaining('number 2')],
    ]);
  });

  test('refuses a fixed key', async () => {
    const { err } = await repository.run([...cert, '--rotate', 'backend.username']);
    expect(err).toContain('--rotate, number 1: means a fixed value');
  });
});
