import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { Size } from 'cdk8s';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { HttpEndpoint } from '../../constructs/core/endpoint.ts';
import { edgeRoute, usualLimits } from '../../constructs/traefik-waf/index.ts';
import type {
  EdgeRoute,
  Exclusion,
  RouteProps,
  WafSettings,
  WeightedEndpoint,
} from '../../constructs/traefik-waf/index.ts';
import { lackingHere, WafInstance } from '../../scripts/waf/instance.ts';
import { keptRuleSet } from '../../scripts/waf/rule-set.ts';
import { image } from './harness.ts';

const endpoint = (name: string): HttpEndpoint => ({
  name: `HTTP ${name}`,
  url: `http://${name}.shop.svc.cluster.local:3000`,
  targets: [],
});

/** Two releases of an application, with their shares of the clients. */
export const releases = (first: number, second: number): readonly WeightedEndpoint[] => [
  { endpoint: endpoint('first'), weight: first },
  { endpoint: endpoint('second'), weight: second },
];

/** A route of a host with these options beside the defaults. */
export function routeOf(
  host: string,
  props: Partial<RouteProps> = {},
  exclusions: readonly Exclusion[] = [],
): EdgeRoute {
  return edgeRoute(host, { to: endpoint('first'), ...props }, exclusions);
}

export const wafSettings = (
  routes: readonly EdgeRoute[],
  limits: WafSettings['limits'] = usualLimits,
): WafSettings => ({
  name: 'edge-waf',
  image,
  pods: '10.42.0.0/16',
  replicas: 2,
  cpuRequest: Cpu.millicores(50),
  memory: Size.mebibytes(256),
  because: 'a test',
  paranoiaLevel: 2,
  idleSeconds: 60,
  limits,
  routes: () => routes,
});

/** What this machine lacks to start the firewall; undefined where nothing. */
export function lackingForWaf(): string | undefined {
  const set = keptRuleSet() === undefined ? 'the rule set (npm run import fetches it)' : undefined;
  return [lackingHere(), set].filter((each) => each !== undefined).join(', ') || undefined;
}

/** What an application was asked. */
export interface Asked {
  readonly release: 'first' | 'second';
  readonly method: string;
  readonly url: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** The firewall with these routes as a process, and two releases of an application behind it that keep what they were asked. */
export class WafLab {
  readonly asked: Asked[] = [];
  private readonly servers = (['first', 'second'] as const).map((release) => ({
    release,
    server: this.application(release),
  }));
  private instance: WafInstance | undefined;
  private readonly held: http.ServerResponse[] = [];

  static async start(...settings: Parameters<typeof wafSettings>): Promise<WafLab> {
    const ruleSet = keptRuleSet();
    if (ruleSet === undefined) throw new Error('the rule set is not here');
    const lab = new WafLab();
    const ports = await Promise.all(lab.servers.map(({ server }) => listening(server)));
    const application = (url: string): string => `http://127.0.0.1:${ports[url.startsWith('http://second.') ? 1 : 0]}`;
    try {
      lab.instance = await WafInstance.start({ settings: wafSettings(...settings), ruleSet, application });
    } catch (error) {
      await lab.stop();
      throw error;
    }
    return lab;
  }

  get waf(): WafInstance {
    if (this.instance === undefined) throw new Error('the firewall was not started');
    return this.instance;
  }

  /** Answers who asked for /held. */
  release(): void {
    for (const response of this.held.splice(0)) response.end('at last');
  }

  async stop(): Promise<void> {
    this.release();
    await this.instance?.stop();
    for (const { server } of this.servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  private application(release: Asked['release']): http.Server {
    return http.createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { method = '', url = '', headers } = request;
        this.asked.push({ release, method, url, headers, body: Buffer.concat(parts).toString() });
        if (url === '/held') this.held.push(response);
        else if (url === '/broken') response.destroy();
        else answer(url, response);
      });
    });
  }
}

function answer(url: string, response: http.ServerResponse): void {
  if (url === '/own-policy') response.setHeader('Content-Security-Policy', "default-src 'none'");
  if (url === '/stream') {
    // The next one comes when nobody listens any more.
    response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: 1\n\n');
  } else {
    response.end('from the application');
  }
}

async function listening(server: http.Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}
