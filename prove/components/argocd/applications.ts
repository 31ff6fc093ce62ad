import { clusterNamespaces } from '../../../apps/namespaces.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { getJson, kubectl } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import { waitFor } from '../../machine/wait-for.ts';

interface ListedResource {
  readonly kind: string;
  readonly namespace?: string;
  readonly name: string;
}

interface ApplicationSource {
  readonly repoURL: string;
  readonly targetRevision?: string;
}

/** An Application as the API has it, as far as drills look at it. */
export interface ApplicationObject {
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: {
    readonly source?: ApplicationSource;
    readonly sources?: readonly ApplicationSource[];
    readonly syncPolicy?: { readonly automated?: { readonly enabled?: boolean } };
  };
  readonly status?: {
    readonly sync?: {
      readonly status?: string;
      readonly revision?: string;
      readonly revisions?: readonly string[];
      /** What the status is about. */
      readonly comparedTo?: { readonly source?: ApplicationSource; readonly sources?: readonly ApplicationSource[] };
    };
    readonly health?: { readonly status?: string; readonly message?: string; readonly lastTransitionTime?: string };
    readonly reconciledAt?: string;
    readonly operationState?: {
      readonly phase?: string;
      readonly message?: string;
      readonly finishedAt?: string;
      readonly syncResult?: { readonly resources?: readonly ListedResource[] };
    };
    readonly conditions?: readonly { readonly type: string; readonly message: string }[];
    readonly history?: readonly { readonly id: number; readonly revision?: string }[];
    readonly resources?: readonly ListedResource[];
  };
}

export const argocdNamespace = clusterNamespaces.argocd.name;

export async function applicationsOf(cluster: Cluster): Promise<readonly ApplicationObject[]> {
  const where = ['applications.argoproj.io', `--namespace=${argocdNamespace}`];
  return (await getJson<{ readonly items: readonly ApplicationObject[] }>(cluster, where)).items;
}

export function applicationOf(cluster: Cluster, name: string): Promise<ApplicationObject> {
  return getJson(cluster, ['applications.argoproj.io', name, `--namespace=${argocdNamespace}`]);
}

/** In one line, as the user interface would show it: `backend OutOfSync Progressing, Running: waiting for ...`. */
export function describeApplication({ metadata, status }: ApplicationObject): string {
  const { sync, health, operationState, conditions = [] } = status ?? {};
  const operation =
    operationState?.phase === undefined || operationState.phase === 'Succeeded'
      ? []
      : [`${operationState.phase}: ${operationState.message ?? ''}`];
  const words = [...operation, ...conditions.map(({ type, message }) => `${type}: ${message}`)];
  const states = [metadata.name, sync?.status ?? 'Unknown', health?.status ?? 'Unknown'].join(' ');
  return [states, ...words].join(', ');
}

export function isSyncedAndHealthy({ status }: ApplicationObject): boolean {
  return status?.sync?.status === 'Synced' && status.health?.status === 'Healthy' && !isRunning({ status });
}

/** True for those that don't read the repository. */
function isAt({ spec, status }: ApplicationObject, commit: SyncOptions['commit']): boolean {
  if (commit === undefined) return true;
  const sources = spec.sources ?? (spec.source === undefined ? [] : [spec.source]);
  if (!sources.some(({ repoURL }) => repoURL === commit.repository)) return true;
  return [status?.sync?.revision, ...(status?.sync?.revisions ?? [])].includes(commit.id);
}

/** Whether what is said of it is about the revisions that it is pinned to now, and not about those of before. */
export function isOfItsPin({ spec, status }: ApplicationObject): boolean {
  const pins = (all: ApplicationObject['spec']): string =>
    [...(all.sources ?? []), ...(all.source === undefined ? [] : [all.source])]
      .map(({ repoURL, targetRevision = '' }) => `${repoURL} ${targetRevision}`)
      .join('\n');
  const { source, sources } = status?.sync?.comparedTo ?? {};
  // Of several sources, the single one is an empty stub.
  return pins(spec) === pins(sources === undefined ? { source } : { sources });
}

