import { createHmac, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { dump, load } from 'js-yaml';
import { environmentInput } from '../../../config/index.ts';
import { traefikWheel } from '../../images/recipes/edge.ts';
import { buildSample } from '../../images/samples.ts';
import { installWheels } from '../../images/wheels.ts';
import { ProvingError } from '../../machine/error.ts';
import { freePorts, Processes } from '../../machine/processes.ts';
import { must, run } from '../../machine/run.ts';
import type { Ground } from '../ground.ts';
import type { Declared } from './declared.ts';
import type { Jaeger } from './jaeger.ts';

interface TraefikSettings {
  entryPoints: Record<string, { address: string; proxyProtocol?: object }>;
  tracing: { otlp: { http: { endpoint: string } } };
  providers: object;
}

const debian = '/usr/lib/postgresql';

/** What a request goes through, each as a process of this machine with the variables and files of the constructs. */
export class Way {
  private readonly ground: Ground;
  private readonly declared: Declared;
  private readonly jaeger: Jaeger;
  private readonly folder: string;
  private readonly processes: Processes;
  private database: string | undefined;
  private readonly ports: Readonly<Record<'postgres' | 'redis' | 'backend' | 'frontend' | 'web', number>>;

  private constructor(ground: Ground, declared: Declared, jaeger: Jaeger, [...ports]: readonly number[]) {
    this.ground = ground;
    this.declared = declared;
    this.jaeger = jaeger;
    this.folder = path.join(ground.folder, 'way');
    fs.rmSync(this.folder, { recursive: true, force: true });
    this.processes = new Processes(path.join(this.folder, 'logs'));
    const [postgres = 0, redis = 0, backend = 0, frontend = 0, web = 0] = ports;
    this.ports = { postgres, redis, backend, frontend, web };
  }

  /** @throws ProvingError where one of them does not begin */
  static async start(ground: Ground, declared: Declared, jaeger: Jaeger): Promise<Way> {
    const way = new Way(ground, declared, jaeger, await freePorts(5));
    try {
      await way.postgres();
      await way.redis();
      await way.backend();
      await way.frontend();
      await way.traefik();
    } catch (error) {
      await way.stop();
      throw error;
    }
    return way;
  }

  async stop(): Promise<void> {
    await this.processes.stop();
    if (this.database !== undefined) fs.rmSync(this.database, { recursive: true, force: true });
  }

  /** Asks Traefik for a page of the shop, as somebody who signed in. @returns the status of the answer */
  async ask(page: string): Promise<number> {
    const cookie = randomBytes(32).toString('base64url');
    const key = fs.readFileSync(path.join(this.folder, 'session'), 'utf8').trim();
    // As samples/backend/src/auth/sessions.ts keeps a session: signing in is not what is followed here.
    const session = { name: 'anna', displayName: 'Anna', roles: [], until: Date.now() + 600_000 };
    const name = `session:${createHmac('sha256', key).update(cookie).digest('base64url')}`;
    await must('redis-cli', ['-p', String(this.ports.redis), 'SET', name, JSON.stringify(session), 'EX', '600']);
    const { host } = this;
    return new Promise((resolve, reject) => {
      const options = {
        port: this.ports.web,
        path: page,
        servername: host,
        rejectUnauthorized: false,
        timeout: 30_000,
      };
      const request = https.get(
        { host: '127.0.0.1', ...options, headers: { host, cookie: `__Host-session=${cookie}` } },
        (answer) => {
          answer.resume();
          answer.once('end', () => resolve(answer.statusCode ?? 0));
        },
      );
      request.once('timeout', () => request.destroy(new ProvingError(`no answer to ${page} within 30 s`)));
      request.once('error', reject);
    });
  }

  private get host(): string {
    return environmentInput(this.ground.environment).hosts.frontend ?? '';
  }

  private async postgres(): Promise<void> {
    const [version] = fs.existsSync(debian) ? fs.readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
    if (version === undefined) throw new ProvingError('this machine has no PostgreSQL: apt-get install postgresql');
    const program = (name: string): string => path.join(debian, version, 'bin', name);
    // It refuses to run as root, and nobody else enters root's folders.
    this.database = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-tracing-'));
    const data = this.database;
    const user = process.getuid?.() === 0 ? ['--reuid=65534', '--regid=65534', '--clear-groups'] : [];
    if (user.length > 0) fs.chownSync(data, 65_534, 65_534);
    const begin = ['initdb', `--pgdata=${data}`, '--username=postgres', '--auth=trust'] as const;
    await must('setpriv', [...user, program(begin[0]), ...begin.slice(1)], { timeout: 120 });
    const port = String(this.ports.postgres);
    const listen = ['-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off', '-k', data];
    this.processes.start('postgres', 'setpriv', [...user, program('postgres'), '-D', data, '-p', port, ...listen]);
    const psql = (sql: string) =>
      run(program('psql'), ['-h', '127.0.0.1', '-p', port, '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-c', sql]);
    await this.processes.waitFor('PostgreSQL', 60, async () => (await psql('SELECT 1')).status === 0);
    const { status, stderr } = await psql(
      'CREATE ROLE owner LOGIN; CREATE ROLE app LOGIN; GRANT ALL ON SCHEMA public TO owner; ' +
        'ALTER DEFAULT PRIVILEGES FOR ROLE owner GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO app',
    );
    if (status !== 0) throw new ProvingError(`roles were not made: ${stderr}`);
  }

  private async redis(): Promise<void> {
    const port = String(this.ports.redis);
    this.processes.start('redis', 'redis-server', [
      '--port',
      port,
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--user',
      ...['app', 'on', 'nopass', '~*', '&*', '+@all'],
    ]);
    await this.processes.waitFor('Redis', 30, async () => (await run('redis-cli', ['-p', port, 'PING'])).status === 0);
  }

  private async backend(): Promise<void> {
    const { folder, node } = await buildSample(this.ground.root, 'backend', this.ground.report);
    const own = this.declared.variables('Deployment', 'backend');
    const rest = without(own, ['DATABASE_CA_FILE', 'REDIS_CA_FILE', 'LDAP_CA_FILE', 'REDIS_SENTINELS', 'KRB5_KTNAME']);
    const secrets = Object.keys(rest).filter((name) => name.endsWith('_FILE'));
    const variables = {
      ...rest,
      ...Object.fromEntries(secrets.map((name) => [name, this.secret(name === 'SESSION_KEY_FILE' ? 'session' : name)])),
      ...this.addresses('backend'),
      DATABASE_HOST: '127.0.0.1',
      DATABASE_PORT: String(this.ports.postgres),
      DATABASE_NAME: 'postgres',
      DATABASE_USER: 'app',
      DATABASE_SSLMODE: 'disable',
      REDIS_HOST: '127.0.0.1',
      REDIS_PORT: String(this.ports.redis),
      REDIS_USER: 'app',
    };
    const env = { ...process.env, ...variables };
    const migrated = await run(node, ['dist/migrate.js'], { cwd: folder, env: { ...env, DATABASE_USER: 'owner' } });
    if (migrated.status !== 0) throw new ProvingError(`no tables: ${migrated.stdout}${migrated.stderr}`);
    this.node('backend', folder, node, 'dist/main.js', variables);
    await this.answers('backend', '/health/live');
  }

  private async frontend(): Promise<void> {
    const { folder, node } = await buildSample(this.ground.root, 'frontend', this.ground.report);
    const variables = {
      ...this.declared.variables('Deployment', 'frontend'),
      ...this.addresses('frontend'),
      API_URL: `http://127.0.0.1:${this.ports.backend}`,
      NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE: this.secret('forms'),
    };
    this.node('frontend', folder, node, 'start.mjs', variables);
    await this.answers('frontend', '/api/health');
  }

  private async traefik(): Promise<void> {
    const programs = path.join(this.folder, 'traefik');
    fs.mkdirSync(programs);
    await installWheels(programs, [traefikWheel]);
    const settings = load(this.declared.file('edge-settings', 'traefik.yaml')) as TraefikSettings;
    const ports = await freePorts(Object.keys(settings.entryPoints).length);
    for (const [index, name] of Object.keys(settings.entryPoints).entries()) {
      const entryPoint = settings.entryPoints[name];
      if (entryPoint === undefined) continue;
      delete entryPoint.proxyProtocol;
      entryPoint.address = `127.0.0.1:${name === 'websecure' ? this.ports.web : ports[index]}`;
    }
    settings.tracing.otlp.http.endpoint = `${this.jaeger.otlp}/v1/traces`;
    const routes = path.join(this.folder, 'routes.yaml');
    settings.providers = { file: { filename: routes } };
    const route = { rule: `Host(\`${this.host}\`)`, service: 'frontend', entryPoints: ['websecure'], tls: {} };
    const servers = [{ url: `http://127.0.0.1:${this.ports.frontend}` }];
    fs.writeFileSync(
      routes,
      dump({ http: { routers: { shop: route }, services: { frontend: { loadBalancer: { servers } } } } }),
    );
    const file = path.join(this.folder, 'traefik.yaml');
    fs.writeFileSync(file, dump(settings));
    const own = this.declared.variables('Deployment', 'edge');
    this.processes.start('traefik', path.join(programs, 'usr/local/bin/traefik'), [`--configFile=${file}`], own);
    await this.processes.waitFor('Traefik', 60, () =>
      this.ask('/api/health').then(
        (status) => status === 200,
        () => false,
      ),
    );
  }

  /** What is another one here than in a cluster, of everybody who sends traces. */
  private addresses(name: 'backend' | 'frontend'): Readonly<Record<string, string>> {
    return { PORT: String(this.ports[name]), METRICS_PORT: '', OTEL_EXPORTER_OTLP_ENDPOINT: this.jaeger.otlp };
  }

  private node(
    name: string,
    folder: string,
    node: string,
    program: string,
    variables: Readonly<Record<string, string>>,
  ): void {
    const given = without(variables, ['METRICS_PORT', 'HOSTNAME', 'NODE_OPTIONS']);
    this.processes.start(name, 'env', [`--chdir=${folder}`, node, program], given);
  }

  private answers(name: 'backend' | 'frontend', health: string): Promise<boolean> {
    return this.processes.waitFor(`the ${name}`, 120, () =>
      fetch(`http://127.0.0.1:${this.ports[name]}${health}`).then(
        ({ ok }) => ok,
        () => false,
      ),
    );
  }

  private secret(name: string): string {
    const file = path.join(this.folder, name);
    fs.writeFileSync(file, `${randomBytes(32).toString('base64url')}\n`);
    return file;
  }
}

function without(
  variables: Readonly<Record<string, string>>,
  names: readonly string[],
): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(variables).filter(([name]) => !names.includes(name)));
}
