import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { root } from '../../support/committed.ts';
import { found, until } from '../../support/until.ts';
import { hasRedis, members, RedisLab, sentinels } from './lab.ts';

const run = promisify(execFile);
const files = path.join(root, 'constructs/redis-sentinel/files');
const checksum = 'a'.repeat(64);
const now = Date.now();
const nameOf = (daysAgo: number): string => {
  const moment = new Date(now - daysAgo * 86_400_000).toISOString().slice(0, 19).replaceAll(/[-:]/g, '');
  return `${moment}Z-${checksum}.rdb`;
};

let folder: string;
const at = (name: string): string => path.join(folder, name);
const held = (life = 1): string[] => {
  const there = at(`stores/own/redis/redis-${life}`);
  return fs.existsSync(there) ? fs.readdirSync(there).sort() : [];
};
const put = (life: number, ...names: readonly string[]): void => {
  fs.mkdirSync(at(`stores/own/redis/redis-${life}`), { recursive: true });
  for (const name of names) fs.writeFileSync(at(`stores/own/redis/redis-${life}/${name}`), '');
};
const environment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  ...{ TLS: 'no', PORT: '6379', KEEP_DAYS: '7', FOLDER: 'redis/redis-1' },
  ...{ STORE_BUCKET: 'own', STORE_ENDPOINT: 'https://s3.example', STORE_REGION: 'here' },
  ...{
    STORES: at('stores'),
    TOOLS: at('tools'),
    WORK: at('work'),
    SCRATCH: at('scratch'),
    CONFIGURATION: at('scripts'),
  },
  ...{ DATA: at('data'), RUN: at('run'), ASK_SECONDS: '5' },
  ...Object.fromEntries(
    ['BACKUP_PASSWORD', 'ACCESS_KEY_ID', 'SECRET_ACCESS_KEY', 'ENCRYPTION_KEY'].map((name) => [
      `${name}_FILE`,
      at('secret'),
    ]),
  ),
});

/** Where scripts find each other, and a bucket. */
function prepare(): void {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-backup-'));
  for (const name of ['stores/own', 'tools', 'work', 'scratch', 'data', 'run']) {
    fs.mkdirSync(at(name), { recursive: true });
  }
  for (const from of ['common', 'backup', 'member'])
    fs.cpSync(path.join(files, from), at('scripts'), { recursive: true });
  fs.cpSync(path.join(root, 'constructs/stateful/files/archive'), at('scripts'), { recursive: true });
  fs.writeFileSync(at('scripts/settings.conf'), 'maxmemory 64mb\n');
  fs.copyFileSync(path.join(import.meta.dirname, 'rclone-stub.sh'), at('tools/rclone'));
  fs.writeFileSync(at('secret'), 'password-of-backup');
}

/** What a script says, a line each, and whether it ended well. */
async function script(name: string, variables: Record<string, string> = {}) {
  const env = { ...environment(), ...variables };
  const ended = await run('bash', [at(`scripts/${name}`)], { env }).then(
    ({ stderr }) => ({ code: 0, stderr }),
    (error: unknown) => error as { readonly code: number; readonly stderr: string },
  );
  const lines = ended.stderr.trim().split('\n');
  return { code: ended.code, last: lines.at(-1)?.replace(/^\S+ \S+ /, '') ?? '', lines };
}

const nothing = (): undefined => undefined;
const answers = (asked: Promise<unknown>): Promise<boolean> =>
  asked.then(
    () => true,
    () => false,
  );

/** Of each key: what it is, until when, and what DUMP says that it holds. */
async function contents(...server: readonly string[]): Promise<readonly string[]> {
  const program = [
    'local all = {}',
    "for _, key in ipairs(redis.call('keys', '*')) do",
    "all[#all + 1] = key .. ' ' .. redis.call('type', key).ok .. ' ' .. redis.call('pexpiretime', key) .. ' ' .. redis.sha1hex(redis.call('dump', key))",
    'end return all',
  ].join(' ');
  const databases = await Promise.all(
    ['0', '3'].map((number) => run('redis-cli', [...server, '-n', number, 'eval', program, '0'])),
  );
  return databases
    .flatMap(({ stdout }, index) =>
      stdout
        .trim()
        .split('\n')
        .map((line) => `${index} ${line}`),
    )
    .sort();
}

const described = hasRedis ? describe : describe.skip;

