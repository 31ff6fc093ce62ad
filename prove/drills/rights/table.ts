import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Call } from './api.ts';

/** A rule of a role, or of what the API says of somebody. */
export interface Right {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  readonly resources?: readonly string[];
  readonly resourceNames?: readonly string[];
}

/** A call that an account tries. */
export interface Attempt {
  readonly what: string;
  readonly call: Call;
  readonly expected: 'done' | 'refused';
  /**
   * What the administrator is answered, so that a refusal is one of who asks and not of the request; undefined where it
   * would do harm.
   */
  readonly administrator?: 200;
}

/** Such as `get, patch endpoints postgres, postgres-config`. */
export function inWords({ verbs, apiGroups = [], resources = [], resourceNames = [] }: Right): string {
  const list = (words: readonly string[]): string => [...words].sort().join(', ');
  const groups = apiGroups.filter((each) => each !== '');
  const what = [list(verbs), list(resources), ...(groups.length > 0 ? [`of ${list(groups)}`] : [])].join(' ');
  return resourceNames.length > 0 ? `${what} ${list(resourceNames)}` : what;
}

/** What the committed roles of a workload's account say. */
export function declaredRights(manifests: readonly Manifest[], namespace: string, account: string): readonly string[] {
  const own = manifests.filter(
    ({ kind, metadata }) =>
      (kind === 'Role' && metadata.namespace === namespace && metadata.name === account) ||
      (kind === 'ClusterRole' && metadata.name === `${namespace}-${account}`),
  );
  const rules = own.flatMap((role) => (role as { readonly rules?: readonly Right[] }).rules ?? []);
  // Paths of the API itself are no resources: the API tells of them elsewhere.
  return rules
    .filter(({ resources = [] }) => resources.length > 0)
    .map(inWords)
    .sort();
}

const within = (namespace: string): string => `/api/v1/namespaces/${namespace}`;
const get = (target: string): Call => ({ method: 'GET', target });
/** Takes the right to change it, and changes nothing. */
const patch = (target: string, body: object = {}): Call => ({ method: 'PATCH', target: `${target}?dryRun=All`, body });
const remove = (target: string): Call => ({ method: 'DELETE', target: `${target}?dryRun=All` });
const create = (target: string, body: object): Call => ({ method: 'POST', target: `${target}?dryRun=All`, body });

const metadata = { name: 'tried' };
const pod = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers: [{ name: 'tried', image: 'none' }] } };
const endpoints = { apiVersion: 'v1', kind: 'Endpoints', metadata };
const tokenRequest = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: {} };

const refusals = (attempts: readonly Omit<Attempt, 'expected'>[]): readonly Attempt[] =>
  attempts.map((attempt) => ({ ...attempt, expected: 'refused' }));

/** What no account may that nobody gave a right. */
export function attemptsOfAnybody(namespace: string): readonly Attempt[] {
  const own = within(namespace);
  return refusals([
    { what: 'list pods beside it', call: get(`${own}/pods`), administrator: 200 },
    { what: 'list secrets beside it', call: get(`${own}/secrets`), administrator: 200 },
    { what: 'list pods everywhere', call: get('/api/v1/pods?limit=1'), administrator: 200 },
    { what: 'create a pod', call: create(`${own}/pods`, pod) },
  ]);
}

interface Watcher {
  readonly namespace: string;
  readonly name: string;
  /** What it may list, everywhere. */
  readonly lists: Readonly<Record<string, string>>;
  /** What it may read beside that. @default nothing */
  readonly reads?: string;
  /** Of which it may not look into everything that runs there. */
  readonly node: string;
}