/** Whether it turned Degraded after that moment, in milliseconds: a verdict on what was there before is none. */
export function isDegradedSince(moment: number, { status }: Pick<ApplicationObject, 'status'>): boolean {
  const { status: word, lastTransitionTime } = status?.health ?? {};
  // Whole seconds are what the API keeps: in the same second, it may have been before.
  return word === 'Degraded' && Date.parse(lastTransitionTime ?? '') > moment;
}

function isRunning({ status }: Pick<ApplicationObject, 'status'>): boolean {
  return status?.operationState?.phase === 'Running';
}

/**
 * Asks Argo CD to look at applications now, at all where none is named, as a webhook from GitHub would; by itself it
 * looks once a minute.
 */
export async function refresh(cluster: Cluster, ...names: readonly string[]): Promise<void> {
  const which = names.length === 0 ? ['--all'] : names;
  const annotation = 'argocd.argoproj.io/refresh=normal';
  const where = `--namespace=${argocdNamespace}`;
  await kubectl(cluster, ['annotate', 'applications.argoproj.io', ...which, where, '--overwrite', annotation]);
}

/** Lets Argo CD compare all applications once more, and waits until it has, with nothing running. `atMost` in seconds. */
export async function compareAgain(
  cluster: Cluster,
  { atMost, signal }: Pick<SyncOptions, 'atMost' | 'signal'>,
): Promise<void> {
  // Whole seconds are what the API keeps.
  const start = Math.floor(Date.now() / 1000) * 1000;
  await refresh(cluster);
  await waitFor('a comparison of all applications', { atMost, every: 500, signal }, async () =>
    (await applicationsOf(cluster)).every(
      ({ metadata, status }) =>
        metadata.annotations?.['argocd.argoproj.io/refresh'] === undefined &&
        Date.parse(status?.reconciledAt ?? '') >= start &&
        !isRunning({ status }),
    ),
  );
}

export interface SyncOptions {
  /** In seconds. */
  readonly atMost: number;
  /** Seconds in which no application's state changes, after which nothing more is to be expected. @default `atMost` */
  readonly atRest?: number;
  /** What those that read the platform's own repository have to be at. @default whatever they are at */
  readonly commit?: { readonly repository: string; readonly id: string };
  readonly signal?: AbortSignal;
  /** Told each time an application's state is another one. */
  readonly report?: (line: string) => void;
}

/** Waits until applications are Synced and Healthy with nothing running. @throws ProvingError naming those that are not */
export async function waitForSync(
  cluster: Cluster,
  expected: readonly string[],
  { atMost, atRest = atMost, commit, signal, report }: SyncOptions,
): Promise<void> {
  const known = new Map<string, string>();
  let missing = '';
  let changed = performance.now();
  const done = async (): Promise<boolean> => {
    const all = new Map((await applicationsOf(cluster)).map((each) => [each.metadata.name, each]));
    for (const [name, each] of all) {
      const line = describeApplication(each);
      if (known.get(name) !== line) {
        report?.(line);
        changed = performance.now();
      }
      known.set(name, line);
    }
    const open = expected.filter((name) => {
      const each = all.get(name);
      return each === undefined || !isSyncedAndHealthy(each) || !isAt(each, commit) || !isOfItsPin(each);
    });
    missing = open.map((name) => known.get(name) ?? `${name} is not there`).join('\n  ');
    if (open.length > 0 && performance.now() - changed > atRest * 1000)
      throw new ProvingError(`no application has changed for ${atRest} s, and not all are Synced and Healthy`);
    return open.length === 0;
  };
  try {
    await waitFor('all applications to be Synced and Healthy', { atMost, every: 500, signal }, done);
  } catch (error) {
    if (error instanceof Error && missing !== '') error.message += `\n  ${missing}`;
    throw error;
  }
}
