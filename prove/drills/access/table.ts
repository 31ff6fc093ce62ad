import { data } from '../../../apps/data.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { patroniOf } from '../../components/postgres/members.ts';
import { webOf } from '../../components/web.ts';

/** People, by what they are; each but the last is signed in. */
export const people = ['admin', 'developer', 'readonly', 'nobody', 'anonymous'] as const;
export type Person = (typeof people)[number];

/** The groups that single sign-on tells of a person, as the committed policy names them. */
export const groups: Readonly<Record<Exclude<Person, 'anonymous'>, readonly string[]>> = {
  admin: ['admins'],
  developer: ['developers'],
  readonly: ['viewers'],
  nobody: [],
};

/** A call that everybody tries. */
export interface AccessRow {
  readonly what: string;
  /** Argo CD's names for the right it takes: resource and action; undefined where it takes none. */
  readonly right: string | undefined;
  readonly call: AccessCall;
  /**
   * What comes of it. Whoever is not named is refused: 403, and 401 without a token. A number is a status; `sees` what a
   * list shows. Calls that would do harm are made so that they fail, for `reason`, after Argo CD let them pass.
   */
  readonly expected: Readonly<Partial<Record<Person, number | { readonly sees: string }>>>;
  readonly reason: RegExp | undefined;
}

export interface AccessCall {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below `/api/v1/`, or from `/`. */
  readonly target: string;
  readonly body?: unknown;
}

/** What the calls are made of. */
export interface AccessSubjects {
  readonly platform: Platform;
  /** Names of all applications. */
  readonly applications: readonly string[];
  /** Names of all projects. */
  readonly projects: readonly string[];
  /** The backend's application as the API has it. */
  readonly backend: unknown;
  /** A pod of it. */
  readonly pod: string;
  /** A commit before the one that is live. */
  readonly older: string;
}

const get = (target: string): AccessCall => ({ method: 'GET', target });
export const post = (target: string, body: unknown): AccessCall => ({ method: 'POST', target, body });
export const put = (target: string, body: unknown): AccessCall => ({ method: 'PUT', target, body });
export const remove = (target: string): AccessCall => ({ method: 'DELETE', target });

export const row = (
  what: string,
  right: string | undefined,
  call: AccessCall,
  expected: AccessRow['expected'],
  reason?: RegExp,
): AccessRow => ({ what, right, call, expected, reason });

const kind = { version: 'v1', group: 'apps', kind: 'Deployment' };
export const mergePatch = encodeURIComponent('application/merge-patch+json');
const inCluster = encodeURIComponent('https://kubernetes.default.svc');
const repoURL = 'https://github.com/example/none.git';

const names = (list: readonly string[]): { readonly sees: string } => ({ sees: [...list].sort().join(' ') || 'none' });
const none = names([]);
const everyRole = { admin: 200, developer: 200, readonly: 200 };
const signedIn = { ...everyRole, nobody: 200 };
const listedCluster = { admin: names(['in-cluster']), readonly: names(['in-cluster']) };
const signedIn404 = { admin: 404, developer: 404, readonly: 404, nobody: 404 };
const readers = { admin: 200, readonly: 200 };

