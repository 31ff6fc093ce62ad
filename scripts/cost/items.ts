import { environmentInput } from '../../config/index.ts';
import type { machineValues } from '../../synth/machines.ts';

/** Something that costs money by existing. */
export interface Item {
  readonly what: string;
  /** Key of its price, such as `server ccx33`; undefined where nobody here can know it. */
  readonly price: string | undefined;
  /** How many of what the price is of: gigabytes of a volume, else things. */
  readonly count: number;
}

type Values = NonNullable<ReturnType<typeof machineValues>>;

/** What terraform/ makes of a load balancer, if nothing else is asked for. */
const loadBalancerType = 'lb11';

/** Everything that terraform/ and npm run buckets make of an environment. */
export function itemsOf(environment: string, { nodes, load_balancers }: Values): Item[] {
  const machines = Object.entries(nodes);
  const volumes = machines.flatMap(([, node]) => Object.entries(node.volumes));
  const { objectStores } = environmentInput(environment);
  return [
    ...machines.map(([name, { server_type }]) => one(`server ${name}, ${server_type}`, `server ${server_type}`)),
    ...volumes.map(([name, size]) => ({ what: `volume ${name}, ${size} GB`, price: 'volume', count: size })),
    ...Object.keys(load_balancers).map((name) =>
      one(`load balancer ${name}, ${loadBalancerType}`, `load balancer ${loadBalancerType}`),
    ),
    { what: `public IPv4 of ${machines.length} servers`, price: 'primary ipv4', count: machines.length },
    { what: `public IPv6 of ${machines.length} servers`, price: 'primary ipv6', count: machines.length },
    one('floating IPv4, for breaking the glass', 'floating ipv4'),
    ...Object.values(objectStores).map(({ bucket, endpoint }) =>
      one(`bucket ${bucket}, by what is in it, at ${new URL(endpoint).host}`, undefined),
    ),
  ];
}

function one(what: string, price: string | undefined): Item {
  return { what, price, count: 1 };
}
