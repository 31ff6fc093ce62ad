import type { AppProject } from '../../../imports/argo-cd.ts';
import { getJson, tryKubectl } from '../../cluster/kubectl.ts';
import { ArgoApi } from '../../components/argocd/api.ts';
import type { ApiAnswer } from '../../components/argocd/api.ts';
import { applicationOf, argocdNamespace, waitForSync } from '../../components/argocd/applications.ts';
import { webOf } from '../../components/web.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import { stopIfAsked } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { Developer, forgetSwitch } from '../rollback/developer.ts';
import { operationAttempts } from './attempts.ts';
import { attemptSubjects, sourceTable } from './sources.ts';
import type { ProjectSubjects } from './sources.ts';
import { accessTable, groups, layerOf, people } from './table.ts';
import type { AccessRow, AccessSubjects, Person } from './table.ts';

export const area: Area<'platform'> = {
  purpose: 'lets every role, and nobody, try what can be called in Argo CD, and to run what git does not say',
  promises: {
    'gitops-rbac':
      "a table of calls to Argo CD's API, each tried by admin, developer, readonly, somebody without a role and anonymously",
    'gitops-source':
      'every way to have an application run something else than git says, through the API by everybody and by kubectl; ' +
      'what a developer has to be able to do',
  },
  needs: 'platform',
  minutes: 3,
  programs: [],
  about: ['constructs/app-of-apps', 'prove/components/argocd'],
  run: access,
};

const approved = 'argocd.argoproj.io/deletion-approved';

/** Everybody tries every call of the tables, through the API that the web interface and the command line use. */
async function access(platform: PlatformGround): Promise<Outcome> {
  const { cluster, applications, report, signal } = platform;
  const api = await ArgoApi.connect(cluster);
  const checks: DrillCheck[] = [];
  const sources: DrillCheck[] = [];
  await withCleanUp([() => api.close()], async () => {
    const subjects = await subjectsOf(platform, api);
    checks.push(...(await tried(platform, api, accessTable(subjects))), ...(await forgeries(platform, api)));
    report('roles are tried; now the sources of applications');
    sources.push(...(await tried(platform, api, sourceTable(subjects, await projectsOf(platform, api)))));
    sources.push(...(await operations(platform, api, subjects)));
  });
  await waitForSync(cluster, applications, { atMost: 300, signal });
  report('every application is Synced and Healthy, as before');
  const standIns = [
    "no single sign-on: the groups stand in tokens signed with Argo CD's own key, which it reads like Dex's",
  ];
  return {
    'gitops-rbac': { figures: {}, units: {}, checks, standIns },
    'gitops-source': { figures: {}, units: {}, checks: sources, standIns },
  };
}

/** Lets everybody try every row. */
async function tried(ground: PlatformGround, api: ArgoApi, table: readonly AccessRow[]): Promise<DrillCheck[]> {
  const tokens = Object.fromEntries(Object.entries(groups).map(([person, own]) => [person, api.token(own)]));
  const checks: DrillCheck[] = [];
  for (const row of table) {
    stopIfAsked(ground.signal);
    const answers = new Map<Person, ApiAnswer>();
    for (const person of people) {
      if (operates(row)) await idle(ground);
      answers.set(person, await api.call(tokens[person], row.call.method, row.call.target, row.call.body));
    }
    checks.push(checkOf(row, answers));
  }
  return checks;
}

async function projectsOf({ platform }: PlatformGround, api: ArgoApi): Promise<ProjectSubjects> {
  const project = async (name = ''): Promise<AppProject> =>
    (await api.call(api.token(groups.admin), 'GET', `projects/${name}`)).body as AppProject;
  const { application } = webOf(platform, 'backend');
  return { product: await project(layerOf(platform, application)), default: await project('default') };
}

async function subjectsOf(ground: PlatformGround, api: ArgoApi): Promise<AccessSubjects> {
  const { cluster, applications, clone, platform } = ground;
  const { application, namespace, selector } = webOf(platform, 'backend');
  const pods = await getJson<{ readonly items: readonly { readonly metadata: { readonly name: string } }[] }>(cluster, [
    ...['pods', `--namespace=${namespace}`, selector],
    '--field-selector=status.phase=Running',
  ]);
  const { items } = await getJson<typeof pods>(cluster, ['appprojects.argoproj.io', `--namespace=${argocdNamespace}`]);
  const { body: backend } = await api.call(api.token(groups.admin), 'GET', `applications/${application}`);
  const [pod] = pods.items;
  if (pod === undefined) throw new ProvingError('no pod of the backend is running');
  return {
    platform,
    applications,
    projects: items.map(({ metadata }) => metadata.name),
    backend,
    pod: pod.metadata.name,
    older: await clone.git(['rev-parse', 'HEAD~1']),
  };
}

/** Argo CD refuses another operation while one runs, which would say nothing about rights. */
const operates = ({ right }: AccessRow): boolean => right === 'applications sync' || right === 'applications override';

async function idle({ cluster, platform, signal }: PlatformGround): Promise<void> {
  const { application } = webOf(platform, 'backend');
  await waitFor('operations to end', { atMost: 180, every: 500, signal }, async () => {
    const all = await Promise.all([application, 'root'].map((name) => applicationOf(cluster, name)));
    return all.every((each) => !('operation' in each) && each.status?.operationState?.phase !== 'Running');
  });
}

