import { Chart } from 'cdk8s';
import type { App } from 'cdk8s';
import type { Application, AppProject } from '../../imports/argo-cd.ts';
import { layers } from '../core/application-chart.ts';
import type { ApplicationChart, Layer } from '../core/application-chart.ts';
import { isClusterScoped, kubeObject } from '../core/kube-object.ts';
import { valuesOf } from '../core/upstream-source.ts';
import type { UpstreamPatch, UpstreamSource } from '../core/upstream-source.ts';
import { applicationsPolicy, applicationsPolicyName, projectsPolicy, projectsPolicyName } from './source-policy.ts';

type Source = NonNullable<Application['spec']['source']>;

/** One application as the tree needs to know it. */
export interface ApplicationEntry {
  readonly chart: ApplicationChart;
  readonly wave: number;
  /** `group/Kind` of every object of ours, the group empty for core kinds. */
  readonly kinds: readonly string[];
  /** Namespaces of objects of ours, where they are others than the application's. */
  readonly namespaces?: readonly string[];
  readonly upstream: readonly UpstreamSource[];
}

export interface AppOfAppsProps {
  /** Name of the environment: the folder in `dist/` and `argocd/`. */
  readonly environment: string;
  /**
   * What stands before the names of projects and applications, where several trees share one Argo CD.
   * @default nothing
   */
  readonly prefix?: string;
  /**
   * The `prefix` of each other tree in the same Argo CD; what begins so is judged by that one's policy.
   * @default none
   */
  readonly neighbours?: readonly string[];
  /**
   * Whether this tree brings what an Argo CD has once: the project `default`, and the policy for projects.
   * @default true
   */
  readonly home?: boolean;
  /** The repository Argo CD reads. */
  readonly repository: { readonly url: string; readonly branch: string };
  /** Release tag that the children are pinned to; undefined lets them follow the branch. */
  readonly releaseTag: string | undefined;
  /** Namespace Argo CD runs in. */
  readonly namespace: string;
  /** Every application, in the order of the table. */
  readonly entries: readonly ApplicationEntry[];
}

const server = 'https://kubernetes.default.svc';

/** Deleting such an Application deletes what it deployed; data, foundations and controllers outlive theirs. */
const cascading: ReadonlySet<Layer> = new Set(['edge', 'observability', 'applications']);

/**
 * Policies come first, then the root, its projects, and the applications. Argo CD waits two seconds between waves, and the
 * API server judges by a changed policy after one to three: a release is known before the first application is pinned to it.
 */
const policyWave = -30;
const rootWave = -20;
const projectWave = -10;

/**
 * The Argo CD tree: a root application that manages itself, one application an entry, one project a layer. An application
 * that reads what others publish has a project of its own: their next release can bring what this one does, and no more.
 * @see https://argo-cd.readthedocs.io/en/stable/operator-manual/cluster-bootstrapping/ (v3.5)
 */
export class AppOfApps extends Chart {
  private readonly props: AppOfAppsProps;

  constructor(scope: App, id: string, props: AppOfAppsProps) {
    super(scope, id, { disableResourceNameHashes: true });
    // No namespace for cdk8s, which would give it to what is in none.
    this.props = props;
    const { home = true } = props;
    const [root, ...children] = [this.root(), ...props.entries.map((entry) => this.child(entry))];
    kubeObject(this, 'project-root', this.rootProject());
    kubeObject(this, 'root', root);
    this.policies([root, ...children]);
    if (home) kubeObject(this, 'project-default', this.defaultProject());
    for (const [name, entries] of projectsOf(props.entries)) {
      kubeObject(this, `project-${name}`, this.project(name, entries));
    }
    for (const child of children) kubeObject(this, `application-${child.metadata.name}`, child);
  }

  private policies(applications: readonly Application[]): void {
    const { prefix = '', neighbours = [], home = true, repository, namespace } = this.props;
    const policyProps = {
      prefix,
      neighbours,
      namespace,
      repository: repository.url,
      branch: this.branch,
      tag: this.tag,
      applications,
    };
    for (const manifest of [...applicationsPolicy(policyProps), ...(home ? projectsPolicy(policyProps) : [])]) {
      const annotations = wave(policyWave);
      kubeObject(this, `${manifest.kind}-${manifest.metadata?.name}`, {
        ...manifest,
        metadata: { ...manifest.metadata, annotations },
      });
    }
  }

