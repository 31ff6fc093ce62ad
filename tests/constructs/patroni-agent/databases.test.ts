import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import fs from 'node:fs';
import { scripts } from '../../../constructs/patroni-cluster/scripts.ts';
import { python, World } from './support.ts';

/** What PostgreSQL stores for a password, computed as RFC 5803 says. */
function verifier(password: string, salt: Buffer, iterations = 4096): string {
  const salted = pbkdf2Sync(password, salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${salt.toString('base64')}$${storedKey}:${serverKey}`;
}

describe('verifiers', () => {
  // Stored by PostgreSQL 15 for "correct horse".
  const stored =
    'SCRAM-SHA-256$4096:hH0cJb5WGgQ7hdeszb2hCw==$hDwMbGpk2vsLKiBreIztCu9gsflxIA8m9d3wNKdE5VQ=:Cn+6LlEVKZxqP4/Y0752xGq1ZwBswIHKQXdsoTBD/lk=';
  const matches = (verifier: string, password: string) =>
    python('import scram\nprint(json.dumps(scram.matches(*given)))', [verifier, password]);

  test('are those of PostgreSQL', () => {
    expect(matches(stored, 'correct horse')).toBe(true);
    const salt = 'hH0cJb5WGgQ7hdeszb2hCw==';
    const code = 'import base64, scram\nprint(json.dumps(scram.verifier(given[0], base64.b64decode(given[1]))))';
    expect(python(code, ['correct horse', salt])).toBe(stored);
  });

  test('of another password, MD5 hashes and nothing do not match', () => {
    expect(matches(stored, 'correct horses')).toBe(false);
    expect(matches('md5a3556571e93b0d20722ba62be61e8c2d', 'correct horse')).toBe(false);
    expect(matches('', 'correct horse')).toBe(false);
  });

  test('keep the number of iterations they were made with', () => {
    expect(matches(verifier('x', Buffer.from('salt'), 10), 'x')).toBe(true);
  });

  test('have a salt of 16 random bytes', () => {
    const [first, second] = python(
      `import scram\nprint(json.dumps([scram.verifier('x')] * 1 + [scram.verifier('x')]))`,
    ) as string[];
    expect(first).not.toBe(second);
    expect(Buffer.from(/:(.*?)\$/.exec(first!)![1]!, 'base64')).toHaveLength(16);
  });
});

describe('names that psql is given', () => {
  const code = `
from databases import psql_set
def line(name):
    try:
        return psql_set(owner=name)
    except ValueError as error:
        return str(error)
print(json.dumps([line(name) for name in given]))
`;
  const quoted = [
    ['shop', `\\set owner 'shop'\n`],
    [`o'neil`, `\\set owner 'o''neil'\n`],
    ['back\\slash', `\\set owner 'back\\\\slash'\n`],
    [`"; drop database shop; --`, `\\set owner '"; drop database shop; --'\n`],
    [':owner `date`', "\\set owner ':owner `date`'\n"],
  ] as const;
  const refused = ['a\nb', 'a\0b', '\t'];
  const found = python(code, [...quoted.map(([name]) => name), ...refused]) as string[];

  test.each(quoted.map((each, index) => [...each, index] as const))('%s is quoted', (_name, line, index) => {
    expect(found[index]).toBe(line);
  });

  test.each(refused.map((name, index) => [name, quoted.length + index] as const))('%j is refused', (_name, index) => {
    expect(found[index]).toMatch(/^owner '.*' has a character that cannot be printed$/);
  });
});

