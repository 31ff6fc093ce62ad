import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { isApplicationChart } from './application-chart.ts';
import { InputError } from './error.ts';
import type { Manifest } from './manifest.ts';

const clusterScoped = new Set([
  'ClusterIssuer',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'Namespace',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** Losing one of these loses data, so Argo CD asks a person before it prunes or deletes it. */
const confirmed = new Set(['Namespace', 'PersistentVolume', 'PersistentVolumeClaim', 'StatefulSet']);

export function isClusterScoped(kind: string): boolean {
  return clusterScoped.has(kind);
}

interface ObjectMetadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
}

interface Level1<P> {
  new (scope: Construct, id: string, props: P): ApiObject;
  readonly GVK: { readonly apiVersion: string; readonly kind: string };
}

/**
 * Adds an object by a class of cdk8s-plus-28. The classes know Kubernetes 1.28 and drop newer fields without a word, so
 * what comes out is compared with what went in.
 * @throws InputError naming the field that would be lost
 */
export function kubeObject<P extends { readonly metadata?: ObjectMetadata }>(
  scope: Construct,
  id: string,
  kind: Level1<P>,
  props: P,
): ApiObject {
  const complete = { ...props, metadata: metadata(scope, kind.GVK.kind, props.metadata) };
  const object = new kind(scope, id, complete);
  // The instance's own toJson is the class's mapping and the resolvers: exactly what a file would hold.
  const lost = firstLoss(plain(complete), object.toJson() as unknown, '');
  if (lost !== undefined) {
    throw new InputError({
      where: `${kind.GVK.kind} ${complete.metadata.name}`,
      what: `cdk8s-plus-28 drops the field ${lost}`,
      allowed: 'fields of Kubernetes 1.28',
      remedy: 'use typedObject with the interface of kubernetes-models for this object',
    });
  }
  return object;
}

/** Adds an object typed by `kubernetes-models`: workloads, whose newer fields we need, and custom resources. */
export function typedObject(
  scope: Construct,
  id: string,
  manifest: { readonly apiVersion: string; readonly kind: string; readonly metadata?: ObjectMetadata },
): ApiObject {
  return new ApiObject(scope, id, { ...manifest, metadata: metadata(scope, manifest.kind, manifest.metadata) });
}

/** Every object below a chart. `Chart.apiObjects` knows only its direct children. */
export function objectsOf(chart: Chart): ApiObject[] {
  return chart.node.findAll().filter((node) => ApiObject.isApiObject(node));
}

/** The manifest of an object as it will stand in its file. */
export function manifestOf(object: ApiObject): Manifest {
  return object.toJson() as Manifest;
}

function metadata(
  scope: Construct,
  kind: string,
  given: ObjectMetadata = {},
): ObjectMetadata & { readonly name: string } {
  if (given.name === undefined) {
    throw new InputError({
      where: `${kind} in ${scope.node.path}`,
      what: 'the object has no name of its own',
      allowed: 'an explicit metadata.name: generated ones change when code moves',
      remedy: 'name it',
    });
  }
  const namespace = given.namespace ?? defaultNamespace(scope);
  const options: Record<string, string> = confirmed.has(kind)
    ? { 'argocd.argoproj.io/sync-options': 'Prune=confirm,Delete=confirm' }
    : {};
  const annotations = { ...options, ...given.annotations };
  return {
    ...given,
    name: given.name,
    ...(isClusterScoped(kind) ? {} : { namespace }),
    ...(Object.keys(annotations).length > 0 ? { annotations } : {}),
  };
}

/** Where the objects of a chart live; charts of our own kind don't let cdk8s know, see ApplicationChart. */
function defaultNamespace(scope: Construct): string | undefined {
  const chart = Chart.of(scope);
  return chart.namespace ?? (isApplicationChart(chart) ? chart.destination.name : undefined);
}

/** IntOrString, Quantity and Date become what they stand for. */
function plain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return value;
  if (Object.getPrototypeOf(value) !== Object.prototype && 'value' in value) return value.value;
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, plain(child)]));
}

function firstLoss(given: unknown, produced: unknown, at: string): string | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'object' && given !== null) {
    if (Object.keys(given).length === 0) return undefined;
    if (typeof produced !== 'object' || produced === null) return at;
    const childOf = produced as Record<string, unknown>;
    for (const [key, child] of Object.entries(given)) {
      const lost = firstLoss(child, childOf[key], Array.isArray(given) ? `${at}[${key}]` : at ? `${at}.${key}` : key);
      if (lost !== undefined) return lost;
    }
    return undefined;
  }
  return given === produced ? undefined : at;
}