  /** Full names: Argo CD takes whatever is called like a short one, also a tag `main` or a branch like a release's tag. */
  private get branch(): string {
    return `refs/heads/${this.props.repository.branch}`;
  }

  private get tag(): string | undefined {
    const { releaseTag } = this.props;
    return releaseTag === undefined ? undefined : `refs/tags/${releaseTag}`;
  }

  private named(name: string): string {
    return (this.props.prefix ?? '') + name;
  }

  /** Argo CD makes it by itself, open to everything. */
  private defaultProject(): AppProject {
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: 'default', namespace: this.props.namespace, annotations: { ...wave(projectWave), ...kept } },
      spec: {
        description: 'Nothing: every application has the project of its layer.',
        sourceRepos: [],
        destinations: [],
        clusterResourceWhitelist: [],
        namespaceResourceWhitelist: [],
      },
    };
  }

  private rootProject(): AppProject {
    const { prefix = '', home = true } = this.props;
    const names = [applicationsPolicyName(prefix), ...(home ? [projectsPolicyName] : [])];
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: {
        name: this.named('root'),
        namespace: this.props.namespace,
        annotations: { ...wave(rootWave), ...kept },
      },
      spec: {
        description:
          'The root application: it may make projects, applications and the policies for them, nothing else.',
        sourceRepos: [this.props.repository.url],
        destinations: [{ server, namespace: this.props.namespace }],
        clusterResourceWhitelist: ['ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding'].flatMap((kind) =>
          names.map((name) => ({ group: 'admissionregistration.k8s.io', kind, name })),
        ),
        namespaceResourceWhitelist: [
          { group: 'argoproj.io', kind: 'AppProject' },
          { group: 'argoproj.io', kind: 'Application' },
        ],
      },
    };
  }

  private root(): Application {
    const { repository, environment, namespace } = this.props;
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: { name: this.named('root'), namespace, annotations: { ...wave(rootWave), ...kept, ...comparedHere } },
      spec: {
        project: this.named('root'),
        source: {
          repoURL: repository.url,
          targetRevision: this.branch,
          path: `argocd/${environment}`,
          directory: { recurse: true },
        },
        destination: { server, namespace },
        // A rolled-back child has its auto-sync switched off; the root must not switch it on again.
        ignoreDifferences: [
          { group: 'argoproj.io', kind: 'Application', jsonPointers: ['/spec/syncPolicy/automated'] },
        ],
        syncPolicy: {
          automated: { prune: true, selfHeal: true },
          syncOptions: ['RespectIgnoreDifferences=true', 'ServerSideApply=true'],
          retry: retry(5),
        },
      },
    };
  }

  private project(name: string, entries: readonly ApplicationEntry[]): AppProject {
    const upstream = entries.flatMap((entry) => entry.upstream);
    const own = entries.flatMap(({ kinds }) => kinds);
    const clusterKinds = [
      ...own.filter((kind) => isClusterScoped(kind.slice(kind.indexOf('/') + 1))),
      ...upstream.flatMap(({ props }) => props.clusterKinds),
    ];
    const namespacedKinds = [
      ...own.filter((kind) => !isClusterScoped(kind.slice(kind.indexOf('/') + 1))),
      ...upstream.flatMap(({ props }) => props.namespacedKinds),
    ];
    // The foundations write into every namespace: default-deny and quotas.
    const namespaces = [
      ...(name === 'foundations' ? this.props.entries : entries).map(namespaceOf),
      ...entries.flatMap((entry) => entry.namespaces ?? []),
    ];
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'AppProject',
      metadata: { name: this.named(name), namespace: this.props.namespace, annotations: wave(projectWave) },
      spec: {
        description:
          upstream.length === 0
            ? `What the layer ${name} may bring, and where.`
            : `What the application ${name} may bring, and where.`,
        sourceRepos: sorted([this.props.repository.url, ...upstream.map(({ props }) => props.repository)]),
        destinations: sorted(namespaces).map((namespace) => ({ server, namespace })),
        clusterResourceWhitelist: sorted(clusterKinds).map(groupKind),
        namespaceResourceWhitelist: sorted(namespacedKinds).map(groupKind),
      },
    };
  }

  private child(entry: ApplicationEntry): Application {
    const { chart, wave: number, kinds, upstream } = entry;
    const { repository, environment } = this.props;
    const own: Source = {
      repoURL: repository.url,
      targetRevision: this.tag ?? this.branch,
      path: `dist/${environment}/${chart.application}`,
    };
    // Where two sources bring the same object, the last one counts: ours.
    const sources = [...upstream.map(({ props }) => upstreamSource(props)), ...(kinds.length > 0 ? [own] : [])];
    const [only] = sources;
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name: this.named(chart.application),
        namespace: this.props.namespace,
        annotations: wave(number),
        ...(cascading.has(chart.layer) ? { finalizers: ['resources-finalizer.argocd.argoproj.io/foreground'] } : {}),
      },
      spec: {
        project: this.named(projectOf(entry)),
        ...(sources.length === 1 ? { source: only } : { sources }),
        destination: { server, namespace: chart.destination.name },
        revisionHistoryLimit: 10,
        syncPolicy: {
          // Without `enabled`: a rollback in the user interface writes it, and it must stay theirs.
          automated: { prune: true, selfHeal: true },
          syncOptions: [
            'FailOnSharedResource=true',
            'PruneLast=true',
            'RespectIgnoreDifferences=true',
            'ServerSideApply=true',
          ],
          retry: retry(3),
        },
      },
    };
  }
}

