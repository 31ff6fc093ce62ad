import type { Application } from '../../../imports/argo-cd.ts';

type Changes = Readonly<Record<string, unknown>>;

/** One way to have an application run something else than git says, and which rule refuses it. */
export interface Attempt {
  readonly what: string;
  /** What is merged into it; null removes. */
  readonly change: Changes;
  readonly refusedWith: RegExp;
}

/** What attempts are made of. */
export interface AttemptSubjects {
  /** An application with one source, as git has it. */
  readonly application: Pick<Application, 'spec'>;
  /** Folder of another one. */
  readonly otherPath: string;
  /** Full name of the tag of a release that git has not made. */
  readonly unreleasedTag: string;
}

const commit = '0123456789abcdef0123456789abcdef01234567';

/** By the right `update` of Argo CD, which can't tell one field of an application from another. */
export function attempts({ application, otherPath, unreleasedTag }: AttemptSubjects): readonly Attempt[] {
  const { source: own = { repoURL: '' }, syncPolicy = {} } = application.spec;
  const { repoURL, path = '', targetRevision = '' } = own;
  const rule = (text: string): RegExp => new RegExp(`applications-from-git.* denied request: ${text}`, 's');
  const sourceRule = rule('(source: .*(options|folder)|spec.source )');
  const spec = (what: string, fields: Changes, refusedWith: RegExp): Attempt => ({
    what,
    change: { spec: fields },
    refusedWith,
  });
  const source = (what: string, fields: Changes, refusedWith = sourceRule): Attempt =>
    spec(what, { source: fields }, refusedWith);
  const policy = (what: string, fields: Changes): Attempt =>
    spec(what, { syncPolicy: fields }, rule('spec.syncPolicy'));
  const annotation = (name: string, value: string, domain = 'argocd.argoproj.io'): Attempt => ({
    what: `annotate it with ${name}: ${value}`,
    change: { metadata: { annotations: { [`${domain}/${name}`]: value } } },
    refusedWith: rule('metadata.annotations'),
  });
  const revision = (what: string, value: string): Attempt =>
    source(`let it read ${what}`, { targetRevision: value }, rule('source.targetRevision'));
  const drySource = { repoURL, path, targetRevision };
  return [
    spec('add sources, which win over its source', { sources: [{ ...own, path: otherPath }] }, sourceRule),
    spec('read its source as one of several', { source: null, sources: [own] }, sourceRule),
    spec(
      'hydrate it from elsewhere, which wins over its source',
      { sourceHydrator: { drySource, syncSource: { path: otherPath, targetBranch: 'drill' } } },
      rule('spec.sourceHydrator'),
    ),
    source("let it read another application's folder", { path: otherPath }),
    revision('a commit', commit),
    revision('a pull request', 'refs/pull/1/head'),
    revision('another branch', 'refs/heads/drill'),
    revision('whatever is called like the branch', targetRevision.replace(/^refs\/(heads|tags)\//, '')),
    revision('a release that git has not made', unreleasedTag),
    revision('the newest release', '*'),
    source('let it read the tip of the default branch', { targetRevision: null }, rule('source')),
    source('filter the tags it reads', { tagPrefix: 'drill-' }),
    source('build it with kustomize', { kustomize: { images: ['backend=registry.example/other:1'] } }),
    source('build it with helm', { helm: { parameters: [{ name: 'image', value: 'other' }] } }),
    source('build it with a plugin', { plugin: { name: 'drill', env: [{ name: 'A', value: 'b' }] } }),
    source('read folders below its own', { directory: { recurse: true } }),
    source('read only some of its files', { directory: { include: '*.json' } }),
    source('leave some of its files out', { directory: { exclude: 'networkpolicy-*' } }),
    source('give values to Jsonnet', { directory: { jsonnet: { extVars: [{ name: 'a', value: 'b' }] } } }),
    source('name its source', { name: 'drill' }),
    source('make its source one that others refer to', { ref: 'drill' }),
    spec(
      'ignore what differs from git',
      { ignoreDifferences: [{ group: 'apps', kind: 'Deployment', jsonPointers: ['/spec/template'] }] },
      rule('spec: '),
    ),
    spec('keep no history, so that nobody can roll back', { revisionHistoryLimit: 0 }, rule('spec: ')),
    spec('show links of their own', { info: [{ name: 'drill', value: 'https://example.com' }] }, rule('spec: ')),
    policy('apply without what git asks for', { syncOptions: ['Validate=false', 'Replace=true', 'Force=true'] }),
    policy('retry for ever', { retry: { ...syncPolicy.retry, limit: -1 } }),
    policy('give its namespace other labels', {
      managedNamespaceMetadata: { labels: { 'pod-security.kubernetes.io/enforce': 'privileged' } },
    }),
    policy('let everything be removed at once', { automated: { ...syncPolicy.automated, allowEmpty: true } }),
    annotation('skip-reconcile', 'true'),
    annotation('ignore-healthcheck', 'true'),
    annotation('manifest-generate-paths', '/drill'),
    annotation('sync-options', 'Prune=false'),
    annotation('compare-options', 'IgnoreExtraneous'),
    annotation('hook', 'Skip'),
    annotation('tracking-id', 'other:argoproj.io/Application:argocd/other'),
    // Its page shows a link, and what that says runs as whoever clicks on it (CVE-2026-45738).
    annotation('repository', 'Repository|javascript:alert(1)', 'link.argocd.argoproj.io'),
    annotation('subscribe.on-deployed.webhook', 'drill', 'notifications.argoproj.io'),
    {
      what: 'keep it from ever being deleted',
      change: { metadata: { finalizers: ['example.com/drill'] } },
      refusedWith: rule('metadata.finalizers'),
    },
  ];
}

/** What only kubectl can write: Argo CD's API makes operations by itself. */
export function operationAttempts({ application, otherPath }: AttemptSubjects): readonly Attempt[] {
  const { source: own = { repoURL: '' } } = application.spec;
  const attempt = (what: string, sync: Changes, refusedWith: string): Attempt => ({
    what,
    change: { operation: { sync } },
    refusedWith: new RegExp(`applications-from-git.* denied request: ${refusedWith}`, 's'),
  });
  return [
    attempt('synchronise manifests of their own', { manifests: ['{}'] }, 'operation.sync.manifests'),
    attempt('synchronise another folder', { source: { ...own, path: otherPath }, revision: commit }, 'source: '),
    attempt('synchronise several sources', { sources: [own, own], revisions: [commit, commit] }, 'source: '),
    attempt('synchronise another source beside', { source: own, sources: [own] }, 'operation.sync.source'),
    attempt('synchronise with kustomize', { source: { ...own, kustomize: { namePrefix: 'x-' } } }, 'source: '),
    attempt('synchronise a pull request', { source: { ...own, targetRevision: 'refs/pull/1/head' } }, 'source.target'),
    attempt('synchronise the commit of a pull request', { revision: 'refs/pull/1/head' }, 'operation.sync.revision'),
    attempt('synchronise one of several', { revisions: ['refs/heads/drill'] }, 'operation.sync.revision'),
  ];
}

/** A copy with changes merged in as a JSON merge patch does it. */
export function merged(value: unknown, changes: Changes): unknown {
  const copy: Record<string, unknown> = { ...(value as Changes | undefined) };
  for (const [key, change] of Object.entries(changes)) {
    const isMap = typeof change === 'object' && change !== null && !Array.isArray(change);
    if (change === null) Reflect.deleteProperty(copy, key);
    else copy[key] = isMap ? merged(copy[key], change as Changes) : change;
  }
  return copy;
}
