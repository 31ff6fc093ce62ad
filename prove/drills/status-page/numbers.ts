import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Platform } from '../../../constructs/core/platform.ts';

/** Tells, in the place of Traefik, of the directory and of who asks for public paths, the numbers that users' objectives ask for. */
export class Numbers {
  /** Requests that were answered with an error, of each route; all in all each has 100 a second. */
  readonly errors = new Map<string, number>();
  private readonly started = Date.now();
  private readonly server: http.Server;
  private readonly hosts: readonly string[];
  private readonly namespaces: { readonly edge: string; readonly directory: string };

  private constructor(platform: Platform) {
    const { objectives } = platform;
    // As what they count is asked for.
    const namespaceOf = (alert: string): string => {
      const found = objectives.find(({ props }) => props.alert === alert);
      return /namespace="([^"]+)"/.exec(found?.props.all ?? '')?.[1] ?? '';
    };
    this.namespaces = { edge: namespaceOf('RouteAvailabilityBurns'), directory: namespaceOf('SignInBurns') };
    this.hosts = [
      ...new Set(objectives.flatMap(({ props }) => (props.alert.startsWith('Route') ? props.service : []))),
    ];
    this.server = http.createServer((_, response) => {
      response.setHeader('content-type', 'text/plain; version=0.0.4');
      response.end(this.text());
    });
  }

  static async start(platform: Platform): Promise<Numbers> {
    const numbers = new Numbers(platform);
    await new Promise<void>((resolve) => numbers.server.listen(0, '127.0.0.1', resolve));
    return numbers;
  }

  get address(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): Promise<void> {
    this.server.closeAllConnections();
    return new Promise((resolve) => void this.server.close(() => resolve()));
  }

  private text(): string {
    const { edge, directory } = this.namespaces;
    const all = 1000 + Math.round(((Date.now() - this.started) / 1000) * 100);
    const routes = this.hosts.flatMap((host) => {
      const labels = `namespace="${edge}",router="${edge}_${host}_0@kubernetescrd"`;
      const bad = this.errors.get(host) ?? 0;
      return [
        `traefik_router_requests_total{${labels},code="200"} ${all - bad}`,
        `traefik_router_requests_total{${labels},code="500"} ${bad}`,
        `traefik_router_request_duration_seconds_count{${labels},code="200"} ${all}`,
        `traefik_router_request_duration_seconds_bucket{${labels},code="200",le="1.0"} ${all}`,
        `probe_success{job="public-paths",instance="https://${host}/"} 1`,
        `probe_success{job="public-paths",instance="https://${host}/health/live"} 1`,
      ];
    });
    const pod = `namespace="${directory}",pod="samba-0"`;
    return [
      ...routes,
      `directory_answers{${pod},what="ldaps"} 1`,
      `directory_answer_seconds{${pod},what="ldaps"} 0.01`,
      `kube_statefulset_status_replicas_ready{namespace="${directory}",statefulset="samba"} 1`,
      '',
    ].join('\n');
  }
}
