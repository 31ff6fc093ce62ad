import net from 'node:net';
import { Construct } from 'constructs';
import type { IService } from 'kubernetes-models/v1/Service';
import { serviceHost } from './endpoint.ts';
import type { Endpoint } from './endpoint.ts';
import { InputError } from './error.ts';
import { kubeObject } from './kube-object.ts';
import { checkName } from './names.ts';
import type { Workload } from './workload.ts';

export interface ServicePort {
  /** What others call it. */
  readonly name: string;
  /**
   * What clients name.
   * @default the pods' own
   */
  readonly port?: number;
  /**
   * Name of the pods' port.
   * @default the name
   */
  readonly target?: string;
  /**
   * The port of every node that leads here too. The quota of its namespace has room for those that are declared.
   * @default none: reached from inside only
   */
  readonly nodePort?: NodePort;
}

export interface NodePort {
  /** From 30000 to 32767. */
  readonly number: number;
  /** Why it can't be done without: it is a way in beside those that wires declare. */
  readonly because: string;
}

export interface ServiceProps {
  /** Name of the object, and of the host. */
  readonly name: string;
  readonly pods: Workload;
  /**
   * What clients connect to.
   * @default none: it only gives names, or keeps what others write
   */
  readonly ports?: readonly ServicePort[];
  /**
   * Labels that its pods have besides the workload's; `false` where somebody else writes the addresses.
   * @default none
   */
  readonly select?: Readonly<Record<string, string>> | false;
  /**
   * Whether the name leads to the pods themselves, and gives each of a StatefulSet a name.
   * @default false
   */
  readonly headless?: boolean;
  /**
   * Whether pods that are not ready are found too, as members that look for each other have to be.
   * @default false
   */
  readonly publishNotReady?: boolean;
  /**
   * Of a Service with node ports: `Local` keeps the client's address, and only nodes with such a pod answer.
   * @default Cluster
   */
  readonly externalTrafficPolicy?: 'Cluster' | 'Local';
  /**
   * Whether a client is led to a pod of its own node, where there is one that is ready: nothing has to be told when another
   * node is lost.
   * @default false
   * @see https://kubernetes.io/docs/reference/networking/virtual-ips/#traffic-distribution (1.36)
   */
  readonly preferSameNode?: boolean;
  /**
   * Its address in the network of Services, for clients that can't ask for its name, such as those of a DNS server. Kubernetes
   * can't change it in place.
   * @default one that Kubernetes chooses
   */
  readonly address?: string;
  /**
   * Whether it is led to these pods only when they are ready, because it leads to others until then: Argo CD applies it after them.
   * @default false
   */
  readonly afterPods?: boolean;
}

/** A name that leads to the pods of a workload. */
export class Service extends Construct {
  readonly name: string;
  /** The name in the whole cluster. */
  readonly host: string;
  readonly namespace: string;
  /** How many ports of every node lead here. */
  readonly nodePorts: number;
  private readonly props: ServiceProps;

