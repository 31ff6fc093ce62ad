import type { IHorizontalPodAutoscalerSpec } from 'kubernetes-models/autoscaling/v2/HorizontalPodAutoscalerSpec';
import type { INetworkPolicySpec } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicySpec';
import type { INetworkPolicyPeer } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPeer';
import type { INetworkPolicyPort } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicyPort';
import type { IPodDisruptionBudgetSpec } from 'kubernetes-models/policy/v1/PodDisruptionBudgetSpec';
import type { ILimitRangeSpec } from 'kubernetes-models/v1/LimitRangeSpec';
import type { IResourceQuotaSpec } from 'kubernetes-models/v1/ResourceQuotaSpec';
import { contains, parseCidr } from '../../constructs/core/cidr.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { brokenKey } from '../schema/values.ts';
import { amount, countOrShare, dataKey, pathSegment, portName, portOf, resourceOf, subdomain } from './forms.ts';
import { selectorProblems } from './pods.ts';
import { broken, outside, problem, shown, unlisted } from './problem.ts';
import type { Problem } from './problem.ts';

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/annotations/ (v1.36) */
const annotationBytes = 256 * 2 ** 10;

/** @see https://kubernetes.io/docs/concepts/configuration/configmap/ (v1.36) */
const dataBytes = 2 ** 20;

/** All annotations of an object, or of the pods that it makes, together. */
export function annotationProblems(annotations: Readonly<Record<string, string>> | undefined, at: string): Problem[] {
  const bytes = Object.entries(annotations ?? {}).reduce((sum, [key, text]) => sum + size(key) + size(text), 0);
  return bytes <= annotationBytes
    ? []
    : [problem(at, `they have ${bytes} bytes`, `at most ${annotationBytes}`, 'shorten them')];
}

function size(text: unknown): number {
  return Buffer.byteLength(String(text));
}

/** A ConfigMap, or a Secret. */
export function dataProblems(manifest: Manifest): Problem[] {
  const fields = (['data', 'binaryData', 'stringData'] as const).flatMap((field) =>
    Object.entries((manifest[field] ?? {}) as Readonly<Record<string, string>>).map(
      (entry) => [field, ...entry] as const,
    ),
  );
  const bytes = fields.reduce(
    (sum, [field, , text]) => sum + (isEncoded(manifest, field) ? decoded(text) : size(text)),
    0,
  );
  return [
    ...fields.flatMap(([field, key]) => broken(`${field}[${JSON.stringify(key)}]`, key, dataKey)),
    ...fields
      .filter(([field, key]) => field === 'binaryData' && Object.hasOwn(manifest.data ?? {}, key))
      .map(([, key]) => problem('binaryData', `${shown(key)} is in data too`, 'each key once', 'remove one of them')),
    ...(bytes <= dataBytes
      ? []
      : [problem('data', `it has ${bytes} bytes`, `at most ${dataBytes}`, 'make several of it')]),
  ];
}

function isEncoded({ kind }: Manifest, field: string): boolean {
  return field === 'binaryData' || (kind === 'Secret' && field === 'data');
}

function decoded(base64: string): number {
  return Buffer.from(base64, 'base64').length;
}

export function networkPolicyProblems(spec: INetworkPolicySpec): Problem[] {
  const { policyTypes = [], ingress = [], egress = [] } = spec;
  return [
    ...selectorProblems(spec.podSelector, 'spec.podSelector'),
    ...policyTypes.flatMap((type, index) => unlisted(`spec.policyTypes[${index}]`, type, ['Ingress', 'Egress'])),
    ...(policyTypes.length > 2 ? [problem('spec.policyTypes', `${policyTypes.length}`, 'at most 2')] : []),
    ...ingress.flatMap(({ from = [], ports = [] }, index) => [
      ...from.flatMap((peer, each) => peerProblems(peer, `spec.ingress[${index}].from[${each}]`)),
      ...ports.flatMap((port, each) => policyPortProblems(port, `spec.ingress[${index}].ports[${each}]`)),
    ]),
    ...egress.flatMap(({ to = [], ports = [] }, index) => [
      ...to.flatMap((peer, each) => peerProblems(peer, `spec.egress[${index}].to[${each}]`)),
      ...ports.flatMap((port, each) => policyPortProblems(port, `spec.egress[${index}].ports[${each}]`)),
    ]),
  ];
}

function peerProblems(peer: INetworkPolicyPeer, at: string): Problem[] {
  const { ipBlock, podSelector, namespaceSelector } = peer;
  const range = ipBlock && parseCidr(ipBlock.cidr);
  return [
    ...(ipBlock || podSelector || namespaceSelector
      ? []
      : [problem(at, 'it is empty', 'podSelector, namespaceSelector or ipBlock')]),
    ...(ipBlock && (podSelector || namespaceSelector)
      ? [problem(at, 'it has ipBlock and a selector', 'one of the two', 'make two peers of it')]
      : []),
    ...selectorProblems(podSelector, `${at}.podSelector`),
    ...selectorProblems(namespaceSelector, `${at}.namespaceSelector`),
    ...(ipBlock && range === undefined
      ? [problem(`${at}.ipBlock.cidr`, `got ${shown(ipBlock.cidr)}`, 'a network in CIDR form without host bits')]
      : []),
    ...(ipBlock?.except ?? []).flatMap((text, index) => {
      const inner = parseCidr(text);
      const fits = inner && range && text !== ipBlock.cidr && contains(range, inner);
      return fits ? [] : [problem(`${at}.ipBlock.except[${index}]`, `got ${shown(text)}`, 'a network inside of cidr')];
    }),
  ];
}