/** What each person may do in Argo CD. */
export function accessTable(subjects: AccessSubjects): readonly AccessRow[] {
  const { pod, older, platform } = subjects;
  const [all, projects] = [names(subjects.applications), names(subjects.projects)];
  const web = webOf(platform, 'backend');
  const { application, namespace } = web;
  const [container] = web.workload.props.containers;
  const ofProduct = platform.charts.filter(({ layer }) => layer === layerOf(platform, application));
  const product = names(ofProduct.map((chart) => chart.application));
  // Projects: the product's, and another one.
  const [own, other] = [layerOf(platform, application), data.layer];
  // In a namespace that the product's project doesn't list.
  const { life } = patroniOf(platform);
  const backend = `applications/${application}`;
  const patch = (spec: object): AccessCall => ({
    method: 'PATCH',
    target: backend,
    body: { name: application, patchType: 'merge', patch: JSON.stringify({ spec }) },
  });
  const resource = (name: string, more = ''): string =>
    `${backend}/resource?namespace=${namespace}&version=v1&group=apps&kind=Deployment&resourceName=${name}${more}`;
  const inPod = `namespace=${namespace}&pod`;
  const log = `${backend}/logs?${inPod}Name=${pod}&container=${container.name}&tailLines=1&follow=false`;
  const terminal = `/terminal?appName=${application}&projectName=${own}&${inPod}=${pod}&container=${container.name}`;
  const restart = { ...kind, namespace, resourceName: 'none', action: 'restart' };
  const project = { project: { metadata: { name: own }, spec: { description: 'another one' } } };
  const misplaced = {
    metadata: { name: 'none' },
    spec: {
      project: own,
      destination: { server: 'https://kubernetes.default.svc', namespace: life.namespace },
      source: { repoURL, path: 'dist', targetRevision: 'main' },
    },
  };
  const set = { metadata: { name: 'none' }, spec: {} };
  const password = { name: 'admin', currentPassword: 'wrong-one', newPassword: 'other-one' };
  const update = 'applications update';
  const sync = 'applications sync';
  return [
    // Without any right
    row('read the version', undefined, get('/api/version'), { ...signedIn, anonymous: 200 }),
    row('read the settings', undefined, get('settings'), { ...signedIn, anonymous: 200 }),

    // An application of the product
    row('list applications', 'applications get', get('applications'), {
      admin: all,
      developer: product,
      readonly: all,
      nobody: none,
    }),
    row('read an application', 'applications get', get(backend), everyRole),
    row('read its tree of objects', 'applications get', get(`${backend}/resource-tree`), everyRole),
    row('read its manifests', 'applications get', get(`${backend}/manifests`), everyRole),
    row('read its events', 'applications get', get(`${backend}/events`), everyRole),
    row('read one of its objects', 'applications get', get(resource(web.name)), everyRole),
    row("read a pod's log", 'logs get', get(log), everyRole),
    row('synchronise it', sync, post(`${backend}/sync`, { dryRun: true }), { admin: 200, developer: 200 }),
    row(
      'stop its synchronisation',
      sync,
      remove(`${backend}/operation`),
      { admin: 400, developer: 400 },
      /No operation is in progress/,
    ),
    row(
      'roll it back',
      sync,
      post(`${backend}/rollback`, { id: 0 }),
      { admin: 400, developer: 400 },
      /auto-sync is enabled/,
    ),
    row('change it', update, put(backend, subjects.backend), { admin: 200, developer: 200 }),
    row(
      'let it read a repository that its project does not list',
      update,
      patch({ source: { repoURL } }),
      { admin: 400, developer: 400 },
      /spec for backend is invalid/,
    ),
    row(
      'let it write into a namespace that its project does not list',
      update,
      patch({ destination: { namespace: life.namespace } }),
      { admin: 400, developer: 400 },
      /do not match any of the allowed destinations/,
    ),
    // Takes `update` where it is, and `create` where it shall be.
    row(
      'move it to another project',
      'applications create',
      patch({ project: other }),
      { admin: 400 },
      /do not match any of the allowed destinations/,
    ),
    // Nobody: an operation holds the bare commit, and no policy can tell whether it was reviewed.
    row(
      'synchronise an older commit',
      'applications override',
      post(`${backend}/sync`, { dryRun: true, revision: older }),
      {},
    ),
    row(
      'synchronise manifests of their own',
      'applications override',
      post(`${backend}/sync`, { manifests: ['{}'] }),
      {},
    ),
    row(
      'create an application',
      'applications create',
      post('applications', misplaced),
      { admin: 400 },
      /spec for none is invalid/,
    ),
    row(
      'delete it',
      'applications delete',
      remove(`${backend}?cascade=false&propagationPolicy=foreground`),
      { admin: 400 },
      /cannot set propagation policy/,
    ),
    row(
      'delete one of its objects',
      'applications delete/*',
      remove(resource('none')),
      { admin: 400 },
      /not found as part of application/,
    ),
    row(
      'change one of its objects',
      'applications update/*',
      post(resource('none', `&patchType=${mergePatch}`), '{"spec":{}}'),
      { admin: 400 },
      /not found as part of application/,
    ),
    row(
      'restart a workload',
      'applications action/*',
      post(`${backend}/resource/actions/v2`, restart),
      { admin: 400 },
      /not found as part of application/,
    ),
    // Switched off, which it tells whoever asks.
    row('open a terminal in a pod', 'exec create', get(terminal), { ...signedIn404, anonymous: 400 }),

    // Applications of the platform
    row('read an application of another project', 'applications get', get(`applications/${data.name}`), readers),
    row('read the root application', 'applications get', get('applications/root'), readers),
    row('synchronise the root application', sync, post('applications/root/sync', { dryRun: true }), { admin: 200 }),

    // What is around them
    row('list projects', 'projects get', get('projects'), {
      admin: projects,
      developer: none,
      readonly: projects,
      nobody: none,
    }),
    row('read a project', 'projects get', get(`projects/${own}`), readers),
    row(
      'change a project',
      'projects create',
      post('projects', project),
      { admin: 400 },
      /projects-from-git.* denied request/s,
    ),
    row(
      'delete a project',
      'projects delete',
      remove(`projects/${own}`),
      { admin: 400 },
      new RegExp(`project is referenced by ${ofProduct.length} applications`),
    ),
    row(
      'create a set of applications',
      'applicationsets create',
      post('applicationsets?dryRun=true', set),
      { admin: 500 },
      /getting ApplicationSet's project/,
    ),
    row(
      'add a repository',
      'repositories create',
      post('repositories', { repo: repoURL, type: 'git' }),
      { admin: 500 },
      /repository not found/,
    ),
    row('list clusters', 'clusters get', get('clusters'), { ...listedCluster, developer: none, nobody: none }),
    row('read a cluster', 'clusters get', get(`clusters/${inCluster}`), readers),
    row(
      'add a cluster',
      'clusters create',
      post('clusters', { server: 'https://127.0.0.1:1', name: 'none', config: {} }),
      { admin: 500 },
      /connection refused/,
    ),
    row("read somebody else's account", 'accounts get', get('account/admin'), readers),
    row(
      "change somebody else's password",
      'accounts update',
      put('account/password', password),
      { admin: 400 },
      /current password does not match/,
    ),
    row(
      'make a token for an account',
      'accounts update',
      post('account/admin/token', { name: 'admin', expiresIn: 60 }),
      { admin: 500 },
      /does not have apiKey capability/,
    ),
    row('list certificates of repositories', 'certificates get', get('certificates'), readers),
    row('add a certificate', 'certificates create', post('certificates', { items: [] }), { admin: 200 }),
    row('list keys of signatures', 'gpgkeys get', get('gpgkeys'), readers),
  ];
}

/** The layer of an application, which is what its project is called. */
export function layerOf({ charts }: Platform, name: string): string | undefined {
  return charts.find(({ application }) => application === name)?.layer;
}
