import { inNetworkOf } from '../../cluster/nodes.ts';
import { isInUse, podsOf } from '../../cluster/pods.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import { must } from '../../machine/run.ts';
import type { DrillCheck, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** Series that alerts and dashboards read. */
const wanted = [
  'traefik_entrypoint_requests_total',
  'traefik_entrypoint_request_duration_seconds_bucket',
  'traefik_router_requests_total',
  'traefik_router_request_duration_seconds_bucket',
  'traefik_open_connections',
  'traefik_tls_certs_not_after',
];

/** Around what objectives ask for; Traefik's own are 0.1, 0.3, 1.2 and 5. */
const bucketsWanted = '0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, +Inf';

function bucketsOf(lines: readonly string[]): string {
  const found = lines.flatMap(
    (line) => /^traefik_entrypoint_request_duration_seconds_bucket\{.*le="([^"]+)"/.exec(line)?.[1] ?? [],
  );
  return [...new Set(found)].join(', ');
}

/** What Prometheus would read from each Traefik, and whether the buckets are ours. */
export async function metrics({ report }: PlatformGround, way: WayIn): Promise<Round> {
  const { cluster, edge, namespace } = way;
  const pods = (await podsOf(cluster, [`--namespace=${namespace}`, selectorArgument(edge.traefik.selector)])).filter(
    isInUse,
  );
  const checks: DrillCheck[] = [];
  const series: number[] = [];
  for (const { metadata, spec, status } of pods) {
    // A node reaches its own pods, whatever policies say; so does the kubelet.
    const url = `http://${status.podIP ?? ''}:${edge.traefik.port('metrics')}/metrics`;
    const [program, ...args] = [...inNetworkOf(cluster, spec.nodeName ?? ''), cluster.program('probe'), 'get', url];
    const text = await must(program, args);
    const lines = text.split('\n').filter((line) => /^[a-z]/.test(line));
    series.push(lines.length);
    const missing = wanted.filter((name) => !lines.some((line) => line.startsWith(`${name}{`)));
    checks.push(
      { what: `series that ${metadata.name} lacks`, expected: 'none', got: missing.join(', ') || 'none' },
      { what: `buckets of ${metadata.name}, in seconds`, expected: bucketsWanted, got: bucketsOf(lines) },
    );
  }
  report(`metrics: ${series.join(' and ')} series`);
  return {
    figures: { series: Math.max(...series), pods: pods.length },
    units: { series: 'series', pods: 'pods' },
    checks: [{ what: 'Traefiks that answer', expected: '2', got: String(pods.length) }, ...checks],
  };
}
