import { ApiObject, Chart, JsonPatch } from 'cdk8s';
import type { Construct } from 'constructs';
import { isApplicationChart } from './application-chart.ts';
import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import type { Manifest } from './manifest.ts';

const clusterScoped = new Set([
  'ClusterIssuer',
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'MutatingWebhookConfiguration',
  'Namespace',
  'PersistentVolume',
  'PriorityClass',
  'StorageClass',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'ValidatingWebhookConfiguration',
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

/** An object typed by an interface of `kubernetes-models` or `imports/`. */
interface TypedManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata?: ObjectMetadata;
}

/** A class of cdk8s-plus-28. */
interface Level1<P> {
  new (scope: Construct, id: string, props: P): ApiObject;
  readonly GVK: { readonly apiVersion: string; readonly kind: string };
  /** What such an object holds. */
  manifest(props: NoInfer<P>): unknown;
}

/**
 * An object that holds plain data. cdk8s looks for tokens in every value and copies it four times, which takes as long as
 * everything else that a construct does.
 */
class PlainObject extends ApiObject {
  private readonly manifest: TypedManifest;
  private patched = false;

  constructor(scope: Construct, id: string, manifest: TypedManifest) {
    super(scope, id, manifest);
    this.manifest = manifest;
  }

  override addJsonPatch(...patches: JsonPatch[]): void {
    const findings = patches.flatMap((patch, index) => patchFindings(this.node.path, patch, index, this.toJson()));
    if (findings.length > 0) throw new InputError(findings);
    this.patched ||= patches.length > 0;
    super.addJsonPatch(...patches);
  }

  /** What was given, where that is what it holds. */
  get unpatched(): TypedManifest | undefined {
    return this.patched ? undefined : this.manifest;
  }

  override toJson(): unknown {
    if (this.patched) return super.toJson();
    return withoutNothing({ ...this.manifest, metadata: this.metadata.toJson() as unknown });
  }
}

/** The library takes a removal of nothing, and a replacement of what is not there. */
function patchFindings(where: string, patch: JsonPatch, index: number, manifest: unknown): Finding[] {
  const refuse = (what: string, allowed: string): Finding[] => {
    return [{ where: `${where}: patch ${index + 1}`, what, allowed, remedy: 'correct or remove it' }];
  };
  if (!(patch instanceof JsonPatch)) {
    return refuse('it is a plain object', "patches of cdk8s, such as JsonPatch.replace('/spec/replicas', 2)");
  }
  const { op, path } = operationOf(patch);
  if (op !== 'remove' && op !== 'replace') return [];
  const keys = path
    .split('/')
    .slice(1)
    .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
  const found = keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined),
    manifest,
  );
  return found === undefined ? refuse(`it would ${op} ${path}, which is not there`, 'a path of the object') : [];
}

/** cdk8s hands it out to itself only. */
function operationOf(patch: JsonPatch): { readonly op: string; readonly path: string } {
  return (patch as unknown as { _toJson(): { op: string; path: string } })._toJson();
}

/** A copy without fields that are undefined or null. */
function withoutNothing(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value ?? undefined;
  if (Array.isArray(value)) return value.map(withoutNothing);
  if (Object.getPrototypeOf(value) !== Object.prototype)
    throw new TypeError(`${value.constructor.name} is no plain data`);
  const given = value as Readonly<Record<string, unknown>>;
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(given)) {
    const child = given[key];
    if (child !== undefined && child !== null) copy[key] = withoutNothing(child);
  }
  return copy;
}

/**
 * Adds an object: by a class of cdk8s-plus-28 and its props, or as a manifest where no class knows the kind or a field
 * of it. The classes know Kubernetes 1.28 and drop newer fields without a word, so what comes out of one is compared with
 * what went in.
 * @throws InputError for an object without a name; naming the field that a class would lose
 */
export function kubeObject(scope: Construct, id: string, manifest: TypedManifest): ApiObject;
export function kubeObject<P extends { readonly metadata?: ObjectMetadata }>(
  scope: Construct,
  id: string,
  kind: Level1<P>,
  props: P,
): ApiObject;
export function kubeObject<P extends { readonly metadata?: ObjectMetadata }>(
  scope: Construct,
  id: string,
  what: TypedManifest | Level1<P>,
  props?: P,
): ApiObject {
  if (typeof what !== 'function') {
    return new PlainObject(scope, id, { ...what, metadata: metadata(scope, what.kind, what.metadata) });
  }
  const { kind } = what.GVK;
  const named = metadata(scope, kind, props?.metadata);
  const complete = { ...props, metadata: named } as P;
  const manifest = what.manifest(complete) as TypedManifest;
  const lost = firstLoss(plain(complete), manifest, '');
  if (lost === undefined) return new PlainObject(scope, id, manifest);
  throw new InputError({
    where: `${kind} ${named.name}`,
    what: `cdk8s-plus-28 drops the field ${lost}`,
    allowed: 'fields of Kubernetes 1.28',
    remedy: 'give kubeObject a manifest with the interface of kubernetes-models in place of the class',
  });
}

/** Every object below a chart. `Chart.apiObjects` knows only its direct children. */
export function objectsOf(chart: Chart): ApiObject[] {
  return chart.node.findAll().filter((node) => ApiObject.isApiObject(node));
}

/** The manifest of an object as it will stand in its file. */
export function manifestOf(object: ApiObject): Manifest {
  return object.toJson() as Manifest;
}

/**
 * The manifest of an object, to look something up in its spec: nothing is copied, so fields may be there and undefined, and
 * its metadata lacks what was added to it.
 */
export function glanceAt(object: ApiObject): Manifest {
  // cdk8s takes every object for an instance of each of its subclasses.
  const { unpatched } = object as ApiObject & Partial<Pick<PlainObject, 'unpatched'>>;
  return unpatched === undefined ? manifestOf(object) : (unpatched as Manifest);
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