describe('making roles and databases', () => {
  let world: World;
  beforeEach(async () => {
    world = new World();
    await world.start();
  });
  afterEach(() => world.stop());

  const reconcile = (...more: string[]) =>
    world.run('agent.py', ['--config', world.path('agent.json'), 'reconcile', ...more]);
  const input = () => world.read('psql.input');

  test('asks what is stored, makes what belongs to the cluster, then what belongs to each database', () => {
    world.configure({
      databases: [
        { name: 'shop', owner: 'shop_owner', user: 'shop_app', extensions: ['pg_trgm'] },
        { name: 'wiki', owner: 'wiki_owner', user: 'wiki_app', extensions: [] },
      ],
    });
    expect(reconcile().status).toBe(0);
    const common = '-X -q -h /run/sockets -U postgres -d';
    expect(world.calls('psql')).toEqual([
      `${common} postgres -v ON_ERROR_STOP=1 -At`,
      `${common} postgres -v ON_ERROR_STOP=1 -At`,
      `${common} shop -v ON_ERROR_STOP=1 -At`,
      `${common} wiki -v ON_ERROR_STOP=1 -At`,
    ]);
    const roles = [...input().matchAll(/^\\set role '(.*)'$/gm)].map(([, role]) => role);
    expect(roles).toEqual(['replication', 'rewind', 'monitoring', 'shop_owner', 'shop_app', 'wiki_owner', 'wiki_app']);
    expect(input()).toMatch(/\\set database 'wiki'\n\\set owner 'wiki_owner'\n\\set user 'wiki_app'\n/);
    expect(input()).toMatch(/\\set extension 'pg_trgm'\n.*create extension/s);
  });

  test('ignores the connection string that Patroni appends', () => {
    expect(reconcile('host=/run/sockets user=postgres dbname=postgres').status).toBe(0);
  });

  test('keeps what it does out of the log of PostgreSQL, and does not wait for a standby', () => {
    world.program('psql', 'echo "$PGOPTIONS" >>"$here/options"');
    reconcile();
    expect(world.read('options')).toMatch(/-c synchronous_commit=local .*-c log_statement=none/);
  });

  test('sends verifiers that match the passwords, and no password', () => {
    reconcile();
    const sent = [...input().matchAll(/\\set role '(\w+)'(?:(?!\\set).)*\\set verifier '(.*?)'/gs)];
    expect(sent.map(([, role]) => role)).toEqual(['replication', 'rewind', 'shop_owner', 'shop_app']);
    for (const [, role, text] of sent) {
      const salt = Buffer.from(/:(.*?)\$/.exec(text!)![1]!, 'base64');
      expect(text).toBe(verifier(`secret of ${role}`, salt));
    }
    expect(input() + world.read('psql.calls')).not.toContain('secret of');
  });

  test('leaves a stored password that is the right one, and changes the others', () => {
    const salt = Buffer.alloc(16, 1);
    const stored = {
      replication: verifier('secret of replication', salt),
      rewind: verifier('another', salt),
      shop_owner: verifier('secret of shop_owner', salt),
      shop_app: 'md5a3556571e93b0d20722ba62be61e8c2d',
    };
    world.write('verifiers.json', JSON.stringify(stored));
    reconcile();
    const changed = [...input().matchAll(/\\set role '(\w+)'(?:(?!\\set).)*\\set verifier/gs)];
    expect(changed.map(([, role]) => role)).toEqual(['rewind', 'shop_app']);
  });

  test.each([
    ['', /the password of shop_app, .*, is not one line of printable ASCII/],
    ['two\nlines\n', /is not one line of printable ASCII/],
    ['straße\n', /is not one line of printable ASCII/],
  ])('refuses a password such as %j, and says so', (text, message) => {
    world.write('password-shop_app', text);
    const { status, stdout } = reconcile();
    expect(status).toBe(1);
    expect(stdout).toMatch(message);
  });

  test('names a password file that is not there', () => {
    fs.rmSync(world.path('password-rewind'));
    expect(reconcile().stdout).toMatch(/the password of rewind, .*password-rewind, cannot be read/);
  });

  test('ends with what psql said when it fails', () => {
    world.program('psql', 'echo "psql: error: no server" >&2; exit 2');
    const { status, stdout } = reconcile();
    expect(status).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      level: 'error',
      message: expect.stringContaining('no server') as string,
    });
  });
});

test('no statement drops anything', () => {
  const statements = Object.entries(scripts()).filter(([name]) => name.endsWith('.sql'));
  expect(statements.length).toBeGreaterThan(5);
  for (const [, text] of statements) expect(text).not.toMatch(/\bdrop\b/i);
});