/** One line of the table: what came of it for each person. */
export function checkOf(row: AccessRow, answers: ReadonlyMap<Person, ApiAnswer>): DrillCheck {
  const line = (words: (person: Person) => string): string =>
    people.map((person) => `${person}: ${words(person)}`).join(', ');
  return {
    what: row.what,
    expected: line((person) => expectedOf(row, person)),
    got: line((person) => gotOf(row, person, answers.get(person))),
  };
}

function expectedOf({ expected }: AccessRow, person: Person): string {
  const own = expected[person] ?? (person === 'anonymous' ? 401 : 403);
  return typeof own === 'number' ? String(own) : own.sees;
}

function gotOf({ expected, reason }: AccessRow, person: Person, answer: ApiAnswer | undefined): string {
  if (answer === undefined) return 'no answer';
  const { status, body } = answer;
  if (status === 200 && typeof expected[person] === 'object') return namesIn(body);
  const message = messageOf(body);
  const known = [200, 401, 403].includes(status) || (reason === undefined && status === expected[person]);
  return known || reason?.test(message) === true ? String(status) : `${status} ${message.trim()}`;
}

interface Listed {
  readonly name?: string;
  readonly metadata?: { readonly name: string };
}

/** The names in a list, sorted; `none` for an empty one. */
function namesIn(body: unknown): string {
  const { items } = body as { readonly items?: readonly Listed[] | null };
  const names = (items ?? []).map(({ name, metadata }) => metadata?.name ?? name ?? '?');
  return names.sort().join(' ') || 'none';
}

function messageOf(body: unknown): string {
  const { message } = (typeof body === 'object' && body !== null ? body : {}) as { readonly message?: unknown };
  return typeof message === 'string' ? message : JSON.stringify(body);
}

/** A token that Argo CD didn't sign is none. */
async function forgeries({ platform }: PlatformGround, api: ArgoApi): Promise<readonly DrillCheck[]> {
  const { application } = webOf(platform, 'backend');
  const token = api.token(groups.admin, 'not the key of Argo CD');
  const { status } = await api.call(token, 'GET', `applications/${application}`);
  return [{ what: 'read an application with a forged token of an admin', expected: '401', got: String(status) }];
}

/** What only kubectl can write into an application, and what has to stay possible for a developer. */
async function operations(ground: PlatformGround, api: ArgoApi, subjects: AccessSubjects): Promise<DrillCheck[]> {
  const { cluster, platform } = ground;
  const { application: name } = webOf(platform, 'backend');
  const where = [name, `--namespace=${argocdNamespace}`];
  const checks: DrillCheck[] = [];
  for (const { what, change, refusedWith } of operationAttempts(attemptSubjects(subjects))) {
    const patch = ['--type=merge', `--patch=${JSON.stringify(change)}`, '--dry-run=server'];
    const { status, stderr } = await tryKubectl(cluster, ['patch', 'applications.argoproj.io', ...where, ...patch]);
    const got = status === 0 ? 'taken' : refusedWith.test(stderr) ? 'refused for it' : stderr.trim();
    checks.push({ what: `${what}, by kubectl`, expected: 'refused for it', got });
  }
  const developer = new Developer(api);
  const allow = async (what: string, call: () => Promise<ApiAnswer>): Promise<void> => {
    await idle(ground);
    const { status, body } = await call();
    const got = status === 200 ? '200' : `${status} ${messageOf(body).trim()}`;
    checks.push({ what: `a developer ${what}`, expected: '200', got });
  };
  const undo = [
    () => forgetSwitch(cluster, name),
    () => tryKubectl(cluster, ['annotate', 'applications.argoproj.io', ...where, `${approved}-`]),
  ];
  await withCleanUp(undo, async () => {
    await allow('compares it with git', () => developer.refresh(name, 'normal'));
    await allow('compares it with git anew', () => developer.refresh(name, 'hard'));
    await allow('switches automatic synchronisation off', () => developer.switchAutoSync(name, false));
    // First, so that what ran last is what git says: a drill before this one may have released, and taken that back.
    await allow('synchronises', () => developer.sync(name));
    await idle(ground);
    const id = (await developer.read(name)).status?.history?.at(-1)?.id ?? 0;
    await allow('rolls back to what ran last', () => developer.rollBack(name, id));
    await allow('switches automatic synchronisation on', () => developer.switchAutoSync(name, true));
    await allow('confirms a deletion', () => developer.confirmDeletion(name));
    await idle(ground);
  });
  const { spec } = await getJson<AppProject>(cluster, ['appproject', 'default', `--namespace=${argocdNamespace}`]);
  const { sourceRepos = [], destinations = [], clusterResourceWhitelist = [], namespaceResourceWhitelist } = spec;
  const open = [...sourceRepos, ...destinations, ...clusterResourceWhitelist, ...(namespaceResourceWhitelist ?? ['*'])];
  checks.push({ what: 'what the project default permits', expected: '[]', got: JSON.stringify(open) });
  return checks;
}
