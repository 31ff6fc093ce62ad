import { isClusterScoped } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { templateOf } from '../network/policies.ts';

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly args?: readonly string[];
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly name?: string; readonly containerPort: number; readonly protocol?: string }[];
}

interface PodSpec {
  readonly hostNetwork?: boolean;
  readonly serviceAccountName?: string;
  readonly containers?: readonly Container[];
  readonly initContainers?: readonly Container[];
}

/** Fields that are facts as a whole: selectors and ports of policies, verbs and resources of rights. */
const whole: Readonly<Record<string, readonly string[]>> = {
  NetworkPolicy: ['spec'],
  ClusterRole: ['aggregationRule', 'rules'],
  ClusterRoleBinding: ['roleRef', 'subjects'],
  Role: ['rules'],
  RoleBinding: ['roleRef', 'subjects'],
};

/** An object with what tells who it is, what it may do and whom it talks to. @param namespace where it says none */
export function skeletonOf(object: Manifest, namespace: string): Manifest {
  const { apiVersion, kind, metadata } = object;
  const own = isClusterScoped(kind) ? {} : { namespace: metadata.namespace ?? namespace };
  return {
    apiVersion,
    kind,
    metadata: { name: metadata.name, ...own },
    ...defined(Object.fromEntries((whole[kind] ?? []).map((field) => [field, object[field]]))),
    ...(opensNodePorts(object) ? { spec: { type: object.spec.type } } : {}),
    ...withTemplate(object),
  };
}

/** Whether it is a Service with ports of the nodes, such as for a load balancer. */
export function opensNodePorts(object: Manifest): object is Manifest & { readonly spec: { readonly type: string } } {
  const { kind, spec } = object as Manifest & { readonly spec?: { readonly type?: string } };
  return kind === 'Service' && (spec?.type === 'NodePort' || spec?.type === 'LoadBalancer');
}

/** Nested as the kind has it, so that whoever reads pods of a kind reads these. */
function withTemplate(object: Manifest): Readonly<Record<string, unknown>> {
  const found = templateOf(object);
  if (found === undefined) return {};
  const { metadata, spec } = found.template as {
    readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
    readonly spec?: PodSpec;
  };
  const template = { metadata: { labels: metadata?.labels ?? {} }, spec: podOf(spec ?? {}) };
  return found.path.reduceRight<Readonly<Record<string, unknown>>>((inner, key) => ({ [key]: inner }), template);
}

function podOf({ hostNetwork, serviceAccountName, containers = [], initContainers = [] }: PodSpec) {
  return defined({
    hostNetwork,
    serviceAccountName,
    initContainers: initContainers.length === 0 ? undefined : initContainers.map(containerOf),
    containers: containers.map(containerOf),
  });
}

function containerOf({ name, image, args = [], restartPolicy, ports }: Container) {
  // Controllers are told so what the pods that they make shall run.
  const images = args.filter((argument) => /^--[\w-]*image=/.test(argument));
  return defined({
    name,
    image,
    restartPolicy,
    args: images.length === 0 ? undefined : images,
    ports: ports?.map(({ name: named, containerPort, protocol }) => defined({ name: named, containerPort, protocol })),
  });
}

function defined<Fields extends object>(fields: Fields): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Fields;
}
