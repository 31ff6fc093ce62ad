import { execFileSync, spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { Size } from 'cdk8s';
import { postgresqlParameters } from '../../../constructs/patroni-cluster/parameters.ts';
import { exporterUser } from '../../../constructs/patroni-cluster/paths.ts';
import { clusterWith, patroniFile } from '../../support/patroni-cluster.ts';
import { copiedCluster, postgresPrograms } from './real-postgres.ts';
import { until } from '../../support/until.ts';

/** The account of PostgreSQL on this machine, whose number is not that of the exporter. */
function accountOfPostgres(): { readonly uid: number; readonly gid: number } | undefined {
  const [, uid, gid] = /^postgres:[^:]*:(\d+):(\d+):/m.exec(fs.readFileSync('/etc/passwd', 'utf8')) ?? [];
  return process.getuid!() === 0 && uid !== undefined ? { uid: Number(uid), gid: Number(gid) } : undefined;
}

const bin = postgresPrograms();
const account = accountOfPostgres();

/** A real PostgreSQL that lets in whom our files let in, and logs what our parameters let it log. */
(bin === undefined || account === undefined ? describe.skip : describe)('a member as it is configured', () => {
  const exporter = { uid: exporterUser.number, gid: exporterUser.number };
  let folder: string;
  let server: ChildProcess;

  beforeAll(async () => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'member-'));
    fs.chmodSync(folder, 0o755);
    fs.chownSync(folder, account!.uid, account!.gid);
    const data = path.join(folder, 'data');
    const options = { ...account!, env: { PATH: process.env.PATH } };
    copiedCluster(data, account);
    const { pg_hba: hba, pg_ident: ident } = patroniFile(clusterWith({}).manifests).postgresql;
    fs.writeFileSync(path.join(data, 'pg_hba.conf'), `${hba.join('\n').replaceAll('hostssl', 'host')}\n`);
    fs.writeFileSync(path.join(data, 'pg_ident.conf'), `${(ident as readonly string[]).join('\n')}\n`);
    const ours = Object.entries(postgresqlParameters(Size.gibibytes(1), Size.gibibytes(10), false));
    const settings = {
      ...Object.fromEntries(ours.filter(([name]) => name.startsWith('log_'))),
      log_min_duration_statement: 0,
      listen_addresses: '',
      unix_socket_directories: folder,
      fsync: 'off',
      autovacuum: 'off',
    };
    const log = fs.openSync(path.join(folder, 'log'), 'w');
    const given = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const stdio: ['ignore', number, number] = ['ignore', log, log];
    server = spawn(path.join(bin!, 'postgres'), ['-D', data, ...given], { ...options, cwd: folder, stdio });
    await until(() => as(account!, 'postgres', 'select 1') === '1', logged);
    as(account!, 'postgres', 'create role monitoring login; grant pg_monitor to monitoring');
  });
  afterAll(async () => {
    server.kill('SIGQUIT');
    await once(server, 'exit');
    fs.rmSync(folder, { recursive: true });
  });

  const logged = (): string => fs.readFileSync(path.join(folder, 'log'), 'utf8');
  const client = (user: object) => ({ ...user, encoding: 'utf8', env: { PATH: process.env.PATH }, cwd: '/' }) as const;
  /** What a user of the machine gets as a role, or the error. */
  function as(user: object, role: string, sql: string): string {
    const args = ['-XAtq', '-h', folder, '-U', role, '-d', 'postgres', '-c', sql];
    const { stdout, stderr } = spawnSync(path.join(bin!, 'psql'), args, client(user));
    return (stdout + stderr).trim();
  }

  describe('lets the exporter', () => {
    test('look at everything as the role that may look', () => {
      expect(as(exporter, 'monitoring', 'select count(*) > 0 from pg_stat_activity')).toBe('t');
    });

    test('in as nobody else', () => {
      expect(as(exporter, 'postgres', 'select 1')).toMatch(/Peer authentication failed for user "postgres"/);
    });

    test('run no program and read no file', () => {
      const wanted = [
        `copy (select 1) to program 'true'`,
        `create table t (a text)`,
        `select pg_read_file('PG_VERSION')`,
      ];
      for (const statement of wanted) {
        expect([statement, as(exporter, 'monitoring', statement)]).toEqual([
          statement,
          expect.stringMatching(/permission denied|must be superuser or have privileges/),
        ]);
      }
    });
  });

  describe('writes into its log', () => {
    test('no value that a client bound', () => {
      const script = path.join(folder, 'bound.sql');
      fs.writeFileSync(script, '\\set given 4711471147\nselect :given::bigint as bound_value;\n');
      const args = ['-n', '-M', 'extended', '-t', '1', '-h', folder, '-U', 'postgres', '-f', script, 'postgres'];
      execFileSync(path.join(bin!, 'pgbench'), args, { ...client(account!), stdio: 'pipe' });
      expect(logged()).toMatch(/duration: .*bound_value/);
      expect(logged()).not.toContain('4711471147');
    });

    test('no row that an error is about', () => {
      const table = `create table kept (mail text unique, age int check (age > 0)); insert into kept values (repeat('s', 9), 1)`;
      as(account!, 'postgres', table);
      expect(as(account!, 'postgres', `insert into kept values (repeat('s', 9), 1)`)).toContain('(sssssssss)');
      expect(as(account!, 'postgres', `insert into kept values (repeat('t', 9), -1)`)).toContain('ttttttttt');
      expect(logged()).toMatch(/duplicate key value violates unique constraint/);
      expect(logged()).not.toMatch(/s{9}|t{9}/);
    });

    test('no text of a statement that failed', () => {
      as(account!, 'postgres', `select 'told to nobody', 1/0`);
      expect(logged()).toMatch(/division by zero/);
      expect(logged()).not.toContain('told to nobody');
    });
  });
});
