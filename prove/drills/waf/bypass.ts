import { getJson } from '../../cluster/kubectl.ts';
import type { WayIn } from '../../components/edge/way-in.ts';
import type { DrillCheck, Part } from '../../results/index.ts';
import type { PlatformGround } from '../ground.ts';

interface Named {
  readonly metadata: { readonly name: string; readonly namespace: string };
}

interface Route extends Named {
  readonly spec: {
    readonly routes: readonly { readonly services?: readonly { readonly name: string; readonly kind?: string }[] }[];
  };
}

interface ServiceObject extends Named {
  readonly spec: { readonly type: string; readonly externalIPs?: readonly string[] };
}

interface Pod extends Named {
  readonly spec: {
    readonly hostNetwork?: boolean;
    readonly containers: readonly { readonly ports?: readonly { readonly hostPort?: number }[] }[];
  };
}

const keyOf = ({ metadata }: Named): string => `${metadata.namespace}/${metadata.name}`;

/** Ways to an application that don't lead through the firewall, as the cluster has them. */
export async function bypasses({ cluster, report }: PlatformGround, way: WayIn): Promise<Part> {
  const items = async <Kind>(kind: string): Promise<readonly Kind[]> =>
    (await getJson<{ readonly items: readonly Kind[] }>(cluster, [kind, '--all-namespaces'])).items;
  const { traefik, waf } = way.edge;
  const routes = (await items<Route>('ingressroutes.traefik.io')).filter(({ spec }) =>
    spec.routes
      .flatMap(({ services = [] }) => services)
      .some(({ name, kind }) => kind !== 'TraefikService' && name !== waf.name),
  );
  const others = [...(await items<Named>('ingresses')), ...(await items<Named>('ingressroutetcps.traefik.io'))];
  const services = (await items<ServiceObject>('services')).filter(
    (service) =>
      (service.spec.type !== 'ClusterIP' || service.spec.externalIPs !== undefined) &&
      keyOf(service) !== `${traefik.namespace}/${traefik.name}`,
  );
  const pods = (await items<Pod>('pods')).filter(
    ({ spec, metadata }) =>
      metadata.namespace !== 'kube-system' &&
      (spec.hostNetwork === true ||
        spec.containers.some(({ ports = [] }) => ports.some(({ hostPort }) => hostPort !== undefined))),
  );
  const found = [...routes, ...others, ...services, ...pods].map(keyOf);
  report(`ways around the firewall: ${found.join(', ') || 'none'}`);
  const check = (what: string, list: readonly Named[]): DrillCheck => ({
    what,
    expected: 'none',
    got: list.map(keyOf).join(', ') || 'none',
  });
  return {
    figures: { bypass: found.length },
    checks: [
      check('routes that lead elsewhere than to the firewall', routes),
      check('ways in of other kinds', others),
      check('services that the nodes or other addresses open', services),
      check('pods in the network of their node', pods),
    ],
  };
}
