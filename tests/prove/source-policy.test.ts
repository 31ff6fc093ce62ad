import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { App } from 'cdk8s';
import { load } from 'js-yaml';
import { buildAppOfApps } from '../../apps/platform.ts';
import { applicationsOf } from '../../apps/index.ts';
import { loadEnvironment } from '../../config/index.ts';
import { AppOfApps } from '../../constructs/app-of-apps/index.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Environment } from '../../constructs/core/environment.ts';
import { Platform } from '../../constructs/core/platform.ts';
import type { Application } from '../../imports/argo-cd.ts';
import { ControlPlane } from '../../prove/cluster/control-plane.ts';
import { apply, kubectl, tryApply, tryKubectl } from '../../prove/cluster/kubectl.ts';
import { attempts, merged, operationAttempts } from '../../prove/drills/access/attempts.ts';
import type { AttemptSubjects } from '../../prove/drills/access/attempts.ts';
import { keptFiles, fetchingHere } from '../../scripts/import/module-files.ts';
import { makers, pinnedModule } from '../../scripts/import/makers.ts';
import { built } from '../support/built.ts';
import { patience } from '../support/until.ts';
import { committed, root } from '../support/committed.ts';

const maker = makers['argo-cd'];
const definitions = keptFiles(pinnedModule(maker, path.join(root, 'imports')), maker.files, fetchingHere());
const programs = (['etcd', 'kube-apiserver', 'kubectl'] as const).map((name) => built(name));
const runs = definitions !== undefined && !programs.includes(undefined);

/** Production after its third release. */
const environment = { ...loadEnvironment('production'), releaseTag: 'production-3' };
const treeOf = (of: Environment): Manifest[] =>
  objectsOf(buildAppOfApps(new Platform(of, applicationsOf(of)))).map(manifestOf);
const tree = treeOf(environment);
const child = (name: string): Application =>
  tree.find(({ kind, metadata }) => kind === 'Application' && metadata.name === name) as unknown as Application;
const subjects: AttemptSubjects = {
  application: child('backend'),
  otherPath: 'dist/production/frontend',
  unreleasedTag: 'refs/tags/production-4',
};
const commit = 'c'.repeat(40);
const controller = 'system:serviceaccount:argocd:argocd-application-controller';
const server = 'system:serviceaccount:argocd:argocd-server';

type Body = Readonly<Record<string, unknown>>;

let plane: ControlPlane;
let ask: (method: string, target: string, body?: unknown, as?: string) => Promise<{ status: number; body: Body }>;

