import { createHash } from 'node:crypto';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { SecretSource } from '../../constructs/core/secret.ts';
import type { SealedSecret, SealedSecretSpec } from '../../imports/sealed-secrets.ts';
import { looksSealed } from './crypto.ts';

/** A sealed value and what is known about it. */
export interface SealedKey {
  readonly ciphertext: string;
  /** Day the value was made or asked for, in UTC. Sealing it again, for a new key or namespace, keeps the day. */
  readonly sealedOn: string | undefined;
  /** Fingerprint of the certificate it was sealed with. */
  readonly sealedWith: string | undefined;
  /** Of a fixed value: its digest, so that a change in the inventory is seen without opening anything. */
  readonly fixedDigest: string | undefined;
}

/** One SealedSecret, as far as this program is concerned with it. */
export interface SealedFile {
  readonly namespace: string;
  readonly name: string;
  readonly type: string;
  readonly keys: ReadonlyMap<string, SealedKey>;
}

const SEALED_ON = 'diptych/sealed-on';
const SEALED_WITH = 'diptych/sealed-with';
const FIXED = 'diptych/fixed';
const WIDER_SCOPES = ['sealedsecrets.bitnami.com/cluster-wide', 'sealedsecrets.bitnami.com/namespace-wide'];
const API_VERSION = 'bitnami.com/v1alpha1';
const DATE = /^\d{4}-\d{2}-\d{2}$/;
const DIGEST = /^[0-9a-f]{16}$/;
type Texts = Readonly<Record<string, string>>;

/** Whether the sealed value can't be the one the inventory asks for: another fixed value, or fixed and not fixed. */
export function isOutdated({ fixedDigest }: SealedKey, source: SecretSource): boolean {
  return fixedDigest !== fixedDigestOf(source);
}

export function fixedDigestOf(source: SecretSource): string | undefined {
  return source.kind === 'fixed' ? createHash('sha256').update(source.value).digest('hex').slice(0, 16) : undefined;
}

/** The SealedSecret of a file. Its annotations are on the SealedSecret only, never on the Secret made from it. */
export function toManifest({ namespace, name, type, keys }: SealedFile): Manifest {
  const sorted = [...keys].sort(([a], [b]) => (a < b ? -1 : 1));
  const note = (value: (key: SealedKey) => string | undefined): string =>
    JSON.stringify(Object.fromEntries(sorted.map(([key, sealed]) => [key, value(sealed)])));
  const [first, ...others] = new Set(sorted.map(([, { sealedWith }]) => sealedWith));
  const annotations = {
    [FIXED]: note(({ fixedDigest }) => fixedDigest),
    [SEALED_ON]: note(({ sealedOn }) => sealedOn),
    // One fingerprint for the whole file; only a file that two certificates sealed tells them apart by key.
    [SEALED_WITH]: others.length === 0 && first !== undefined ? first : note(({ sealedWith }) => sealedWith),
  };
  return {
    apiVersion: API_VERSION,
    kind: 'SealedSecret',
    metadata: {
      name,
      namespace,
      annotations: Object.fromEntries(Object.entries(annotations).filter(([, value]) => value !== '{}')),
    },
    spec: {
      encryptedData: Object.fromEntries(sorted.map(([key, { ciphertext }]) => [key, ciphertext])),
      template: { metadata: { name, namespace }, type },
    },
  } satisfies SealedSecret;
}

/**
 * Reads what {@link sealedSecretProblem} accepted. `kubeseal --re-encrypt` moves the annotations to the template: the
 * dates are still right there, the fingerprint is not.
 */
export function fromManifest(manifest: Manifest): SealedFile {
  const { encryptedData, template } = manifest.spec as SealedSecretSpec;
  const { name, namespace = '', annotations = {} } = manifest.metadata;
  const moved: Texts = { ...template?.metadata?.annotations };
  const sealedOn = byKey(annotations[SEALED_ON] ?? moved[SEALED_ON], DATE);
  const sealedWith = byKey(annotations[SEALED_WITH], DIGEST);
  const fixed = byKey(annotations[FIXED] ?? moved[FIXED], DIGEST);
  return {
    namespace,
    name,
    type: template?.type ?? 'Opaque',
    keys: new Map(
      Object.entries(encryptedData).map(([key, ciphertext]) => [
        key,
        { ciphertext, sealedOn: sealedOn?.(key), sealedWith: sealedWith?.(key), fixedDigest: fixed?.(key) },
      ]),
    ),
  };
}

/** What makes a document unfit as SealedSecret `namespace/name` of strict scope; undefined if it is fit. */
export function sealedSecretProblem(document: unknown, namespace: string, name: string): string | undefined {
  if (!isRecord(document)) return 'holds no Kubernetes object';
  if (document.kind === 'Secret') return 'is a plain Secret';
  if (document.kind !== 'SealedSecret' || document.apiVersion !== API_VERSION) return 'is something else';
  const { metadata, spec } = document;
  if (!isRecord(metadata) || metadata.namespace !== namespace || metadata.name !== name) {
    return 'carries another namespace or name than its folder and file';
  }
  if (!isRecord(spec) || !isRecord(spec.encryptedData)) return 'has no spec.encryptedData';
  const { encryptedData, template = {}, ...others } = spec;
  if (Object.keys(others).length > 0) return 'has more in its spec than encryptedData and template';
  if (!isRecord(template)) return 'has a spec.template that is not a mapping';
  if ('data' in template || 'stringData' in template) return 'holds values in its spec.template that are not sealed';
  if (typeof (template.type ?? '') !== 'string') return 'has a spec.template.type that is not text';
  for (const { annotations } of [metadata, isRecord(template.metadata) ? template.metadata : {}]) {
    const problem = annotationsProblem(annotations ?? {});
    if (problem !== undefined) return problem;
  }
  for (const [key, value] of Object.entries(encryptedData)) {
    if (typeof value !== 'string' || !looksSealed(value)) return `has a value that is not sealed, of key ${key}`;
  }
  return undefined;
}

function annotationsProblem(annotations: unknown): string | undefined {
  if (!isRecord(annotations)) return 'has annotations that are not a mapping';
  if (WIDER_SCOPES.some((scope) => scope in annotations)) return 'has a scope wider than one namespace and name';
  for (const [annotation, form] of [
    [FIXED, DIGEST],
    [SEALED_ON, DATE],
    [SEALED_WITH, DIGEST],
  ] as const) {
    const value = annotations[annotation];
    if (value !== undefined && byKey(value, form) === undefined)
      return `has an annotation ${annotation} that does not parse`;
  }
  return undefined;
}

/** Looks up what an annotation says of a key: one text for all of them, or a JSON object. Undefined if it is neither. */
function byKey(annotation: unknown, form: RegExp): ((key: string) => string | undefined) | undefined {
  if (typeof annotation !== 'string') return undefined;
  if (form.test(annotation)) return () => annotation;
  try {
    const object: unknown = JSON.parse(annotation);
    if (!isRecord(object)) return undefined;
    const values = new Map(
      Object.entries(object).filter((pair): pair is [string, string] => form.test(String(pair[1]))),
    );
    return values.size === Object.keys(object).length ? (key) => values.get(key) : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
