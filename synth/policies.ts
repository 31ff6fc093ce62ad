import type { IContainer } from 'kubernetes-models/v1/Container';
import type { Image } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import { restrictedViolations } from './pod-security.ts';
import { controllerSpec, podTemplateOf } from './pods.ts';

export interface PolicyContext {
  /** References that the image table gives. */
  readonly images: ReadonlySet<Image['reference']>;
  /** Secrets of the inventory with their keys, by `namespace/name`. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
}

type Rule = (manifest: Manifest, context: PolicyContext, all: readonly Manifest[]) => readonly Omit<Finding, 'where'>[];

/** What no schema says and every object of ours owes. */
const rules: readonly Rule[] = [
  noPlainSecret,
  noEndpoints,
  imagesFromTheTable,
  everyContainerStates,
  podSecurity,
  selectorsHold,
  autoscalerOwnsReplicas,
  secretsAreInTheInventory,
  ownServiceAccount,
];

export function policyFindings(manifests: readonly Manifest[], context: PolicyContext): Finding[] {
  return manifests.flatMap((manifest) =>
    rules.flatMap((rule) =>
      rule(manifest, context, manifests).map((finding) => ({ where: describeManifest(manifest), ...finding })),
    ),
  );
}

function containersOf(manifest: Manifest): IContainer[] {
  const spec = podTemplateOf(manifest)?.spec;
  return [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])];
}

function noPlainSecret({ kind, data, stringData }: Manifest): ReturnType<Rule> {
  if (kind !== 'Secret' || (data === undefined && stringData === undefined)) return [];
  return [
    {
      what: 'a Secret with data would stand in git for everybody to read',
      allowed: 'SealedSecrets, made by npm run seal from a SecretRef',
      remedy: 'declare a SecretRef',
    },
  ];
}

function noEndpoints({ kind }: Manifest): ReturnType<Rule> {
  if (kind !== 'Endpoints' && kind !== 'EndpointSlice') return [];
  return [
    {
      what: `${kind} are written by controllers, and Argo CD never manages them`,
      allowed: 'a Service',
      remedy: 'remove it',
    },
  ];
}

function imagesFromTheTable(manifest: Manifest, { images }: PolicyContext): ReturnType<Rule> {
  return containersOf(manifest)
    .filter(({ image }) => !images.has(image ?? ''))
    .map(({ name, image }) => ({
      what: `the container ${name} runs ${image ?? 'no image'}, which is not in the image table`,
      allowed: 'images of config/images.json, by environment.image(name)',
      remedy: 'add it to the table',
    }));
}

function everyContainerStates(manifest: Manifest): ReturnType<Rule> {
  const ends = manifest.kind === 'Job' || manifest.kind === 'CronJob';
  const spec = podTemplateOf(manifest)?.spec;
  return containersOf(manifest).flatMap((container) => {
    const lasting = !ends && spec?.containers.includes(container);
    const missing = [
      ...(container.resources?.requests?.cpu === undefined ? ['a CPU request'] : []),
      ...(container.resources?.requests?.memory === undefined ? ['a memory request'] : []),
      ...(container.resources?.limits?.memory === undefined ? ['a memory limit'] : []),
      ...(lasting && !container.startupProbe ? ['a startup probe'] : []),
      ...(lasting && !container.readinessProbe ? ['a readiness probe'] : []),
      ...(lasting && !container.livenessProbe ? ['a liveness probe'] : []),
      ...(container.securityContext?.readOnlyRootFilesystem ? [] : ['a read-only root file system']),
    ];
    return missing.length === 0
      ? []
      : {
          what: `the container ${container.name} states no ${missing.map((text) => text.replace(/^an? /, '')).join(', no ')}`,
          allowed: 'containers that state what they need and how to tell that they work',
          remedy: 'build the pods with Workload, which asks for all of it',
        };
  });
}

