import { isInUse, podsOf } from '../../cluster/pods.ts';
import type { PodObject } from '../../cluster/pods.ts';
import { podCgroup } from '../../cluster/handle.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import { webOf } from '../../components/web.ts';
import { askWeb } from '../../instruments/web-client.ts';
import type { WebRequest } from '../../instruments/web-client.ts';
import { cpuSecondsOf } from '../../machine/cgroup.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Part, Round } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

/** One after the other, so that none waits for another one. */
const requests = 300;

/** What the way in costs, beside a node that asks its own pod of the application directly. */
export async function costs({ platform, report }: PlatformGround, way: WayIn): Promise<Part & Pick<Round, 'units'>> {
  const { cluster, edge, namespace } = way;
  const backend = webOf(platform, 'backend');
  const [pod] = (await podsOf(cluster, [`--namespace=${backend.namespace}`, backend.selector])).filter(isInUse);
  if (pod?.status.podIP === undefined) throw new ProvingError('no backend pod is ready');
  const path = '/echo/cost?page=2&sort=price';
  const headers = {
    'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0',
    Accept: '*/*',
  };
  const direct: WebRequest = {
    to: { address: pod.status.podIP, port: backend.port },
    headers: { Host: way.host('backend'), ...headers },
    path,
  };
  const around = await asked(cluster, direct, pod.spec.nodeName);
  const behind = async (selector: Readonly<Record<string, string>>): Promise<number> => {
    const pods = await podsOf(cluster, [`--namespace=${namespace}`, selectorArgument(selector)]);
    return pods.reduce((sum, each) => sum + cpuOf(way, each), 0);
  };
  const before = [await behind(edge.traefik.selector), await behind(edge.waf.selector)] as const;
  const through = await asked(cluster, way.request(way.host('backend'), { client: 240, path, headers }));
  const cpu = [await behind(edge.traefik.selector), await behind(edge.waf.selector)].map(
    (after, index) => Math.round(((after - (before[index] ?? 0)) * 1e4) / requests) / 10,
  );
  const [traefik = 0, waf = 0] = cpu;
  const ratio = Math.round((through / around) * 10) / 10;
  report(
    `costs: ${around} ms directly, ${through} ms by the way in; CPU a request: Traefik ${traefik} ms, firewall ${waf} ms`,
  );
  return {
    figures: {
      'latency, times the direct way': ratio,
      'CPU a request, Traefik': traefik,
      'CPU a request, firewall': waf,
    },
    units: {
      'latency, times the direct way': 'times',
      'CPU a request, Traefik': 'ms',
      'CPU a request, firewall': 'ms',
    },
    checks: [],
  };
}

/** The median of the answers' times, in milliseconds. @throws ProvingError where one fails */
async function asked(cluster: WayIn['cluster'], request: WebRequest, node?: string): Promise<number> {
  // Fewer than 100 a second: more would be held back.
  const answers = await askWeb(
    cluster,
    Array.from({ length: requests }, () => request),
    { atOnce: 1, node },
  );
  const failed = answers.find(({ status }) => status !== 200);
  if (failed !== undefined) throw new ProvingError(`a request was answered ${failed.status} ${failed.error ?? ''}`);
  return answers.map(({ milliseconds }) => milliseconds).sort((a, b) => a - b)[requests / 2] ?? 0;
}

function cpuOf({ cluster }: WayIn, { metadata, spec }: PodObject): number {
  return cpuSecondsOf(`${podCgroup(cluster.cgroup, spec.nodeName ?? '').slice(1)}/kubepods`, `pod${metadata.uid}`);
}