/** What the account of who watches may: to look at what it tells of, and never at what is secret or at what a node runs. */
export function attemptsOfWatcher({ namespace, name, lists, reads, node }: Watcher): readonly Attempt[] {
  const own = within(namespace);
  return [
    ...Object.entries(lists).map(([what, target]) => ({
      what: `list ${what} everywhere`,
      call: get(`${target}?limit=1`),
      expected: 'done' as const,
    })),
    ...(reads === undefined ? [] : [{ what: `read ${reads}`, call: get(reads), expected: 'done' as const }]),
    ...refusals([
      { what: 'list secrets everywhere', call: get('/api/v1/secrets?limit=1'), administrator: 200 },
      { what: 'list settings everywhere', call: get('/api/v1/configmaps?limit=1'), administrator: 200 },
      { what: 'reach through a kubelet', call: get(`/api/v1/nodes/${node}/proxy/healthz`), administrator: 200 },
      { what: 'create a pod', call: create(`${own}/pods`, pod) },
      {
        what: 'give itself rights',
        call: patch(`/apis/rbac.authorization.k8s.io/v1/clusterroles/${namespace}-${name}`),
        administrator: 200,
      },
    ]),
  ];
}

/** What the account of CoreDNS may: to watch what it gives names to, and nothing else of it. */
export function attemptsOfDns(namespace: string, watchesPods: boolean): readonly Attempt[] {
  const own = within(namespace);
  const watched = [
    ...['services', 'namespaces', ...(watchesPods ? ['pods'] : [])].map((kind) => [kind, `/api/v1/${kind}`] as const),
    ['endpoint slices', '/apis/discovery.k8s.io/v1/endpointslices'] as const,
  ];
  return [
    ...watched.map(([kind, target]) => {
      return { what: `list ${kind} everywhere`, call: get(`${target}?limit=1`), expected: 'done' as const };
    }),
    ...refusals([
      { what: 'list secrets', call: get(`${own}/secrets`), administrator: 200 },
      { what: 'list ConfigMaps', call: get(`${own}/configmaps`), administrator: 200 },
      { what: 'list nodes', call: get('/api/v1/nodes?limit=1'), administrator: 200 },
      { what: 'read its Service by name', call: get(`${own}/services/kube-dns`), administrator: 200 },
      { what: 'change its Service', call: patch(`${own}/services/kube-dns`), administrator: 200 },
      { what: 'change its own settings', call: patch(`${own}/configmaps/coredns-settings`), administrator: 200 },
      { what: 'create a pod', call: create(`${own}/pods`, pod) },
    ]),
  ];
}

export interface PatroniSubjects {
  readonly scope: string;
  readonly namespace: string;
  /** One of its members. */
  readonly member: string;
  /** A pod of another StatefulSet in their namespace, and a container of it; undefined where there is none. */
  readonly beside?: { readonly name: string; readonly container: string };
  /** A pod of another namespace. */
  readonly other: { readonly namespace: string; readonly name: string };
}

function imageOf(own: string, { name, container }: NonNullable<PatroniSubjects['beside']>): Omit<Attempt, 'expected'> {
  const image = { spec: { containers: [{ name: container, image: 'registry.example/other' }] } };
  return { what: `change the image of ${name}`, call: patch(`${own}/pods/${name}`, image), administrator: 200 };
}