function podSecurity(manifest: Manifest, _: PolicyContext, all: readonly Manifest[]): ReturnType<Rule> {
  const spec = podTemplateOf(manifest)?.spec;
  if (spec === undefined) return [];
  const namespace = all.find(
    ({ kind, metadata }) => kind === 'Namespace' && metadata.name === manifest.metadata.namespace,
  );
  const level = namespace?.metadata.labels?.['pod-security.kubernetes.io/enforce'] ?? 'restricted';
  if (level !== 'restricted') return [];
  return restrictedViolations(spec).map((violation) => ({
    what: `Pod Security refuses ${violation}`,
    allowed: 'what the level restricted admits',
    remedy: 'mend the pod; only the namespace of the node agents has another level',
  }));
}

function selectorsHold(manifest: Manifest): ReturnType<Rule> {
  const selector = controllerSpec(manifest).selector?.matchLabels;
  const template = podTemplateOf(manifest);
  if (selector === undefined || template === undefined) return [];
  const labels: Readonly<Record<string, string>> = template.metadata?.labels ?? {};
  return [
    ...Object.keys(selector)
      .filter((key) => labels[key] !== selector[key])
      .map((key) => ({
        what: `the selector asks for ${key}, which its own pods do not have`,
        allowed: 'labels of the pod template',
        remedy: 'take both from selectorLabels',
      })),
    ...('app.kubernetes.io/version' in selector
      ? [
          {
            what: 'the selector contains the version, and a selector can never change',
            allowed: 'labels that stay',
            remedy: 'take it from selectorLabels',
          },
        ]
      : []),
  ];
}

function autoscalerOwnsReplicas(manifest: Manifest, _: PolicyContext, all: readonly Manifest[]): ReturnType<Rule> {
  if (manifest.kind !== 'Deployment' || controllerSpec(manifest).replicas === undefined) return [];
  const { name, namespace } = manifest.metadata;
  const scaled = all.some(({ kind, metadata, spec }) => {
    const target = (spec as { readonly scaleTargetRef?: { readonly name?: string } } | undefined)?.scaleTargetRef;
    return kind === 'HorizontalPodAutoscaler' && metadata.namespace === namespace && target?.name === name;
  });
  if (!scaled) return [];
  return [
    {
      what: 'it states replicas and has an autoscaler: each sync would undo what the autoscaler did',
      allowed: 'one of the two',
      remedy: 'leave replicas out',
    },
  ];
}

function secretsAreInTheInventory(manifest: Manifest, { secrets }: PolicyContext): ReturnType<Rule> {
  const spec = podTemplateOf(manifest)?.spec;
  const namespace = manifest.metadata.namespace ?? '';
  const mounted = (spec?.volumes ?? []).flatMap(({ secret }) =>
    secret ? (secret.items ?? []).map(({ key }) => ({ name: secret.secretName ?? '', key })) : [],
  );
  const named = containersOf(manifest).flatMap(({ env = [] }) =>
    env.flatMap(({ valueFrom }) =>
      valueFrom?.secretKeyRef ? [{ name: valueFrom.secretKeyRef.name ?? '', key: valueFrom.secretKeyRef.key }] : [],
    ),
  );
  return [...mounted, ...named]
    .filter(({ name, key }) => !secrets.get(`${namespace}/${name}`)?.includes(key))
    .map(({ name, key }) => ({
      what: `it reads ${name}.${key}, which the secret inventory does not have for ${namespace}`,
      allowed: [...secrets.keys()].filter((known) => known.startsWith(`${namespace}/`)).join(', ') || 'none there',
      remedy: 'declare a SecretRef and hand the workload its key',
    }));
}

function ownServiceAccount(manifest: Manifest, _: PolicyContext, all: readonly Manifest[]): ReturnType<Rule> {
  const spec = podTemplateOf(manifest)?.spec;
  if (spec === undefined) return [];
  const { namespace } = manifest.metadata;
  const account = spec.serviceAccountName ?? 'default';
  const users = all.filter(
    (other) => other.metadata.namespace === namespace && podTemplateOf(other)?.spec?.serviceAccountName === account,
  );
  const exists = all.some(
    ({ kind, metadata }) => kind === 'ServiceAccount' && metadata.namespace === namespace && metadata.name === account,
  );
  if (exists && users.length === 1) return [];
  return [
    {
      what: exists ? `it shares the service account ${account}` : `there is no service account ${account}`,
      allowed: 'an account for each workload, so that rights are given to one only',
      remedy: 'build the pods with Workload, which makes one',
    },
  ];
}
