import type { Cluster } from '../../cluster/handle.ts';
import { kubectl } from '../../cluster/kubectl.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import { webOf } from '../../components/web.ts';
import type { PlatformGround } from '../ground.ts';

/** A line of JSON. */
export type Line = Readonly<Record<string, unknown>>;

export interface Lines {
  readonly traefik: readonly Line[];
  readonly waf: readonly Line[];
  readonly frontend: readonly Line[];
  readonly backend: readonly Line[];
}

/** What everybody on the way wrote since a moment. */
export async function linesSince(ground: PlatformGround, way: WayIn, since: Date): Promise<Lines> {
  const { cluster, platform } = ground;
  const { namespace, edge } = way;
  const [backend, frontend] = [webOf(platform, 'backend'), webOf(platform, 'frontend')];
  const [traefik, waf] = [edge.traefik, edge.waf].map(({ selector }) => selectorArgument(selector));
  return {
    traefik: await linesOf(cluster, namespace, traefik ?? '', since),
    waf: await linesOf(cluster, namespace, waf ?? '', since),
    frontend: await linesOf(cluster, frontend.namespace, frontend.selector, since),
    backend: await linesOf(cluster, backend.namespace, backend.selector, since),
  };
}

async function linesOf(cluster: Cluster, namespace: string, selector: string, since: Date): Promise<readonly Line[]> {
  const all = ['--tail=-1', '--prefix=false', '--max-log-requests=20', `--since-time=${since.toISOString()}`];
  const log = await kubectl(cluster, ['logs', `--namespace=${namespace}`, selector, ...all]);
  return log.split('\n').flatMap((line) => (line.startsWith('{') ? [JSON.parse(line) as Line] : []));
}