/** What the account of the members may, and what is near to it. */
export function attemptsOfPatroni({ scope, namespace, member, beside, other }: PatroniSubjects): readonly Attempt[] {
  const own = within(namespace);
  const roles = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles`;
  const allowed = [
    { what: 'change its own pod', call: patch(`${own}/pods/${member}`) },
    { what: 'list pods', call: get(`${own}/pods`) },
    { what: 'list Endpoints', call: get(`${own}/endpoints`) },
    { what: 'read the lock', call: get(`${own}/endpoints/${scope}`) },
    { what: 'change the lock', call: patch(`${own}/endpoints/${scope}`) },
    { what: 'change its configuration', call: patch(`${own}/endpoints/${scope}-config`) },
    { what: 'create Endpoints, which have no name before', call: create(`${own}/endpoints`, endpoints) },
  ];
  return [
    ...allowed.map((attempt) => ({ ...attempt, expected: 'done' as const })),
    ...refusals([
      ...(beside === undefined ? [] : [imageOf(own, beside)]),
      {
        what: 'change a pod elsewhere',
        call: patch(`${within(other.namespace)}/pods/${other.name}`),
        administrator: 200,
      },
      { what: 'delete its own pod', call: remove(`${own}/pods/${member}`), administrator: 200 },
      { what: 'create a pod', call: create(`${own}/pods`, pod) },
      {
        what: 'change Endpoints that are not its own',
        call: patch(`${own}/endpoints/${scope}-members`),
        administrator: 200,
      },
      { what: 'delete the lock', call: remove(`${own}/endpoints/${scope}`), administrator: 200 },
      { what: 'list secrets', call: get(`${own}/secrets`), administrator: 200 },
      { what: 'read its own secret', call: get(`${own}/secrets/${scope}-members`), administrator: 200 },
      {
        what: 'change its StatefulSet',
        call: patch(`/apis/apps/v1/namespaces/${namespace}/statefulsets/${scope}`),
        administrator: 200,
      },
      { what: 'change its scripts', call: patch(`${own}/configmaps/${scope}-scripts`), administrator: 200 },
      { what: 'give itself rights', call: patch(`${roles}/${scope}`), administrator: 200 },
      {
        what: 'ask for the token of another account',
        call: create(`${own}/serviceaccounts/default/token`, tokenRequest),
      },
      { what: 'list pods everywhere', call: get('/api/v1/pods?limit=1'), administrator: 200 },
      { what: 'list nodes', call: get('/api/v1/nodes?limit=1'), administrator: 200 },
    ]),
  ];
}

export interface TraefikSubjects {
  readonly namespace: string;
  /** Of the account, its role and its Deployment. */
  readonly name: string;
  /** A namespace of applications. */
  readonly elsewhere: string;
}

/** What the account of Traefik may, which reads routes and certificates of its namespace, and what is near to it. */
export function attemptsOfTraefik({ namespace, name, elsewhere }: TraefikSubjects): readonly Attempt[] {
  const own = within(namespace);
  const routes = (of: string): string => `/apis/traefik.io/v1alpha1/namespaces/${of}/ingressroutes`;
  const route = { apiVersion: 'traefik.io/v1alpha1', kind: 'IngressRoute', metadata, spec: { routes: [] } };
  const allowed = [
    { what: 'list its routes', call: get(routes(namespace)) },
    { what: 'list its certificates', call: get(`${own}/secrets`) },
    { what: 'list its Services', call: get(`${own}/services`) },
  ];
  return [
    ...allowed.map((attempt) => ({ ...attempt, expected: 'done' as const })),
    ...refusals([
      { what: 'list secrets elsewhere', call: get(`${within(elsewhere)}/secrets`), administrator: 200 },
      { what: 'list secrets everywhere', call: get('/api/v1/secrets?limit=1'), administrator: 200 },
      { what: 'list routes elsewhere', call: get(routes(elsewhere)), administrator: 200 },
      { what: 'list pods beside it', call: get(`${own}/pods`), administrator: 200 },
      { what: 'list nodes', call: get('/api/v1/nodes?limit=1'), administrator: 200 },
      { what: 'create a route', call: create(routes(namespace), route) },
      { what: 'create a pod', call: create(`${own}/pods`, pod) },
      { what: 'change its settings', call: patch(`${own}/configmaps/${name}-settings`), administrator: 200 },
      {
        what: 'change its Deployment',
        call: patch(`/apis/apps/v1/namespaces/${namespace}/deployments/${name}`),
        administrator: 200,
      },
      {
        what: 'give itself rights',
        call: patch(`/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/${name}`),
        administrator: 200,
      },
      {
        what: 'ask for the token of another account',
        call: create(`${own}/serviceaccounts/default/token`, tokenRequest),
      },
    ]),
  ];
}
