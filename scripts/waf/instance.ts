import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../constructs/core/error.ts';
import { configurationPath, firewallFiles } from '../../constructs/traefik-waf/index.ts';
import type { WafSettings } from '../../constructs/traefik-waf/index.ts';
import type { RuleSet } from './rule-set.ts';

/** What the firewall says of a request that it refused, or would have. */
export interface LogEntry {
  readonly waf: 'blocked' | 'detected';
  readonly time: string;
  readonly client: string;
  readonly host: string;
  readonly route: string;
  readonly request_id: string;
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly score: number;
  readonly rules: readonly { readonly id: number; readonly target: string; readonly message: string }[];
}

export interface InstanceSettings {
  readonly settings: WafSettings;
  readonly ruleSet: Pick<RuleSet, 'folder'>;
  /** Where what a route leads to is here, such as `http://127.0.0.1:3000`. */
  readonly application: (url: string) => string;
}

const mappings = ['/etc/modsecurity.d/unicode.mapping', '/etc/nginx/unicode.mapping'];
const modules = ['/usr/share/nginx/modules', '/usr/lib/nginx/modules', '/etc/nginx/modules'];

/** What this machine lacks to run the firewall; undefined where it has all. */
export function lackingHere(): string | undefined {
  const module = modules.some((folder) => fs.existsSync(path.join(folder, 'ngx_http_modsecurity_module.so')));
  const lacking = [
    ...(spawnSync('nginx', ['-v']).status === 0 ? [] : ['nginx']),
    ...(module ? [] : ['its module for ModSecurity (Debian: libnginx-mod-http-modsecurity)']),
    ...(spawnSync('mawk', ['-W', 'version']).status === 0 ? [] : ['mawk']),
  ];
  return lacking.length === 0 ? undefined : lacking.join(', ');
}

/** The firewall as a process of this machine: the files of its pod, with other paths, ports and applications in them. */
export class WafInstance {
  readonly port: number;
  readonly adminPort: number;
  private readonly folder: string;
  private readonly child: ChildProcess;

  private constructor(folder: string, child: ChildProcess, [port, adminPort]: readonly [number, number]) {
    [this.folder, this.child, this.port, this.adminPort] = [folder, child, port, adminPort];
  }

  /** @throws InputError where it doesn't start, with what it said */
  static async start({ settings, ruleSet, application }: InstanceSettings): Promise<WafInstance> {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'waf-'));
    fs.chmodSync(folder, 0o755);
    const at = (name: string): string => path.join(folder, name);
    for (const name of ['tmp', 'waf']) fs.mkdirSync(at(name));
    fs.cpSync(path.join(ruleSet.folder, 'rules'), at('rules'), { recursive: true });
    const ports = await freePorts();
    for (const [name, text] of Object.entries(firewallFiles(ledHere(settings, application)))) {
      const here = text
        .replace(/(?<=[ =])\/tmp\//g, `${at('tmp')}/`)
        .replaceAll(`${configurationPath}/`, at('waf/'))
        .replaceAll('/opt/owasp-crs/rules', at('rules'))
        .replaceAll(mappings[0] ?? '', mappings.find((file) => fs.existsSync(file)) ?? '')
        .replace(/listen 8080/g, `listen 127.0.0.1:${ports[0]}`)
        .replace(/listen 8081/g, `listen 127.0.0.1:${ports[1]}`);
      fs.writeFileSync(at(`waf/${name}`), here);
    }
    fs.writeFileSync(at('resolv.conf'), 'nameserver 127.0.0.1\n');
    // As nobody, as in its pod.
    const identity = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
    if (identity.uid !== undefined) fs.chownSync(at('tmp'), identity.uid, identity.gid);
    const [log, errors] = ['log', 'errors'].map((name) => fs.openSync(at(name), 'a'));
    const child = spawn('bash', [at('waf/start.sh')], {
      ...identity,
      cwd: folder,
      env: { PATH: process.env.PATH, TEMPORARY: at('tmp'), RULES: at('rules'), RESOLV_CONF: at('resolv.conf') },
      stdio: ['ignore', log ?? 'ignore', errors ?? 'ignore'],
      detached: true,
    });
    const instance = new WafInstance(folder, child, ports);
    await instance.answers();
    return instance;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get pid(): number {
    return this.child.pid ?? 0;
  }

  /** What it said so far, of each request that it refused or would have. */
  entries(): readonly LogEntry[] {
    return this.log()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as LogEntry);
  }

  /** Its output as it is. */
  log(): string {
    return fs.readFileSync(path.join(this.folder, 'log'), 'utf8');
  }

  errors(): string {
    return fs.readFileSync(path.join(this.folder, 'errors'), 'utf8');
  }

  /** Ends it as a node does, and waits for it. */
  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const ended = new Promise((resolve) => this.child.once('exit', resolve));
      this.child.kill('SIGTERM');
      const late = setTimeout(() => process.kill(-this.pid, 'SIGKILL'), 30_000);
      await ended;
      clearTimeout(late);
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  private async answers(): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline && this.child.exitCode === null) {
      const answer = await fetch(`http://127.0.0.1:${this.adminPort}/healthz`).catch(() => undefined);
      if (answer?.ok === true) return;
      await sleep(50);
    }
    const said = this.errors();
    await this.stop();
    throw new InputError({
      where: 'the firewall as a process of this machine',
      what: `it doesn't answer; it said: ${said.trim() || 'nothing'}`,
      allowed: 'a configuration that nginx and ModSecurity take',
      remedy: 'mend what it says',
    });
  }
}

/** The same firewall in front of applications of this machine, whose every process may say who the client is. */
function ledHere(settings: WafSettings, application: InstanceSettings['application']): WafSettings {
  const routes = settings.routes().map((route) => ({
    ...route,
    to: route.to.map(({ endpoint, weight }) => ({ weight, endpoint: { ...endpoint, url: application(endpoint.url) } })),
  }));
  return { ...settings, pods: '127.0.0.1', routes: () => routes };
}

async function freePorts(): Promise<[number, number]> {
  const servers = [0, 1].map(() => net.createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => new Promise((resolve) => server.once('listening', resolve))));
  const [first = 0, second = 0] = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return [first, second];
}
