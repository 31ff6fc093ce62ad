import type { IContainer } from 'kubernetes-models/v1/Container';
import type { Image } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import { certificateKeys } from '../constructs/core/secret.ts';
import { literalSecretFindings } from './literal-secrets.ts';
import { restrictedViolations } from './pod-security.ts';
import type { Privileges } from './pod-security.ts';
import { overlapFindings } from './overlap.ts';
import { controllerSpec, podTemplateOf } from './pods.ts';
import { bindingFindings, rightsFindings, rolesOf, tokenFindings } from './rights.ts';
import { nodePortFindings, nodePortOwners } from './twice.ts';

export interface PolicyContext {
  /** References that the image table gives. */
  readonly images: ReadonlySet<Image['reference']>;
  /** Secrets of the inventory with their keys, by `namespace/name`. */
  readonly secrets: ReadonlyMap<string, readonly string[]>;
  /** What each workload declares to need beyond Pod Security's level `restricted`, by kind, namespace and name. */
  readonly privileges: ReadonlyMap<string, Privileges>;
}

/** What the rules ask of other objects, looked up once. */
interface Neighbours extends PolicyContext {
  /** `namespace/name` of every ServiceAccount. */
  readonly accounts: ReadonlySet<string>;
  /** How many workloads use an account, by `namespace/name`. */
  readonly accountUsers: ReadonlyMap<string, number>;
  /** `namespace/name` of every Deployment that an autoscaler steers. */
  readonly scaled: ReadonlySet<string>;
  /** Pod Security level of each namespace. */
  readonly levels: ReadonlyMap<string, string | undefined>;
  /** `namespace/name` of the Secrets that cert-manager writes. */
  readonly certificates: ReadonlySet<string>;
  /** Every role. */
  readonly roles: ReadonlySet<string>;
  /** The Service of each node port, such as `TCP 30001`. */
  readonly nodePorts: ReadonlyMap<string, string>;
}

type Rule = (manifest: Manifest, neighbours: Neighbours) => readonly Omit<Finding, 'where'>[];

/** What no schema says and every object of ours owes. */
const rules: readonly Rule[] = [
  noPlainSecret,
  literalSecretFindings,
  noEndpoints,
  noClaimedAddresses,
  imagesFromTheTable,
  everyContainerStates,
  podSecurity,
  selectorsHold,
  autoscalerFindsReplicas,
  secretsAreInTheInventory,
  ownServiceAccount,
  rightsFindings,
  overlapFindings,
  (manifest, { roles }) => bindingFindings(manifest, roles),
  (manifest) => tokenFindings(manifest, podTemplateOf(manifest)),
  (manifest, { nodePorts }) => nodePortFindings(manifest, nodePorts),
];

export function policyFindings(manifests: readonly Manifest[], context: PolicyContext): Finding[] {
  const neighbours = { ...context, ...neighboursOf(manifests) };
  return manifests.flatMap((manifest) =>
    rules.flatMap((rule) =>
      rule(manifest, neighbours).map((finding) => ({ where: describeManifest(manifest), ...finding })),
    ),
  );
}

function neighboursOf(manifests: readonly Manifest[]): Omit<Neighbours, keyof PolicyContext> {
  const ofKind = (kind: string): Manifest[] => manifests.filter((manifest) => manifest.kind === kind);
  const accountUsers = new Map<string, number>();
  for (const account of manifests.flatMap((manifest) => accountOf(manifest) ?? [])) {
    accountUsers.set(account, (accountUsers.get(account) ?? 0) + 1);
  }
  return {
    accountUsers,
    roles: rolesOf(manifests),
    nodePorts: nodePortOwners(manifests),
    accounts: new Set(ofKind('ServiceAccount').map(({ metadata }) => inNamespace(metadata, metadata.name))),
    scaled: new Set(
      ofKind('HorizontalPodAutoscaler').map(({ metadata, spec }) => {
        const { scaleTargetRef } = spec as { readonly scaleTargetRef: { readonly name: string } };
        return inNamespace(metadata, scaleTargetRef.name);
      }),
    ),
    levels: new Map(
      ofKind('Namespace').map(({ metadata }) => [
        metadata.name,
        metadata.labels?.['pod-security.kubernetes.io/enforce'],
      ]),
    ),
    certificates: new Set(
      ofKind('Certificate').map(({ metadata, spec }) => {
        const { secretName } = spec as { readonly secretName: string };
        return inNamespace(metadata, secretName);
      }),
    ),
  };
}

