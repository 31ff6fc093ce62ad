import fs from 'node:fs';
import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const before = makePair(folder, 'before');
const after = makePair(folder, 'after');
const reseal = ['--reseal', '--cert', after.cert];
let repository: Repository;
let values: Record<string, string | null>;

beforeEach(async () => {
  repository = new Repository(entry('backend', { copies: copiesIn('shop', 'data') }));
  await repository.run(['--cert', before.cert], { now: '2026-01-01' });
  values = repository.values(before, 'shop', 'backend');
});

describe('--reseal', () => {
  test('seals the same values for the new key, which alone opens them', async () => {
    await repository.run([...reseal, '--private-key', before.key]);
    expect([repository.values(after, 'shop', 'backend'), repository.values(before, 'shop', 'backend')]).toEqual([
      values,
      { password: null },
    ]);
  });

  test('keeps each copy under its own label', async () => {
    await repository.run([...reseal, '--private-key', before.key]);
    expect(repository.values(after, 'data', 'backend')).toEqual(values);
  });

  test('keeps the age of the values', async () => {
    await repository.run([...reseal, '--private-key', before.key]);
    expect(repository.secrets()['production/shop/backend.yaml']).toContain('{"password":"2026-01-01"}');
  });

  test('leaves files that are sealed for the new key already', async () => {
    await repository.run([...reseal, '--private-key', before.key]);
    const files = repository.secrets();
    const { out } = await repository.run([...reseal, '--private-key', before.key]);
    expect([out, repository.secrets()]).toEqual([expect.stringMatching(/^0 of 2 files sealed again, with /), files]);
  });

  test('seals only the old keys of a file that both certificates sealed', async () => {
    const keys = { ...entry('').keys, token: { kind: 'random', bytes: 8, encoding: 'hex' } } as const;
    repository.inventory = [entry('backend', { keys, copies: copiesIn('shop', 'data') })];
    await repository.run(['--cert', after.cert]);
    const { token } = repository.values(after, 'shop', 'backend');
    await repository.run([...reseal, '--private-key', before.key]);
    expect(repository.values(after, 'shop', 'backend')).toEqual({ ...values, token });
  });

  test('lists everything that no private key opens, and writes nothing', async () => {
    const files = repository.secrets();
    const { code, err } = await repository.run([...reseal, '--private-key', after.key]);
    expect([code, err.match(/^(data|shop)\/backend password: is opened by none/gm), repository.secrets()]).toEqual([
      1,
      ['data/backend password: is opened by none', 'shop/backend password: is opened by none'],
      files,
    ]);
  });

  test('refuses a value that was sealed for another place', async () => {
    const stolen = fs.readFileSync(repository.file('secrets/production/shop/backend.yaml'), 'utf8');
    repository.file('secrets/production/edge/backend.yaml', stolen.replaceAll('namespace: shop', 'namespace: edge'));
    const { code, err } = await repository.run([...reseal, '--private-key', before.key]);
    expect([code, err]).toEqual([1, expect.stringMatching(/^edge\/backend password: is opened by none/)]);
  });
});

describe('--prune', () => {
  test('removes files of secrets that are no longer in the inventory, and empty folders', async () => {
    repository.inventory = [entry('backend', { copies: copiesIn('shop') })];
    const { out } = await repository.run(['--prune']);
    expect([out, fs.readdirSync(repository.file('secrets/production'))]).toEqual([
      'removed secrets/production/data/backend.yaml\n',
      ['shop'],
    ]);
  });

  test('takes keys that are no longer in the inventory out of their files', async () => {
    const token = { kind: 'random', bytes: 8, encoding: 'hex' } as const;
    repository.inventory = [entry('backend', { keys: { ...entry('').keys, token }, copies: copiesIn('shop', 'data') })];
    await repository.run(['--cert', before.cert]);
    repository.inventory = [entry('backend', { copies: copiesIn('shop', 'data') })];
    await repository.run(['--prune']);
    expect(repository.values(before, 'shop', 'backend')).toEqual(values);
  });

  test('changes nothing if everything is in the inventory', async () => {
    const files = repository.secrets();
    const { out } = await repository.run(['--prune']);
    expect([out, repository.secrets()]).toEqual(['nothing to prune\n', files]);
  });

  test('refuses to remove the only copy of a value that the inventory wants elsewhere', async () => {
    const files = repository.secrets();
    repository.inventory = [entry('backend', { copies: copiesIn('edge') })];
    const { code, err } = await repository.run(['--prune']);
    expect([code, err, repository.secrets()]).toEqual([
      1,
      expect.stringContaining('is the only place that still holds backend.password'),
      files,
    ]);
  });
});
