import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Committed } from './committed.ts';
import type { GeneratedFile } from './write/index.ts';

type Parts = ReadonlyMap<string, string>;

/** What running pods have from an object of a kind, by what tells one part from another, in words. */
const partsOf: Readonly<Record<string, (manifest: Manifest) => Parts>> = {
  networkpolicy: ({ spec }) => {
    const { egress = [] } = spec as { readonly egress?: readonly Way[] };
    return new Map(
      egress.flatMap(({ to = [{}], ports = [{}] }) =>
        to.flatMap((peer) =>
          ports.map((port) => [identity([peer, port]), `the way to ${inWords(peer)} ${port.port ?? 'at all'}`]),
        ),
      ),
    );
  },
  role: (manifest) => {
    const { rules = [] } = manifest as unknown as { readonly rules?: readonly Rule[] };
    return new Map(
      rules.flatMap(({ resources = [], resourceNames = [''], verbs = [] }) =>
        resources.flatMap((resource) =>
          resourceNames.flatMap((name) =>
            verbs.map((verb) => {
              const right = `${verb} ${resource}${name === '' ? '' : ` ${name}`}`;
              return [right, `the right to ${right}`] as const;
            }),
          ),
        ),
      ),
    );
  },
  sealedsecret: ({ spec }) => {
    const { encryptedData = {} } = spec as { readonly encryptedData?: object };
    return new Map(Object.keys(encryptedData).map((key) => [key, `the key ${key}`]));
  },
};

interface Peer {
  readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly namespaceSelector?: { readonly matchLabels?: Readonly<Record<string, string>> };
  readonly ipBlock?: { readonly cidr: string };
}

interface Way {
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port?: number | string; readonly protocol?: string }[];
}

interface Rule {
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
  readonly verbs?: readonly string[];
}

/** Reads what may be taken from, before anything is written; what it says is understood only where it changes. */
export function readBefore(committed: Committed, dist: readonly GeneratedFile[]): void {
  for (const { path, manifest } of dist) if (kindOf(manifest) in partsOf) committed.texts(path);
}

/**
 * What a run takes away from objects that stay. It is applied at once, or with an earlier wave, while pods of the release
 * before run until they are replaced: they lose it first. The objects can't tell old pods from new ones.
 * @returns a line for each object
 */
export function takenAway(committed: Committed, changed: readonly GeneratedFile[]): readonly string[] {
  return changed.flatMap(({ path, manifest }) => {
    const parts = partsOf[kindOf(manifest)];
    if (parts === undefined) return [];
    const after = parts(manifest);
    const before = committed.manifests(path).filter(({ kind }) => kind === manifest.kind);
    const gone = new Set(
      before.flatMap((each) => [...parts(each)].flatMap(([key, words]) => (after.has(key) ? [] : [words]))),
    );
    return gone.size === 0 ? [] : `${describeManifest(manifest)} loses ${[...gone].join(', ')}`;
  });
}

function kindOf({ kind }: Manifest): string {
  return kind.toLowerCase();
}

/** The same for the same content, whatever the order of its fields. */
function identity(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

function inWords({ podSelector, namespaceSelector, ipBlock }: Peer): string {
  if (ipBlock !== undefined) return ipBlock.cidr;
  const labels = podSelector?.matchLabels ?? {};
  const pods = labels['app.kubernetes.io/instance'] ?? (Object.values(labels).join(' ') || 'anything');
  const namespace = namespaceSelector?.matchLabels?.['kubernetes.io/metadata.name'];
  return namespace === undefined ? pods : `${namespace}/${pods}`;
}
