import { Chart } from 'cdk8s';
import type { App } from 'cdk8s';
import type { Application } from '../../imports/argo-cd.ts';
import type { ApplicationChart, Layer } from '../core/application-chart.ts';
import { kubeObject } from '../core/kube-object.ts';
import { valuesOf } from '../core/upstream-source.ts';
import type { UpstreamPatch, UpstreamSource } from '../core/upstream-source.ts';
import { defaultProject, projectOf, projects, rootProject } from './projects.ts';
import { applicationsPolicy, projectsPolicy } from './source-policy.ts';
import { kept, named, policyWave, rootWave, server, wave } from './tree.ts';

type Source = NonNullable<Application['spec']['source']>;

/** One application as the tree needs to know it. */
export interface ApplicationEntry {
  /** The application, with its objects. */
  readonly chart: ApplicationChart;
  /** Its wave: one with a greater number waits until those before it are healthy. */
  readonly wave: number;
  /**
   * `group/Kind` of every object of ours, the group empty for core kinds; `group/Kind/name` where its project is to permit
   * no others of that kind in the cluster.
   */
  readonly kinds: readonly string[];
  /**
   * Namespaces of objects of ours, where they are others than the application's.
   * @default none
   */
  readonly namespaces?: readonly string[];
  /**
   * Deployments whose number of replicas an autoscaler decides.
   * @default none
   */
  readonly autoscaled?: readonly { readonly name: string; readonly namespace: string }[];
  /**
   * Whether a Job of its own, such as migrations, runs before each of its syncs.
   * @default false
   */
  readonly runsJobBefore?: boolean;
  /** What it reads where others publish it. */
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
   * The applications of the other trees in the same Argo CD, their roots included, by their full names: they are judged by
   * the policies of those.
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

/** Deleting such an Application deletes what it deployed; data, foundations and controllers outlive theirs. */
const cascading: ReadonlySet<Layer> = new Set(['edge', 'observability', 'applications']);

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
    kubeObject(this, 'project-root', rootProject(props));
    kubeObject(this, 'root', root);
    this.policies([root, ...children]);
    if (home) kubeObject(this, 'project-default', defaultProject(props));
    for (const project of projects(props)) kubeObject(this, `project-${project.metadata.name}`, project);
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

  private root(): Application {
    const { repository, environment, namespace } = this.props;
    return {
      apiVersion: 'argoproj.io/v1alpha1',
      kind: 'Application',
      metadata: {
        name: named(this.props, 'root'),
        namespace,
        annotations: { ...wave(rootWave), ...kept, ...comparedHere },
      },
      spec: {
        project: named(this.props, 'root'),
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
          // For ever: what failed by an outage goes on after it, and each attempt reads the newest commit.
          retry: { limit: -1, refresh: true, backoff },
        },
      },
    };
  }

  private child(entry: ApplicationEntry): Application {
    const { chart, wave: number, kinds, upstream, autoscaled = [], runsJobBefore = false } = entry;
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
        name: named(this.props, chart.application),
        namespace: this.props.namespace,
        annotations: wave(number),
        ...(cascading.has(chart.layer) ? { finalizers: ['resources-finalizer.argocd.argoproj.io/foreground'] } : {}),
      },
      spec: {
        project: named(this.props, projectOf(entry)),
        ...(sources.length === 1 ? { source: only } : { sources }),
        destination: { server, namespace: chart.destination.name },
        revisionHistoryLimit: 10,
        // Argo CD applies the number that there is (RespectIgnoreDifferences): nobody gives it up, nobody resets it.
        ...(autoscaled.length > 0 ? { ignoreDifferences: autoscaled.map(keepsReplicas) } : {}),
        syncPolicy: {
          // Without `enabled`: a rollback in the user interface writes it, and it must stay theirs.
          automated: { prune: true, selfHeal: true },
          syncOptions: [
            'FailOnSharedResource=true',
            'PruneLast=true',
            'RespectIgnoreDifferences=true',
            'ServerSideApply=true',
          ],
          retry: runsJobBefore ? retriedOnce : { limit: 3, backoff },
        },
      },
    };
  }
}

function keepsReplicas(deployment: { readonly name: string; readonly namespace: string }) {
  return { group: 'apps', kind: 'Deployment', ...deployment, jsonPointers: ['/spec/replicas'] };
}

/**
 * A child tries again what it began with, and takes the next release when it has given up, after about a minute. Never the
 * newest commit (`refresh`), as the root does: healing applies only what differs, without the Job that runs before, and
 * where children follow the branch, a second attempt would bring what a newer commit says without its migrations.
 */
const backoff = { duration: '10s', factor: 2, maxDuration: '1m' };

/** As long an outage is waited out, and what mends a Job that hangs waits for two of them in place of four. */
const retriedOnce = { limit: 1, backoff: { duration: '1m', factor: 1, maxDuration: '1m' } };

/**
 * Argo CD writes into applications all the time. The API server would compare with what they are now, the controller with
 * what it remembers of them: the root then saw itself differ, and synced again and again.
 */
const comparedHere = { 'argocd.argoproj.io/compare-options': 'ServerSideDiff=false' };

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