(runs ? describe : describe.skip)('a real API server', () => {
  beforeAll(async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'source-policy-'));
    plane = await ControlPlane.start(folder, { controllers: false, readyWithin: patience / 1000 });
    ask = client(plane);
    await kubectl(plane, ['apply', '--server-side', ...(definitions ?? []).flatMap((file) => ['-f', file])]);
    await kubectl(plane, ['create', 'namespace', 'argocd']);
    const ofKind = (...kinds: string[]): Manifest[] => tree.filter(({ kind }) => kinds.includes(kind));
    const policies = ofKind('ValidatingAdmissionPolicy', 'ValidatingAdmissionPolicyBinding');
    await apply(plane, policies);
    await plane.waitFor('the policies', patience / 1000, async () => {
      const { status } = await write('POST', { ...child('backend'), metadata: { name: 'unknown' } });
      return status === 422;
    });
    await apply(plane, ofKind('AppProject', 'Application'));
  });
  afterAll(() => plane.stop());

  test.each(attempts(subjects))('refuses to $what', async ({ change, refusedWith }) => {
    expect(await refusal('backend', change)).toMatch(refusedWith);
  });

  test.each(operationAttempts(subjects))('refuses to $what', async ({ change, refusedWith }) => {
    expect(await refusal('backend', change)).toMatch(refusedWith);
  });

  const { source } = child('backend').spec;
  const sync = (fields: Body): Body => ({
    operation: { sync: { syncOptions: [], ...fields }, initiatedBy: {}, retry: {} },
  });
  const annotated = (name: string, value: string | null): Body => ({
    metadata: { annotations: { [`argocd.argoproj.io/${name}`]: value } },
  });
  test.each<[string, string, Body]>([
    ['switching auto-sync off', 'backend', { spec: { syncPolicy: { automated: { enabled: false } } } }],
    ['switching auto-sync off as the command line does', 'backend', { spec: { syncPolicy: { automated: null } } }],
    ['switching pruning off', 'backend', { spec: { syncPolicy: { automated: { prune: false, selfHeal: false } } } }],
    ['an earlier release', 'backend', { spec: { source: { targetRevision: 'refs/tags/production-1' } } }],
    ['the branch', 'backend', { spec: { source: { targetRevision: 'refs/heads/main' } } }],
    ['a refresh', 'backend', annotated('refresh', 'hard')],
    ['what comes with a refresh', 'backend', annotated('hydrate', 'normal')],
    ['a deletion that is confirmed', 'backend', annotated('deletion-approved', '2026-11-29T00:00:00Z')],
    ['annotations of others', 'backend', { metadata: { annotations: { 'notified.notifications.argoproj.io': '{}' } } }],
    [
      'a deletion with all objects',
      'backend',
      { metadata: { finalizers: ['resources-finalizer.argocd.argoproj.io/background'] } },
    ],
    ['a deletion that keeps all objects', 'backend', { metadata: { finalizers: null } }],
    ['a sync', 'backend', sync({ source, revision: commit, prune: true })],
    [
      'a sync of some objects',
      'backend',
      sync({ source, revision: commit, resources: [{ kind: 'Service', name: 'backend' }] }),
    ],
    ['a sync whose revision Argo CD looks up', 'backend', sync({ syncStrategy: { hook: {} } })],
    [
      'a rollback',
      'backend',
      sync({ source: { ...source, targetRevision: 'refs/tags/production-2' }, revision: commit }),
    ],
    [
      'a sync of several sources',
      'cert-manager',
      sync({ sources: child('cert-manager').spec.sources, revisions: ['v1.21.2', commit] }),
    ],
    ['state', 'backend', { status: { sync: { status: 'Synced' }, health: { status: 'Healthy' } } }],
    ['empty values as Go writes them', 'root', { spec: { source: { directory: { jsonnet: {} } } } }],
    [
      "a deletion's finalizers of hooks",
      'data',
      { metadata: { finalizers: ['post-delete-finalizer.argocd.argoproj.io/cleanup'] } },
    ],
  ])('lets through %s', async (_, name, change) => {
    expect(await refusal(name, change)).toBe('');
  });

  test('keeps objects whose application outlives them from being deleted with it', async () => {
    const finalizers = ['resources-finalizer.argocd.argoproj.io'];
    expect(await refusal('data', { metadata: { finalizers } })).toMatch(/metadata.finalizers/);
  });

  test('lets a rollback have older releases of others where the history has them, and nowhere else', async () => {
    const { sources = [] } = child('cert-manager').spec;
    const [chart, own] = sources;
    const older = [{ ...chart, targetRevision: 'v1.21.1' }, own];
    const revisions = ['v1.21.1', commit];
    const rollback = sync({ source: { repoURL: '' }, sources: older, revisions });
    const entry = { id: 1, revisions, sources: older, deployedAt: '2026-11-29T00:00:00Z', revision: '' };
    const history = { status: { history: [entry], sync: { status: 'Synced' } } };
    expect(await refusal('cert-manager', rollback)).toMatch(/source: other sources than in git/);
    expect(await refusal('cert-manager', { ...history, ...rollback })).toBe('');
    const elsewhere = [{ ...chart, repoURL: 'https://charts.example' }, own];
    const other = { status: { ...history.status, history: [{ ...entry, sources: elsewhere }] } };
    const forged = sync({ sources: elsewhere, revisions });
    expect(await refusal('cert-manager', { ...other, ...forged })).toMatch(/source: other sources than in git/);
  });

  test('lets Argo CD write the state of an application that the policy came too late for', async () => {
    await kubectl(plane, ['delete', 'validatingadmissionpolicybinding', 'applications-from-git']);
    await plane.waitFor(
      'the binding to be gone',
      60,
      async () => (await refusal('identity', annotated('hook', 'Skip'))) === '',
    );
    const late = { spec: { sources: [{ ...source, path: 'elsewhere' }] }, ...annotated('skip-reconcile', 'true') };
    const { status } = await write('PUT', merged(await read('identity'), late), false);
    await apply(
      plane,
      tree.filter(({ kind }) => kind === 'ValidatingAdmissionPolicyBinding'),
    );
    await plane.waitFor('the binding', 60, async () => (await refusal('identity', annotated('hook', 'Skip'))) !== '');
    expect(status).toBe(200);
    expect(await refusal('identity', { status: { health: { status: 'Healthy' } } })).toBe('');
    expect(await refusal('identity', { spec: { sources: null }, ...annotated('skip-reconcile', null) })).toBe('');
  });

  test('refuses an application that git does not have', async () => {
    const { status, body } = await write('POST', { ...child('backend'), metadata: { name: 'other' } });
    expect([status, body.message]).toEqual([422, expect.stringContaining('git has no application of this name')]);
  });

  test.each([
    [server, 'PATCH', 422],
    [server, 'DELETE', 422],
    [controller, 'PATCH', 200],
    [undefined, 'PATCH', 200],
  ])('lets projects change only from git or by kubectl: %s, %s', async (user, method, expected) => {
    await tryKubectl(plane, [
      'create',
      'clusterrolebinding',
      'all',
      '--clusterrole=cluster-admin',
      '--group=system:serviceaccounts',
    ]);
    const target = 'appprojects/default?dryRun=All';
    const { status } = await ask(
      method,
      target,
      method === 'PATCH' ? { spec: { sourceRepos: ['*'] } } : undefined,
      user,
    );
    expect(status).toBe(expected);
  });

  test('judges what only begins like an application of another tree', async () => {
    const { repository, releaseTag } = environment;
    const neighbours = ['staging-root', 'staging-backend'];
    const props = { environment: 'production', repository, releaseTag, namespace: 'argocd', entries: [], neighbours };
    const home = objectsOf(new AppOfApps(new App(), 'home', props)).map(manifestOf);
    await apply(plane, policiesIn(home));
    const made = async (name: string): Promise<number> =>
      (await write('POST', { ...child('backend'), metadata: { name } })).status;
    await plane.waitFor('the policies', patience / 1000, async () => (await made('staging-backend')) === 201);
    expect(await made('staging-other')).toBe(422);
  });

  test('lets no Service claim an address, and one that has some be changed', async () => {
    const metadata = { name: 'claims', namespace: 'default' };
    const tried = async (spec: Body, ...args: string[]): Promise<string> => {
      const service = { apiVersion: 'v1', kind: 'Service', metadata, spec };
      const { status, stderr } = await tryApply(plane, [service], ...args);
      return status === 0 ? '' : stderr;
    };
    const dryRun = '--dry-run=server';
    const ports = [{ port: 443 }];
    const claims = { externalIPs: ['203.0.113.7'], ports };
    expect(await tried(claims)).toBe('');
    const objects = committed('dist/production/cluster-system').map(({ manifest }) => manifest);
    await apply(plane, policiesIn(objects));
    const others = { ...claims, externalIPs: ['203.0.113.8'] };
    await plane.waitFor('the policy', 60, async () => (await tried(others, dryRun)) !== '');
    expect(await tried(others, dryRun)).toContain('services-claim-no-addresses');
    expect(await tried({ ...claims, ports: [{ port: 444 }] }, dryRun)).toBe('');
    expect(await tried({ ports }, dryRun)).toBe('');
  });

  test('takes a root of another repository by hand as soon as the policies of its tree are there', async () => {
    const url = 'https://git.example/moved.git';
    const moved = { spec: { source: { repoURL: url } } };
    expect(await refusal('root', moved)).toMatch(/source: other sources than in git/);
    const there = treeOf({ ...environment, repository: { ...environment.repository, url } });
    await apply(plane, policiesIn(there));
    await plane.waitFor('the policies', patience / 1000, async () => (await refusal('root', moved)) === '');
    expect(await refusal('root', moved)).toBe('');
  });
});

