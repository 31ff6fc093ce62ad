import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { installed } from '../support/built.ts';
import { at as valueAt, only } from '../support/harness.ts';
import { clusterWith, minimal } from '../support/patroni-cluster.ts';
import { patience } from '../support/until.ts';
import { copiedCluster } from './patroni-agent/real-postgres.ts';

// The files of a pooler with PgBouncer and PostgreSQL as they are: Debian 13 has them as pgbouncer and postgresql.
const versions = '/usr/lib/postgresql';
const newest = (fs.existsSync(versions) ? fs.readdirSync(versions) : []).sort((a, b) => Number(b) - Number(a))[0];
const servers = path.join(versions, newest ?? '', 'bin');
const bouncer = installed('pgbouncer');
const version = bouncer && / 1\.(\d+)\./.exec(execFileSync(bouncer, ['--version'], { encoding: 'utf8' }))?.[1];
const found = Number(version) >= 21 && Number(newest) >= 14 && installed('psql') && installed('pgbench');

// Neither of them runs as root, nor as the exporter's user, who has the pod's group as in Kubernetes.
const root = process.getuid?.() === 0;
const identity = root ? { uid: 1, gid: 1 } : {};
const exporter = { uid: 65534, gid: 1 };
let folder: string;
let ports: readonly number[];
let pooler: ChildProcess | undefined;
const at = (name: string): string => path.join(folder, name);