described('backups of a server', () => {
  const host = `127.${(process.pid % 200) + 20}.251.1`;
  let server: ChildProcess;
  const cli = (...words: readonly string[]) => run('redis-cli', ['-h', host, ...words]);
  const backUp = (variables: Record<string, string> = {}) => script('backup.sh', { MEMBERS: host, ...variables });

  beforeAll(async () => {
    prepare();
    const rights = fs.readFileSync(at('scripts/users.acl'), 'utf8').split('\n');
    const own = rights.find((line) => line.startsWith('user backup '))?.replace(' on ', ' on >password-of-backup ');
    fs.writeFileSync(at('server.conf'), `bind ${host}\nport 6379\nsave ""\ndir ${folder}\n${own}\n`);
    server = spawn('redis-server', [at('server.conf')], { stdio: 'ignore' });
    await until(
      () => answers(cli('ping')),
      () => 'the server',
    );
    const fill = [
      "for i = 1, 100 do redis.call('set', 'ends:' .. i, i, 'px', 900000 + i) end",
      "redis.call('hset', 'hash', 'a', '1', 'b', '2') redis.call('zadd', 'sorted', 1, 'a', 2, 'b') redis.call('sadd', 'set', 'x')",
      "redis.call('rpush', 'list', 'a', 'b') redis.call('xadd', 'stream', '1-1', 'a', 'b') redis.call('set', 'text', 'never ends')",
    ];
    await cli('eval', fill.join(' '), '0');
    await cli('-n', '3', 'set', 'elsewhere', 'too');
  });
  afterAll(() => {
    server.kill('SIGKILL');
    fs.rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    for (const name of ['stores/own/redis', 'stores/cut', 'stores/closed', 'data/restore', 'run/refused']) {
      fs.rmSync(at(name), { recursive: true, force: true });
    }
  });

  test('keys, types and moments at which they end are those of the server, in a log of its own', async () => {
    const { code, lines } = await backUp();
    expect([code, lines.at(-2)]).toEqual([0, expect.stringContaining('107 keys')]);
    const before = await contents('-h', host);
    const restored = await script('restore.sh', {
      FOLDER: 'redis/redis-2',
      RESTORE_FOLDER: 'redis/redis-1',
      RESTORE_AT: 'latest',
    });
    expect(restored.last).toContain('is restored: 107 of 107 keys, of which 100 have an end');
    const socket = at('restored.sock');
    const options = ['--port', '0', '--unixsocket', socket, '--dir', at('data/restore'), '--appendonly', 'yes'];
    const other = spawn('redis-server', options, { stdio: 'ignore' });
    try {
      const after = await found(
        () => contents('-s', socket).then((all) => (all.length === before.length ? all : undefined), nothing),
        () => 'the restored server',
      );
      expect(after).toEqual(before);
    } finally {
      other.kill('SIGKILL');
    }
  });

  test('the name says what is in it, and the newest one passes the restore test', async () => {
    await backUp();
    const [name = ''] = held();
    const { stdout } = await run('sha256sum', [at(`stores/own/redis/redis-1/${name}`)]);
    expect(name).toMatch(new RegExp(`^\\d{8}T\\d{6}Z-${stdout.split(' ')[0]}\\.rdb$`));
    const { code, last } = await script('restore-test.sh');
    expect([code, last]).toEqual([0, expect.stringContaining('restored and read, 107 of 107 keys')]);
  });

  test('one that arrives in part counts for nothing: it goes, and what was there before stays', async () => {
    put(1, nameOf(8), nameOf(9), nameOf(10), nameOf(11));
    fs.writeFileSync(at('stores/cut'), '');
    const before = held();
    const { code, last } = await backUp();
    expect([code, last]).toEqual([1, expect.stringContaining('is not what was sent, and is removed again')]);
    expect(held()).toEqual(before);
  });

  test('what is too old goes once a newer one was read back, and the newest three stay', async () => {
    put(1, nameOf(8), nameOf(9), nameOf(10), nameOf(11));
    await backUp();
    expect(held().slice(0, 2)).toEqual([nameOf(9), nameOf(8)]);
    expect(held()).toHaveLength(3);
  });

  test.each([
    ['stay until this one covers all days', 6, 2],
    ['go when this one does', 8, 1],
  ])('those of a life before %s', async (_, own, left) => {
    put(1, nameOf(5), nameOf(9));
    put(2, nameOf(own), nameOf(3), nameOf(2), nameOf(1));
    await backUp({ FOLDER: 'redis/redis-2', EARLIER_FOLDERS: 'redis/redis-1' });
    expect(held()).toHaveLength(left);
  });

  test.each([
    ['a bucket that is not there', { STORE_BUCKET: 'other' }, "can't be listed: there is no bucket other"],
    ['a member that is not there', { MEMBERS: '127.0.0.9' }, 'no member answers as the primary'],
  ])('%s is told in one line', async (_, variables, words) => {
    const { code, last } = await backUp(variables);
    expect([code, last]).toEqual([1, expect.stringContaining(words)]);
  });

  describe('a life that begins with one', () => {
    const life = (at_: string, more: Record<string, string> = {}) =>
      script('restore.sh', { FOLDER: 'redis/redis-2', RESTORE_FOLDER: 'redis/redis-1', RESTORE_AT: at_, ...more });
    const refused = (): string => fs.readFileSync(at('run/refused'), 'utf8').trim();
    const nothingMade = (): boolean => !fs.existsSync(at('data/restore/appendonlydir'));

    test('takes the newest that was complete by the moment', async () => {
      put(1, nameOf(3), nameOf(2), nameOf(1));
      const moment = new Date(Date.now() - 1.5 * 86_400_000).toISOString().slice(0, 19).replace('T', ' ');
      const { lines } = await life(`${moment}+00`);
      expect(lines[0]).toContain(`fetches ${nameOf(2)}`);
    });

    test('takes none that is dated later than now, and says so', async () => {
      put(1, nameOf(1), nameOf(-1));
      const { lines } = await life('latest');
      expect(lines[0]).toContain(`${nameOf(-1)} is dated later than now, and left out`);
      expect(lines[1]).toContain(`fetches ${nameOf(1)}`);
    });

    test('refuses one that was cut, and makes nothing of it', async () => {
      await backUp();
      const [name = ''] = held();
      fs.truncateSync(at(`stores/own/redis/redis-1/${name}`), 100);
      expect((await life('latest')).code).toBe(1);
      expect(refused()).toContain(
        `${name} in s3://own/redis/redis-1 at https://s3.example is not what was backed up: it has 100 bytes`,
      );
      expect(nothingMade()).toBe(true);
      expect((await script('restore-test.sh')).last).toContain('is not what was backed up');
    });

    test('does not ask for another password where one that is encrypted was cut', async () => {
      put(1, nameOf(1));
      fs.writeFileSync(at('stores/other-key'), '');
      await life('latest');
      expect(refused()).toBe(
        `${nameOf(1)} in s3://own/redis/redis-1 at https://s3.example is not what was backed up, or was encrypted with another key`,
      );
    });

    test('refuses a moment before the first one, and says which that is', async () => {
      put(1, nameOf(1));
      await life('2020-01-01 00:00:00+00');
      expect(refused()).toContain(
        `holds no backup of 2020-01-01 00:00:00+00 or before: there are 1, the oldest ${nameOf(1)}`,
      );
    });

    test('refuses a bucket that is not there', async () => {
      await life('latest', { STORE_BUCKET: 'other' });
      expect(refused()).toContain("can't be listed: there is no bucket other");
    });

    test('refuses to begin again where it has backups of its own: those are newer', async () => {
      await backUp();
      put(2, nameOf(1));
      await life('latest');
      expect(refused()).toContain('npm run recover -- redis --at latest begins with those');
      expect(nothingMade()).toBe(true);
    });
  });
});

