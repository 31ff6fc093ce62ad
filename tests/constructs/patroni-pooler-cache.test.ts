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

// The files of a pooler with PgBouncer and PostgreSQL as they are: Debian 13 has them as pgbouncer and postgresql.
const versions = '/usr/lib/postgresql';
const newest = (fs.existsSync(versions) ? fs.readdirSync(versions) : []).sort((a, b) => Number(b) - Number(a))[0];
const servers = path.join(versions, newest ?? '', 'bin');
const bouncer = installed('pgbouncer');
const version = bouncer && / 1\.(\d+)\./.exec(execFileSync(bouncer, ['--version'], { encoding: 'utf8' }))?.[1];
const found = Number(version) >= 21 && Number(newest) >= 14 && installed('psql') && installed('pgbench');

// Neither of them runs as root.
const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
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
function run(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const options = { ...identity, cwd: folder, encoding: 'utf8', env: { ...process.env, ...env } } as const;
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
const pooled = (role = 'shop_app'): string =>
  `host=127.0.0.1 port=${ports[2]} dbname=shop user=${role} password=secret`;
const attempt = (what: () => string): string => {
  try {
    return what();
  } catch (error) {
    return String(error);
  }
};

/** @returns what it said last: what is expected, or whatever it still says after a minute */
async function eventually(what: () => string, expected: string): Promise<string> {
  const deadline = Date.now() + 60_000;
  let last = '';
  while ((last = attempt(what)) !== expected && Date.now() < deadline) await sleep(100);
  return last;
}

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

(found ? describe : describe.skip)('what PgBouncer keeps is forgotten when it is no longer so:', () => {
  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'pool-'));
    ports = await freePorts(3);
    for (const name of ['etc', 'run/pgbouncer', 'run/console']) fs.mkdirSync(at(name), { recursive: true });
    fs.writeFileSync(at('secret'), 'secret');
    if (identity.uid !== undefined) {
      const own = (name: string) => fs.chownSync(at(name), identity.uid, identity.gid);
      ['.', 'etc', 'run/pgbouncer', 'run/console'].forEach(own);
    }
    server('initdb', '-D', at('primary'), '-U', 'postgres', '-A', 'trust');
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
  }, 120_000);

  afterAll(() => {
    if (pooler?.pid !== undefined) process.kill(-pooler.pid, 'SIGKILL');
    for (const name of ['primary', 'standby'])
      attempt(() => server('pg_ctl', '-D', at(name), '-m', 'immediate', 'stop'));
    fs.rmSync(folder, { recursive: true, force: true });
  });

  test('that a server was a standby, after it was promoted', async () => {
    const recovering = (): string => run('psql', ['-XqAt', pooled(), '-c', 'select pg_is_in_recovery()']);
    expect(await eventually(recovering, 't')).toBe('t');
    const written = (): string =>
      run('psql', ['-XqAt', `${pooled()} target_session_attrs=read-write`, '-c', 'select 1']);
    expect(attempt(written)).toContain('session is read-only');
    server('pg_ctl', '-D', at('standby'), 'promote');
    expect(await eventually(written, '1')).toBe('1');
  }, 120_000);

  test('what a prepared statement returns, after a migration through the pooler', async () => {
    fs.writeFileSync(at('statement.sql'), 'select * from t;\n');
    const execute = (): string =>
      /processed: \d+/.exec(
        run('pgbench', ['-n', '-M', 'prepared', '-t', '1', '-f', at('statement.sql'), pooled()]),
      )![0];
    expect(await eventually(execute, 'processed: 1')).toBe('processed: 1');
    run('psql', ['-Xq', pooled('shop_owner'), '-c', 'alter table t add column b int']);
    expect(await eventually(execute, 'processed: 1')).toBe('processed: 1');
  }, 120_000);

  test('settings of a role, after they changed', async () => {
    const shown = (): string => run('psql', ['-XqAt', pooled(), '-c', 'show statement_timeout']);
    expect(await eventually(shown, '0')).toBe('0');
    query(`port=${ports[1]} dbname=postgres user=postgres`, "alter role shop_app set statement_timeout = '7s'");
    expect(await eventually(shown, '7s')).toBe('7s');
  }, 120_000);

  test('and nothing else: PgBouncer was told once for each, and once in the beginning', () => {
    expect(fs.readFileSync(at('pooler.log'), 'utf8').match(/RECONNECT 'shop' command issued/g)).toHaveLength(4);
  });
});