function policyPortProblems({ port, endPort, protocol }: INetworkPolicyPort, at: string): Problem[] {
  return [
    ...unlisted(`${at}.protocol`, protocol, ['TCP', 'UDP', 'SCTP']),
    ...(typeof port === 'string' ? broken(`${at}.port`, port, portName) : broken(`${at}.port`, port, portOf)),
    ...(endPort === undefined
      ? []
      : typeof port === 'number'
        ? outside(`${at}.endPort`, endPort, port, 65_535)
        : [problem(`${at}.endPort`, 'it stands beside no number', 'a number as port')]),
  ];
}

export function autoscalerProblems(spec: IHorizontalPodAutoscalerSpec): Problem[] {
  const { minReplicas = 1, maxReplicas, metrics = [], behavior = {}, scaleTargetRef } = spec;
  return [
    ...outside('spec.minReplicas', minReplicas, 1),
    ...outside('spec.maxReplicas', maxReplicas, Math.max(1, minReplicas)),
    ...broken('spec.scaleTargetRef.apiVersion', scaleTargetRef.apiVersion ?? '', (text) =>
      /^[^/]+\/[^/]+$/.test(text) ? undefined : 'a group and its version, such as apps/v1',
    ),
    ...broken('spec.scaleTargetRef.kind', scaleTargetRef.kind, pathSegment),
    ...broken('spec.scaleTargetRef.name', scaleTargetRef.name, pathSegment),
    ...metrics.flatMap(({ type, resource }, index) => [
      ...unlisted(`spec.metrics[${index}].type`, type, [
        ...['ContainerResource', 'External', 'Object', 'Pods', 'Resource'],
      ]),
      ...(type === 'Resource' && resource === undefined
        ? [problem(`spec.metrics[${index}].resource`, 'it is missing', 'what the type Resource needs')]
        : []),
      ...(resource ? targetProblems(resource.target, `spec.metrics[${index}].resource`, resource.name) : []),
    ]),
    ...(['scaleDown', 'scaleUp'] as const).flatMap((way) => [
      ...outside(`spec.behavior.${way}.stabilizationWindowSeconds`, behavior[way]?.stabilizationWindowSeconds, 0, 3600),
      ...unlisted(`spec.behavior.${way}.selectPolicy`, behavior[way]?.selectPolicy, ['Max', 'Min', 'Disabled']),
    ]),
  ];
}

interface MetricTarget {
  readonly type: string;
  readonly averageUtilization?: number;
  readonly averageValue?: string | number;
}

function targetProblems({ type, averageUtilization, averageValue }: MetricTarget, at: string, name: string): Problem[] {
  return [
    ...(name === '' ? [problem(`${at}.name`, 'got ""', 'cpu or memory')] : []),
    ...unlisted(`${at}.target.type`, type, ['AverageValue', 'Utilization', 'Value']),
    ...outside(`${at}.target.averageUtilization`, averageUtilization, 1),
    ...((averageUtilization === undefined) === (averageValue === undefined)
      ? [problem(`${at}.target`, 'it says both or nothing', 'averageUtilization or averageValue')]
      : []),
  ];
}

export function disruptionBudgetProblems(spec: IPodDisruptionBudgetSpec): Problem[] {
  const { minAvailable, maxUnavailable } = spec;
  return [
    ...(minAvailable !== undefined && maxUnavailable !== undefined
      ? [problem('spec', 'it has minAvailable and maxUnavailable', 'one of the two', 'remove one of them')]
      : []),
    ...Object.entries({ minAvailable, maxUnavailable }).flatMap(([field, value]) => [
      ...broken(`spec.${field}`, value, countOrShare),
      ...(typeof value === 'string' && Number.parseInt(value, 10) > 100
        ? [problem(`spec.${field}`, `got ${value}`, 'at most 100%')]
        : []),
    ]),
    ...unlisted('spec.unhealthyPodEvictionPolicy', spec.unhealthyPodEvictionPolicy, ['AlwaysAllow', 'IfHealthyBudget']),
    ...selectorProblems(spec.selector, 'spec.selector'),
  ];
}

/** The largest that is not for Kubernetes itself. */
const mostPriority = 1e9;

