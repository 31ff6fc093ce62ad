import fs from 'node:fs';
import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'controller');
const cert = ['--cert', pair.cert];
const user = { kind: 'fixed', value: 'alice' } as const;
let repository: Repository;

beforeEach(async () => {
  const keys = { ...entry('').keys, pem: { kind: 'ed25519', publicKey: 'pub' }, user } as const;
  repository = new Repository(entry('backend', { keys, copies: copiesIn('shop', 'data') }), entry('old'));
  await repository.run(cert, { now: '2026-01-01' });
});

const states = async (now: string): Promise<Record<string, [string, number | null]>> => {
  const { out } = await repository.run(['--status', '--json'], { now });
  const rows = JSON.parse(out) as { secret: string; key: string; state: string; ageDays: number | null }[];
  return Object.fromEntries(rows.map(({ secret, key, state, ageDays }) => [`${secret}.${key}`, [state, ageDays]]));
};

describe('--status', () => {
  test('shows a table without colours', async () => {
    const keys = { x: { kind: 'human', prompt: 'X' }, y: { kind: 'rsa', bits: 4096 } } as const;
    repository.inventory = [...repository.inventory.slice(0, 1), entry('mail', { keys })];
    const { out } = await repository.run(['--status'], { now: '2026-01-31' });
    expect(out.replaceAll(/[0-9a-f]{16}/g, 'FINGERPRINT')).toBe(
      [
        'SECRET   KEY       SOURCE              NAMESPACES  STATE                 DAYS      SEALED WITH',
        'backend  password  random, 24 bytes    shop, data  sealed                30 of 90  FINGERPRINT',
        'backend  pem       ed25519             shop, data  sealed                30 of 90  FINGERPRINT',
        'backend  pub       public half of pem  shop, data  sealed                30 of 90  FINGERPRINT',
        'backend  user      fixed               shop, data  sealed                30        FINGERPRINT',
        'mail     x         human               shop        missing               -         -',
        'mail     y         rsa, 4096 bits      shop        missing               -         -',
        'old      password  -                   shop        not in the inventory  30        FINGERPRINT',
        '',
      ].join('\n'),
    );
  });

  test('is a value due on the day after its last, and a fixed one never', async () => {
    const [last, next] = [await states('2026-04-01'), await states('2026-04-02')];
    expect([last['backend.pub'], next['backend.pub'], next['backend.user']]).toEqual([
      ['sealed', 90],
      ['due for rotation', 91],
      ['sealed', 91],
    ]);
  });

  test('is a value missing that one copy lacks, and says which', async () => {
    fs.rmSync(repository.file('secrets/production/data/backend.yaml'));
    const { out } = await repository.run(['--status']);
    expect(out).toMatch(/^backend {2}password .* missing in data {2}/m);
  });

  test('is a value changed whose fixed text is another one now', async () => {
    repository.inventory = [
      entry('backend', { keys: { user: { ...user, value: 'bob' } }, copies: copiesIn('shop', 'data') }),
    ];
    expect((await states('2026-01-01'))['backend.user']).toEqual(['changed', 0]);
  });

  test('is a value due whose age nobody knows', async () => {
    const file = repository.file('secrets/production/shop/old.yaml');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/ {4}diptych\/sealed-on.*\n/, ''));
    expect((await states('2026-01-01'))['old.password']).toEqual(['due for rotation', null]);
  });

  test('does not know the sealing key of a file that kubeseal --re-encrypt made, but the age', async () => {
    const file = repository.file('secrets/production/shop/old.yaml');
    const text = fs.readFileSync(file, 'utf8');
    const annotations = / {2}annotations:\n( {4}.*\n)+/.exec(text)![0];
    const moved = annotations.replace(/^/gm, '    ').trimEnd();
    fs.writeFileSync(file, text.replace(annotations, '').replace('    metadata:\n', `    metadata:\n${moved}\n`));
    const rows = JSON.parse((await repository.run(['--status', '--json'], { now: '2026-01-02' })).out) as object[];
    expect(rows.at(-1)).toMatchObject({ secret: 'old', state: 'sealed', ageDays: 1, sealedWith: [] });
  });

  test('changes no file', async () => {
    const files = repository.secrets();
    await repository.run(['--status'], { now: '2027-01-01' });
    expect(repository.secrets()).toEqual(files);
  });

  test.each([
    ['everything is sealed', 0, '2026-01-02', () => undefined],
    ['something is due', 1, '2026-12-01', () => undefined],
    ['something is missing', 1, '2026-01-02', () => repository.inventory.push(entry('new'))],
    ['something is no longer in the inventory', 0, '2026-01-02', () => repository.inventory.pop()],
  ])('exits with --check, if %s, with %d', async (_what, code, now, change) => {
    change();
    expect((await repository.run(['--status', '--check'], { now })).code).toBe(code);
  });

  test('exits with 0 without --check, even if something is missing', async () => {
    repository.inventory.push(entry('new'));
    expect((await repository.run(['--status'])).code).toBe(0);
  });
});

test('--help names every option and exits with 0', async () => {
  const { code, out } = await repository.run(['--help']);
  const options = [
    'cert',
    'rotate',
    'private-key',
    'value-file',
    'values',
    'skip-human',
    'reseal',
    'status',
    'check',
    'json',
  ];
  expect([code, [...options, 'prune', 'environment'].filter((name) => !out.includes(`--${name} `))]).toEqual([0, []]);
});