function inNamespace({ namespace = '' }: Manifest['metadata'], name: string): string {
  return `${namespace}/${name}`;
}

/** The service account of a workload's pods, as `namespace/name`; undefined for objects without pods. */
function accountOf(manifest: Manifest): string | undefined {
  const spec = podTemplateOf(manifest)?.spec;
  return spec && inNamespace(manifest.metadata, spec.serviceAccountName ?? 'default');
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

/** See `ClusterSystem`: the API server refuses it too. */
function noClaimedAddresses({ kind, spec }: Manifest): ReturnType<Rule> {
  const { externalIPs = [] } = (spec ?? {}) as { readonly externalIPs?: readonly string[] };
  if (kind !== 'Service' || externalIPs.length === 0) return [];
  return [
    {
      what: `it claims ${externalIPs.join(', ')} on every node, whoever has that address`,
      allowed: 'an Endpoint that others are wired to, or a nodePort with a reason',
      remedy: 'remove externalIPs',
    },
  ];
}

function imagesFromTheTable(manifest: Manifest, { images }: Neighbours): ReturnType<Rule> {
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

function podSecurity(manifest: Manifest, { levels, privileges }: Neighbours): ReturnType<Rule> {
  const { spec, metadata } = podTemplateOf(manifest) ?? {};
  if (spec === undefined) return [];
  const { annotations } = metadata ?? {};
  if ((levels.get(manifest.metadata.namespace ?? '') ?? 'restricted') === 'restricted') {
    return restrictedViolations(spec, {}, annotations).map((violation) => ({
      what: `Pod Security refuses ${violation}`,
      allowed: 'what the level restricted admits',
      remedy: 'mend the pod; only the namespace of the node agents has another level',
    }));
  }
  return restrictedViolations(spec, privileges.get(describeManifest(manifest)), annotations).map((violation) => ({
    what: `it has what the level restricted refuses, and nobody says why: ${violation}`,
    allowed: 'privileges of its containers, each with because and until',
    remedy: 'declare the privilege, or do without it',
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

function autoscalerFindsReplicas(manifest: Manifest, { scaled }: Neighbours): ReturnType<Rule> {
  if (manifest.kind !== 'Deployment' || controllerSpec(manifest).replicas !== undefined) return [];
  if (!scaled.has(inNamespace(manifest.metadata, manifest.metadata.name))) return [];
  return [
    {
      what: 'it states no replicas: where git had them before, one pod is left until the autoscaler acts',
      allowed: 'where it begins; Argo CD leaves the number to the autoscaler afterwards',
      remedy: 'leave replicas as the construct has them',
    },
  ];
}

function secretsAreInTheInventory(manifest: Manifest, { secrets, certificates }: Neighbours): ReturnType<Rule> {
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
  const pulled = (spec?.imagePullSecrets ?? []).map(({ name = '' }) => ({ name, key: '.dockerconfigjson' }));
  return [...mounted, ...named, ...pulled]
    .filter(({ name, key }) => !secrets.get(`${namespace}/${name}`)?.includes(key))
    .filter(
      ({ name, key }) => !(certificates.has(`${namespace}/${name}`) && certificateKeys.some((each) => each === key)),
    )
    .map(({ name, key }) => ({
      what: `it reads ${name}.${key}, which the secret inventory does not have for ${namespace}`,
      allowed: [...secrets.keys()].filter((known) => known.startsWith(`${namespace}/`)).join(', ') || 'none there',
      remedy: 'declare a SecretRef and hand the workload its key',
    }));
}

function ownServiceAccount(manifest: Manifest, { accounts, accountUsers }: Neighbours): ReturnType<Rule> {
  const account = accountOf(manifest);
  if (account === undefined) return [];
  const exists = accounts.has(account);
  if (exists && accountUsers.get(account) === 1) return [];
  const name = account.slice(account.indexOf('/') + 1);
  return [
    {
      what: exists ? `it shares the service account ${name}` : `there is no service account ${name}`,
      allowed: 'an account for each workload, so that rights are given to one only',
      remedy: 'build the pods with Workload, which makes one',
    },
  ];
}