async function freePorts(count: number): Promise<number[]> {
  const all = Array.from({ length: count }, () => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(all.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const found = all.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(all.map((server) => new Promise((resolve) => server.close(resolve))));
  return found;
}

/** @returns what it printed. @throws Error with what it said where it failed */
function run(program: string, args: readonly string[], who: Partial<typeof exporter> = identity): string {
  const options = { ...who, cwd: folder, encoding: 'utf8' } as const;
  // What a server that it starts goes on to say is nobody's.
  const { status, stdout, stderr } = spawnSync(program, args, { ...options, stdio: ['ignore', 'pipe', 'pipe'] });
  if (status !== 0) throw new Error(`${program}: ${stderr}`);
  return stdout.trim();
}

const server = (program: string, ...args: string[]): string => run(path.join(servers, program), args);
const begin = (name: string): string =>
  server('pg_ctl', '-D', at(name), '-l', at(`${name}.log`), '-o', `-p ${ports[name === 'primary' ? 0 : 1]}`, 'start');
const query = (connection: string, ...sql: string[]): string =>
  run('psql', ['-XqAt', `host=${folder} ${connection}`, ...sql.flatMap((each) => ['-c', each])]);
const pooled = (role = 'shop_app', password = 'secret'): string =>
  `host=127.0.0.1 port=${ports[2]} dbname=shop user=${role} password=${password}`;
/** What PgBouncer answers on its console to whoever comes by the socket, as what user. */
const told = (commands: readonly string[], who: Partial<typeof exporter> = exporter, as = 'nobody'): string => {
  const console = `host=${at('run/console')} port=${ports[2]} dbname=pgbouncer user=${as}`;
  return attempt(() => run('psql', ['-XqAtw', console, ...commands.flatMap((command) => ['-c', command])], who));
};
const attempt = (what: () => string): string => {
  try {
    return what();
  } catch (error) {
    return String(error);
  }
};

/** @returns what it said last: what is expected, or whatever it still says in the end */
async function eventually(what: () => string, expected: string): Promise<string> {
  const deadline = Date.now() + patience;
  let last = '';
  while ((last = attempt(what)) !== expected && Date.now() < deadline) await sleep(100);
  return last;
}

const forgotten = (): number =>
  (fs.readFileSync(at('pooler.log'), 'utf8').match(/RECONNECT 'shop' command issued/g) ?? []).length;

/** With the folders and ports of this test in place of those of a pod. */
function startPooler(): void {
  const { manifests } = clusterWith({ authority: false, pooler: { image: minimal.image, exporter: false } });
  const files = valueAt(only(manifests, 'ConfigMap', 'postgres-pooler'), 'data') as Record<string, string>;
  for (const [name, text] of Object.entries(files)) {
    const here = text
      .replaceAll('/etc/pgbouncer', at('etc'))
      .replaceAll('/run/', at('run/'))
      .replaceAll('postgres.test.svc.cluster.local', '127.0.0.1')
      .replace(/\b5432\b/g, String(ports[1]))
      .replace(/\b6432\b/g, String(ports[2]));
    fs.writeFileSync(at(`etc/${name}`), here);
  }
  const env = { ...process.env, SHOP_APP_PASSWORD_FILE: at('secret'), SHOP_OWNER_PASSWORD_FILE: at('secret') };
  const stdio = ['ignore', 'ignore', fs.openSync(at('pooler.log'), 'w')] as const;
  pooler = spawn('bash', [at('etc/start.sh'), 'shop'], { ...identity, env, detached: true, stdio: [...stdio] });
}

(found ? describe : describe.skip)('a pooler with the real PgBouncer', () => {
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pool-'));
    fs.chmodSync(folder, 0o750);
    ports = await freePorts(3);
    for (const name of ['etc', 'run/pgbouncer', 'run/console']) fs.mkdirSync(at(name), { recursive: true });
    fs.writeFileSync(at('secret'), 'secret');
    if (identity.uid !== undefined) {
      const own = (name: string) => fs.chownSync(at(name), identity.uid, identity.gid);
      ['.', 'etc', 'run/pgbouncer', 'run/console'].forEach(own);
    }
    copiedCluster(at('primary'));
    const settings = `unix_socket_directories = '${folder}'\nlisten_addresses = '127.0.0.1'\nfsync = off\n`;
    fs.appendFileSync(at('primary/postgresql.conf'), settings);
    begin('primary');
    query(
      `port=${ports[0]} dbname=postgres user=postgres`,
      "create role shop_owner login password 'secret'",
      "create role shop_app login password 'secret'",
      'create database shop owner shop_owner',
    );
    query(`port=${ports[0]} dbname=shop user=shop_owner`, 'create table t (a int)', 'grant select on t to shop_app');
    server(
      'pg_basebackup',
      '-h',
      folder,
      '-p',
      String(ports[0]),
      '-U',
      'postgres',
      '-D',
      at('standby'),
      '-R',
      '-c',
      'fast',
    );
    begin('standby');
    startPooler();
  });

  afterAll(() => {
    if (pooler?.pid !== undefined) process.kill(-pooler.pid, 'SIGKILL');
    for (const name of ['primary', 'standby'])
      attempt(() => server('pg_ctl', '-D', at(name), '-m', 'immediate', 'stop'));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  describe('forgets what it keeps of a server when it is no longer so:', () => {
    test('that a server was a standby, after it was promoted', async () => {
      const recovering = (): string => run('psql', ['-XqAt', pooled(), '-c', 'select pg_is_in_recovery()']);
      expect(await eventually(recovering, 't')).toBe('t');
      const written = (): string =>
        run('psql', ['-XqAt', `${pooled()} target_session_attrs=read-write`, '-c', 'select 1']);
      expect(attempt(written)).toContain('session is read-only');
      expect(await eventually(() => String(forgotten()), '1')).toBe('1');
      server('pg_ctl', '-D', at('standby'), 'promote');
      expect(await eventually(written, '1')).toBe('1');
    });

    test('what a prepared statement returns, after a migration through the pooler', async () => {
      fs.writeFileSync(at('statement.sql'), 'select * from t;\n');
      const execute = (): string =>
        /processed: \d+/.exec(
          run('pgbench', ['-n', '-M', 'prepared', '-t', '1', '-f', at('statement.sql'), pooled()]),
        )![0];
      expect(await eventually(execute, 'processed: 1')).toBe('processed: 1');
      run('psql', ['-Xq', pooled('shop_owner'), '-c', 'alter table t add column b int']);
      expect(await eventually(execute, 'processed: 1')).toBe('processed: 1');
    });

    test('settings of a role, after they changed', async () => {
      const shown = (): string => run('psql', ['-XqAt', pooled(), '-c', 'show statement_timeout']);
      expect(await eventually(shown, '0')).toBe('0');
      query(`port=${ports[1]} dbname=postgres user=postgres`, "alter role shop_app set statement_timeout = '7s'");
      expect(await eventually(shown, '7s')).toBe('7s');
    });

    test('and nothing else: PgBouncer was told once for each, and once in the beginning', () => {
      expect(forgotten()).toBe(4);
    });
  });

  describe('lets clients in by their passwords:', () => {
    const login = (connection: string): string =>
      attempt(() => run('psql', ['-XqAt', connection, '-c', 'select current_user']));

    test.each(['shop_app', 'shop_owner'])('%s with its own, by TCP', async (role) => {
      expect(await eventually(() => login(pooled(role)), role)).toBe(role);
    });

    test.each([
      ['with another one', () => pooled('shop_app', 'other'), 'SASL authentication failed'],
      ['without any, as the exporter is', () => pooled('nobody', "''"), 'FATAL'],
      ['by the socket', () => pooled().replace('127.0.0.1', at('run/console')), 'FATAL'],
      ['to the console', () => pooled().replace('dbname=shop', 'dbname=pgbouncer'), 'not allowed'],
    ])('nobody %s', (_how, connection, answer) => {
      expect(login(connection())).toContain(answer);
    });
  });

  (root ? describe : describe.skip)('shows its exporter, which is of another user,', () => {
    test('its numbers', () => {
      const numbers = ['version', 'lists', 'stats', 'stats_totals', 'pools', 'databases', 'config', 'clients'];
      const answer = told(numbers.map((name) => `show ${name}`));
      expect(answer).not.toMatch(/ERROR|FATAL/);
      expect(answer).toMatch(/^PgBouncer 1\.[^]*^shop\|/m);
    });

    test('and takes no command of it', () => {
      const commands = [
        'pause',
        'resume',
        'kill shop',
        'shutdown',
        'reconnect',
        'reload',
        'disable shop',
        'set verbose = 3',
      ];
      expect(told(commands).match(/admin access needed/g)).toHaveLength(commands.length);
    });

    test('and lets it be nobody else', () => {
      expect(told(['show version'], exporter, 'pgbouncer')).toContain('FATAL');
      expect(told(['show version'], exporter, 'shop_app')).toContain('FATAL');
    });

    test('and nobody else be the exporter', () => {
      expect(told(['show version'], identity)).toContain('unix socket login rejected');
      expect(told(['show version'], { uid: 2, gid: 2 })).toContain('Permission denied');
    });
  });
});