function policiesIn(manifests: readonly Manifest[]): Manifest[] {
  return manifests.filter(({ kind }) => kind.startsWith('ValidatingAdmissionPolicy'));
}

async function read(name: string): Promise<Body> {
  return (await ask('GET', `applications/${name}`)).body;
}

function write(method: 'POST' | 'PUT', application: unknown, dryRun = true) {
  const { name } = (application as Application).metadata;
  const query = dryRun ? '?dryRun=All' : '';
  return ask(method, `applications${method === 'PUT' ? `/${name}` : ''}${query}`, application);
}

/** What the server says to a change of an application; nothing where it takes it. */
async function refusal(name: string, change: Body): Promise<string> {
  const { status, body } = await write('PUT', merged(await read(name), change));
  return status === 200 ? '' : `${status} ${String(body.message)}`;
}

function client({ kubeconfig, authority, port }: ControlPlane): typeof ask {
  const { users } = load(fs.readFileSync(kubeconfig, 'utf8')) as { users: [{ user: { token: string } }] };
  const ca = fs.readFileSync(authority);
  return (method, target, body, as) =>
    new Promise((resolve, reject) => {
      const headers = {
        authorization: `Bearer ${users[0].user.token}`,
        'content-type': `application/${method === 'PATCH' ? 'merge-patch+' : ''}json`,
        ...(as === undefined ? {} : { 'impersonate-user': as, 'impersonate-group': 'system:serviceaccounts' }),
      };
      const url = `https://127.0.0.1:${port}/apis/argoproj.io/v1alpha1/namespaces/argocd/${target}`;
      const request = https.request(url, { method, ca, headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: JSON.parse(text) as Body }));
      });
      request.on('error', reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
}
