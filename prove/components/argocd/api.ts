import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import type { Cluster } from '../../cluster/handle.ts';
import { getJson, kubectl, kubectlCommand } from '../../cluster/kubectl.ts';
import { inNetworkOf } from '../../cluster/nodes.ts';
import { serversOf } from '../../cluster/plan.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';
import { argocdNamespace } from './applications.ts';

/** What Argo CD's server answered. */
export interface ApiAnswer {
  readonly status: number;
  /** Parsed where it is JSON, else its text. */
  readonly body: unknown;
}

/** The local account in whose name the drills' people are signed in: it has no rights and no password. */
const account = 'proving';

/**
 * Argo CD's own HTTP API, as its web interface and its command line use it. A person has groups, as single sign-on tells
 * them: here in a token that is signed with Argo CD's own key, because no Dex is configured. Roles, and which group has
 * which, are the committed ones.
 */
export class ArgoApi {
  private readonly cluster: Cluster;
  private readonly folder: string;
  private readonly socket: string;
  private readonly children: readonly ChildProcess[];
  private readonly certificate: string;
  private readonly key: string;
  /** One connection for all calls: kubectl's forwarding ends when one of many is closed at the wrong moment. */
  private readonly agent = new https.Agent({ keepAlive: true, maxSockets: 1 });

  private constructor(cluster: Cluster, folder: string, children: readonly ChildProcess[], secret: ServerSecret) {
    this.cluster = cluster;
    this.folder = folder;
    this.socket = path.join(folder, 'api');
    this.children = children;
    this.certificate = decoded(secret.data['tls.crt']);
    this.key = decoded(secret.data['server.secretkey']);
  }

  /** Connects to the server's pod and lets the drills' account in. @throws ProvingError after 60 s */
  static async connect(cluster: Cluster): Promise<ArgoApi> {
    const secret = await getJson<ServerSecret>(cluster, ['secret', 'argocd-secret', `--namespace=${argocdNamespace}`]);
    // A socket has a path that no network namespace separates; it must be a short one.
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-'));
    const children: ChildProcess[] = [];
    const api = new ArgoApi(cluster, folder, children, secret);
    try {
      children.push(...(await forward(cluster, api.socket)));
      await api.setAccount('login');
      await waitFor("Argo CD's server to know the account", { atMost: 60, every: 500 }, async () => {
        const { status, body } = await api.call(api.token([]), 'GET', 'session/userinfo');
        return status === 200 && (body as { readonly loggedIn?: boolean }).loggedIn;
      });
      return api;
    } catch (error) {
      await api.close();
      throw error;
    }
  }

  /** A token of a person with these groups, for half an hour. */
  token(groups: readonly string[], key = this.key): string {
    const now = Math.floor(Date.now() / 1000);
    const times = { iat: now - 5, nbf: now - 5, exp: now + 1800 };
    return signed({ iss: 'argocd', sub: `${account}:login`, jti: crypto.randomUUID(), groups, ...times }, key);
  }

  /**
   * One call. Never throws for what Argo CD refuses.
   * @param token of whom; undefined for somebody who is not signed in
   * @param target below `/api/v1/`, with its query; from `/` where it is not below
   */
  call(token: string | undefined, method: string, target: string, body?: unknown): Promise<ApiAnswer> {
    const options = {
      method,
      socketPath: this.socket,
      path: target.startsWith('/') ? target : `/api/v1/${target}`,
      headers: {
        'content-type': 'application/json',
        // The web interface sends it as a cookie, and the page of terminals takes it only there.
        ...(token === undefined ? {} : { authorization: `Bearer ${token}`, cookie: `argocd.token=${token}` }),
      },
      // Its own certificate, which it signed itself.
      ca: this.certificate,
      servername: 'argocd-server',
      agent: this.agent,
      timeout: 60_000,
    };
    return new Promise((resolve, reject) => {
      const request = https.request(options, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('error', reject).on('end', () => resolve({ status: response.statusCode ?? 0, body: parsed(text) }));
      });
      const failed = (error: Error): void => reject(new ProvingError(`${method} ${target}: ${error.message}`));
      request.on('timeout', () => request.destroy(new Error('no answer within 60 s'))).on('error', failed);
      request.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }

  /** Takes the account away again and disconnects. */
  async close(): Promise<void> {
    this.agent.destroy();
    for (const child of this.children) child.kill();
    fs.rmSync(this.folder, { recursive: true, force: true });
    await this.setAccount(null);
  }

  /** Argo CD applies its ConfigMap on the server's side, so a key of another writer is nothing that it corrects. */
  private async setAccount(value: string | null): Promise<void> {
    const patch = JSON.stringify({ data: { [`accounts.${account}`]: value } });
    await kubectl(this.cluster, [
      ...['patch', 'configmap', 'argocd-cm', `--namespace=${argocdNamespace}`, '--type=merge'],
      ...['--field-manager=proving', `--patch=${patch}`],
    ]);
  }
}

interface ServerSecret {
  readonly data: Readonly<Record<string, string>>;
}

/** A JSON Web Token, signed with HMAC and SHA-256 as Argo CD does. */
export function signed(claims: object, key: string): string {
  const encoded = [{ alg: 'HS256', typ: 'JWT' }, claims].map((part) =>
    Buffer.from(JSON.stringify(part)).toString('base64url'),
  );
  const signature = crypto.createHmac('sha256', key).update(encoded.join('.')).digest('base64url');
  return [...encoded, signature].join('.');
}

/** Reads an answer: JSON, or the text that proxies and plain pages send. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const decoded = (value = ''): string => Buffer.from(value, 'base64').toString();

/** Runs in a node's network: leads from a socket's path to a port there. */
const relay = `
const net = require('node:net');
const [port, socket] = process.argv.slice(1);
net.createServer((client) => {
  const server = net.connect(Number(port), '127.0.0.1');
  client.pipe(server).pipe(client);
  client.on('error', () => server.destroy());
  server.on('error', () => client.destroy());
}).listen(socket);
`;

/**
 * Leads from a socket to the server's pod, past the policies: the kubelet of the pod's node hands the connection over.
 * @returns what runs for it
 */
async function forward(cluster: Cluster, socket: string): Promise<readonly ChildProcess[]> {
  const where = [`--namespace=${argocdNamespace}`, 'service/argocd-server', ':443'];
  const forwarding = start(kubectlCommand(cluster, ['port-forward', ...where]));
  let printed = '';
  forwarding.stdout?.on('data', (part: Buffer) => (printed += part.toString()));
  forwarding.stderr?.on('data', (part: Buffer) => (printed += part.toString()));
  const children = [forwarding];
  try {
    const port = await waitFor("a connection to Argo CD's server", { atMost: 60 }, () => {
      if (forwarding.exitCode !== null) throw new ProvingError(`kubectl port-forward: ${printed.trim()}`);
      return forwardedPort(printed);
    });
    const [server] = serversOf(cluster.plan);
    const network = inNetworkOf(cluster, server?.name ?? '');
    children.push(start([...network, process.execPath, '--eval', relay, String(port), socket]));
    await waitFor('the relay to its port', { atMost: 60 }, () => fs.existsSync(socket));
    return children;
  } catch (error) {
    for (const child of children) child.kill();
    throw error;
  }
}

/** The port that `kubectl port-forward` chose, once it says so. */
export function forwardedPort(printed: string): number | undefined {
  const port = /^Forwarding from 127\.0\.0\.1:(\d+) ->/m.exec(printed)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Starts a program that the kernel ends together with this one. */
function start(command: readonly string[]): ChildProcess {
  return spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
}