export function priorityClassProblems(manifest: Manifest): Problem[] {
  const { value, preemptionPolicy, metadata } = manifest as Manifest & {
    readonly value: number;
    readonly preemptionPolicy?: string;
  };
  return [
    ...outside('value', value, -Infinity, mostPriority),
    ...unlisted('preemptionPolicy', preemptionPolicy, ['Never', 'PreemptLowerPriority']),
    ...(metadata.name.startsWith('system-')
      ? [
          problem(
            'metadata.name',
            `got ${shown(metadata.name)}`,
            "a name without system- first: those are Kubernetes' own",
          ),
        ]
      : []),
  ];
}

export function quotaProblems({ hard = {} }: IResourceQuotaSpec): Problem[] {
  return Object.entries(hard).flatMap(([name, quantity]) =>
    broken(`spec.hard[${JSON.stringify(name)}]`, quantity, (each) =>
      amount(each) < 0 ? '0 or more' : resourceOf(name, each, 'quota'),
    ),
  );
}

export function limitRangeProblems({ limits }: ILimitRangeSpec): Problem[] {
  return limits.flatMap((limit, index) => {
    const { min = {}, max = {}, default: usual = {}, defaultRequest = {} } = limit;
    const ordered = [
      ['min', min, 'max', max],
      ['min', min, 'default', usual],
      ['min', min, 'defaultRequest', defaultRequest],
      ['defaultRequest', defaultRequest, 'default', usual],
      ['defaultRequest', defaultRequest, 'max', max],
      ['default', usual, 'max', max],
    ] as const;
    const at = `spec.limits[${index}]`;
    const named = Object.entries({ min, max, default: usual, defaultRequest }).flatMap(([field, quantities]) =>
      Object.entries(quantities).flatMap(([name, quantity]) =>
        broken(`${at}.${field}[${JSON.stringify(name)}]`, quantity, (each) =>
          limit.type === 'PersistentVolumeClaim' ? undefined : resourceOf(name, each, 'container'),
        ),
      ),
    );
    const type = limit.type.includes('/')
      ? broken(`${at}.type`, limit.type, brokenKey)
      : unlisted(`${at}.type`, limit.type, ['Container', 'PersistentVolumeClaim', 'Pod']);
    const twice = limits.findIndex((other) => other.type === limit.type) < index;
    const swapped = ordered.flatMap(([less, low, more, high]) =>
      Object.entries(low)
        .filter(([name, quantity]) => high[name] !== undefined && amount(quantity) > amount(high[name]))
        .map(([name, quantity]) =>
          problem(`${at}.${less}.${name}`, `got ${quantity}`, `at most ${more}, ${high[name] ?? ''}`),
        ),
    );
    return [
      ...type,
      ...(twice ? [problem(`${at}.type`, `${limit.type} is there twice`, 'each once')] : []),
      ...named,
      ...swapped,
    ];
  });
}

interface Rbac {
  readonly rules?: readonly {
    readonly verbs: readonly string[];
    readonly apiGroups?: readonly string[];
    readonly resources?: readonly string[];
    readonly nonResourceURLs?: readonly string[];
  }[];
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
    readonly apiGroup?: string;
  }[];
  readonly roleRef?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
}

export function rightsProblems(manifest: Manifest): Problem[] {
  const { rules = [], subjects = [], roleRef } = manifest as Manifest & Rbac;
  const inNamespace = !manifest.kind.startsWith('Cluster');
  return [
    ...rules.flatMap(({ verbs, apiGroups = [], resources = [], nonResourceURLs = [] }, index) => [
      ...(verbs.length === 0 ? [problem(`rules[${index}].verbs`, 'there are none', 'one or more')] : []),
      ...(nonResourceURLs.length > 0
        ? inNamespace
          ? [problem(`rules[${index}].nonResourceURLs`, 'they are in no namespace', 'none', 'remove them')]
          : []
        : Object.entries({ apiGroups, resources })
            .filter(([, list]) => list.length === 0)
            .map(([field]) => problem(`rules[${index}].${field}`, 'there are none', 'one or more'))),
    ]),
    ...subjects.flatMap(({ kind, name, namespace = '', apiGroup = '' }, index) => [
      ...unlisted(`subjects[${index}].kind`, kind, ['Group', 'ServiceAccount', 'User']),
      ...(kind === 'ServiceAccount' ? broken(`subjects[${index}].name`, name, subdomain) : []),
      ...(name === '' ? [problem(`subjects[${index}].name`, 'got ""', 'a name')] : []),
      ...(kind === 'ServiceAccount' && namespace === '' && !inNamespace
        ? [problem(`subjects[${index}].namespace`, 'it is missing', "the account's")]
        : []),
      ...(kind === 'ServiceAccount' && apiGroup !== ''
        ? [problem(`subjects[${index}].apiGroup`, `got ${shown(apiGroup)}`, 'none for a ServiceAccount')]
        : []),
    ]),
    ...(roleRef
      ? [
          ...unlisted('roleRef.kind', roleRef.kind, inNamespace ? ['ClusterRole', 'Role'] : ['ClusterRole']),
          ...broken('roleRef.name', roleRef.name, pathSegment),
          ...unlisted('roleRef.apiGroup', roleRef.apiGroup, ['rbac.authorization.k8s.io', '']),
        ]
      : []),
  ];
}