described('a store that begins with a backup', () => {
  test('waits for object storage, then both members have it, and again after they were killed', async () => {
    prepare();
    const single = spawn(
      'redis-server',
      ['--port', '0', '--unixsocket', at('one.sock'), '--dir', folder, '--save', ''],
      {
        stdio: 'ignore',
      },
    );
    const one = (...words: readonly string[]) => run('redis-cli', ['-s', at('one.sock'), ...words]);
    await until(
      () => answers(one('set', 'kept', 'from before')),
      () => 'a server',
    );
    await one('save');
    single.kill('SIGKILL');
    const { stdout } = await run('sha256sum', [at('dump.rdb')]);
    put(1);
    fs.copyFileSync(at('dump.rdb'), at(`stores/own/redis/redis-1/20251122T100000Z-${stdout.split(' ')[0]}.rdb`));
    fs.writeFileSync(at('stores/closed'), '');
    // What a lab has of its own stays.
    const own = ['PATH', 'TLS', 'RUN', 'DATA', 'CONFIGURATION'];
    const variables = Object.fromEntries(Object.entries(environment()).filter(([name]) => !own.includes(name)));
    const lab = new RedisLab(undefined, {
      ...variables,
      ...{ FOLDER: 'redis/redis-2', RESTORE_FOLDER: 'redis/redis-1', RESTORE_AT: 'latest' },
    });
    try {
      for (const part of [...members, ...sentinels]) lab.start(part);
      const said = (): string => lab.log('member-0') + lab.log('member-1');
      await lab.until(
        'the refusal',
        () => said().includes('connection refused: docs/runbooks/redis-recovery.md') || undefined,
      );
      expect([await lab.role(0), await lab.role(1)]).not.toContain('master');
      fs.rmSync(at('stores/closed'));
      const primary = await lab.whole();
      const get = async (index: number) => (await lab.ask(lab.member(index), 'app', 'get', 'kept'))[0];
      expect([await get(primary), await get(1 - primary)]).toEqual(['from before', 'from before']);
      fs.writeFileSync(at('stores/closed'), '');
      for (const member of members) lab.kill(member);
      for (const member of members) lab.start(member);
      expect(await get(await lab.whole())).toBe('from before');
    } finally {
      lab.stop();
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});