  /** @throws InputError for a port that the pods don't have, or that nodes can't have */
  constructor(scope: Construct, id: string, props: ServiceProps) {
    super(scope, id);
    const { name, pods } = props;
    this.props = props;
    this.name = checkName(`Service ${name}`, name);
    this.namespace = pods.namespace;
    this.host = serviceHost(name, this.namespace);
    const opened = (props.ports ?? []).flatMap((port) =>
      port.nodePort === undefined ? [] : [[port.name, port.nodePort] as const],
    );
    this.nodePorts = opened.length;
    const annotations = {
      ...pods.props.annotations,
      ...(props.afterPods ? { 'argocd.argoproj.io/sync-wave': '1' } : {}),
      ...Object.fromEntries(opened.map(([port, { because }]) => [`diptych/node-port-of-${port}`, because])),
    };
    const manifest: IService = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, labels: { ...pods.labels }, ...(Object.keys(annotations).length > 0 ? { annotations } : {}) },
      spec: serviceSpec(props),
    };
    kubeObject(this, 'service', manifest);
  }

  /** One for each pod of a StatefulSet, `name-0` and so on, with an address that stays when the pod is made anew. */
  static perPod(scope: Construct, pods: Workload, ports: readonly ServicePort[]): readonly Service[] {
    const { controller } = pods.props;
    if (controller.kind !== 'StatefulSet') {
      throw new InputError({
        where: `workload ${pods.namespace}/${pods.name}`,
        what: `each pod of a ${controller.kind} is to have a Service of its own`,
        allowed: 'a StatefulSet: others give their pods new names',
        remedy: 'make it a StatefulSet, or give all pods one Service',
      });
    }
    return Array.from({ length: controller.replicas }, (_, index) => {
      const name = `${pods.name}-${index}`;
      const select = { 'statefulset.kubernetes.io/pod-name': name };
      return new Service(scope, `service-${name}`, { name, pods, ports, select, publishNotReady: true });
    });
  }

  /** One of its ports, to be wired to. @throws InputError naming the ports there are */
  endpoint(port: string, what: string): Endpoint & { readonly host: string; readonly port: number } {
    const { host, name, props } = this;
    const { pods, ports = [] } = props;
    const found = ports.find((each) => each.name === port);
    if (found === undefined) {
      throw new InputError({
        where: `Service ${name}`,
        what: `it has no port "${port}"`,
        allowed: ports.map((each) => each.name).join(', ') || 'none: it only gives names',
        remedy: 'name one of these, or add the port',
      });
    }
    const { port: podPort, protocol = 'TCP' } = pods.containerPort(found.target ?? found.name);
    const number = found.port ?? podPort;
    const differs = { ...(number === podPort ? {} : { podPort }), ...(protocol === 'TCP' ? {} : { protocol }) };
    return { name: what, host, port: number, targets: [{ peer: pods, host, port: number, ...differs }] };
  }
}

function serviceSpec(props: ServiceProps): NonNullable<IService['spec']> {
  const { pods, ports = [], select = {}, headless = false, publishNotReady = false, preferSameNode = false } = props;
  const external = ports.some(({ nodePort }) => nodePort !== undefined);
  checkOptions(props, external);
  return {
    ...(external ? { type: 'NodePort', externalTrafficPolicy: props.externalTrafficPolicy ?? 'Cluster' } : {}),
    ...(headless ? { clusterIP: 'None' } : {}),
    ...(props.address === undefined ? {} : { clusterIP: props.address }),
    ...(publishNotReady ? { publishNotReadyAddresses: true } : {}),
    ...(preferSameNode ? { trafficDistribution: 'PreferSameNode' } : {}),
    ...(select === false ? {} : { selector: { ...pods.selector, ...select } }),
    ...(ports.length > 0
      ? {
          ports: ports.map(({ name, port, target = name, nodePort }) => {
            const { port: podPort, protocol = 'TCP' } = pods.containerPort(target);
            // Names are those of pods; addresses that somebody else writes have numbers.
            const targetPort = select === false ? podPort : target;
            const more = nodePort === undefined ? {} : { nodePort: nodePort.number };
            return { name, port: port ?? podPort, protocol, targetPort, ...more };
          }),
        }
      : {}),
  };
}

function checkOptions(
  { name, ports = [], headless, externalTrafficPolicy, address }: ServiceProps,
  external: boolean,
): void {
  const wrong = [
    ...(address === undefined || (net.isIPv4(address) && headless !== true)
      ? []
      : [{ what: `the address ${address}`, allowed: 'an IPv4 address, of a Service that is not headless' }]),
    ...ports.flatMap(({ nodePort }) => (nodePort === undefined ? [] : wrongNodePort(nodePort))),
    ...(external && headless
      ? [{ what: 'it is headless and has node ports', allowed: 'one of the two: node ports lead to its address' }]
      : []),
    ...(externalTrafficPolicy !== undefined && !external
      ? [{ what: `externalTrafficPolicy: ${externalTrafficPolicy}`, allowed: 'node ports for it to say something of' }]
      : []),
  ];
  if (wrong.length === 0) return;
  throw new InputError(wrong.map((each) => ({ where: `Service ${name}`, ...each, remedy: 'change the option' })));
}

function wrongNodePort({ number, because }: NodePort): { readonly what: string; readonly allowed: string }[] {
  const what = `the node port ${number}`;
  return [
    ...(number >= 30_000 && number <= 32_767 ? [] : [{ what, allowed: '30000 to 32767' }]),
    ...(because.length < 10 ? [{ what: `${what} because "${because}"`, allowed: 'a sentence why it has to be' }] : []),
  ];
}