/**
 * The newest commit counts when a sync is tried again: it may be the one that mends what failed. A child tries again at the
 * pin it began with, so it ends within about a minute and takes the next one; migrations try again by themselves.
 */
const retry = (limit: number) => ({ limit, refresh: true, backoff: { duration: '10s', factor: 2, maxDuration: '1m' } });

/** Losing the root by a mistaken commit would prune the platform. */
const kept = { 'argocd.argoproj.io/sync-options': 'Prune=false,Delete=false' };

/**
 * Argo CD writes into applications all the time. The API server would compare with what they are now, the controller with
 * what it remembers of them: the root then saw itself differ, and synced again and again.
 */
const comparedHere = { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' };

function wave(number: number): Record<string, string> {
  return { 'argocd.argoproj.io/sync-wave': String(number) };
}

/** Layers in their order, then the applications that have one of their own. */
function projectsOf(entries: readonly ApplicationEntry[]): [string, ApplicationEntry[]][] {
  const names = [...layers, ...entries.map(projectOf)];
  return [...new Set(names)].flatMap((name) => {
    const own = entries.filter((entry) => projectOf(entry) === name);
    return own.length === 0 ? [] : [[name, own] satisfies [string, ApplicationEntry[]]];
  });
}

function projectOf({ chart, upstream }: ApplicationEntry): string {
  return upstream.length === 0 ? chart.layer : chart.application;
}

function namespaceOf({ chart }: ApplicationEntry): string {
  return chart.destination.name;
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

function groupKind(text: string): { readonly group: string; readonly kind: string } {
  const [group = '', kind = ''] = text.split('/');
  return { group, kind };
}

function upstreamSource(props: UpstreamSource['props']): Source {
  const { repository, revision, commit, path, chart, include, releaseName } = props;
  const values = valuesOf(props);
  const kustomize = kustomization(props);
  return {
    repoURL: repository,
    targetRevision: commit ?? revision,
    ...(path === undefined ? {} : { path }),
    ...(chart === undefined ? {} : { chart }),
    ...(include === undefined ? {} : { directory: { include } }),
    ...(kustomize === undefined ? {} : { kustomize }),
    ...(values === undefined && releaseName === undefined
      ? {}
      : { helm: { releaseName, skipCrds: true, ...(values ? { valuesObject: values } : {}) } }),
  };
}

function kustomization({ patches, images = [] }: UpstreamSource['props']): Source['kustomize'] {
  const pinned = images.flatMap(({ image: { repository, digest }, value }) =>
    value === undefined && digest !== undefined ? [`${repository}@${digest}`] : [],
  );
  if (patches === undefined && pinned.length === 0) return undefined;
  return {
    ...(patches === undefined ? {} : { patches: patches.map(kustomizePatch) }),
    ...(pinned.length === 0 ? {} : { images: pinned }),
  };
}

/** As a kustomization has it. */
export function kustomizePatch(patch: UpstreamPatch) {
  if ('add' in patch) {
    const operations = Object.entries(patch.add).map(([path, value]) => ({ op: 'add', path, value }));
    return { target: { kind: patch.kind }, patch: JSON.stringify(operations) };
  }
  const { without: kind, apiVersion } = patch;
  // Kustomize wants a name, and takes every object of the target.
  const left = { $patch: 'delete', apiVersion, kind, metadata: { name: 'every' } };
  return { target: { kind }, patch: JSON.stringify(left) };
}
