import { getJson } from '../../cluster/kubectl.ts';
import { ArgoApi } from '../../components/argocd/api.ts';
import type { ApiAnswer } from '../../components/argocd/api.ts';
import { applicationOf, argocdNamespace, waitForSync } from '../../components/argocd/applications.ts';
import type { ApplicationObject } from '../../components/argocd/applications.ts';
import { webOf } from '../../components/web.ts';
import { ProvingError } from '../../machine/error.ts';
import { stopIfAsked } from '../../machine/interruption.ts';
import { waitFor } from '../../machine/wait-for.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { accessTable, groups, people } from './table.ts';
import type { AccessRow, AccessSubjects, Person } from './table.ts';

export const area: Area<'platform'> = {
  purpose: 'lets every role, and nobody, try what can be called in Argo CD',
  promises: {
    'gitops-rbac':
      "a table of calls to Argo CD's API, each tried by admin, developer, readonly, somebody without a role and anonymously",
  },
  needs: 'platform',
  minutes: 2,
  programs: [],
  about: ['constructs/app-of-apps', 'prove/components/argocd'],
  run: access,
};

/** Everybody tries every call of the table, through the API that the web interface and the command line use. */
async function access(platform: PlatformGround): Promise<Outcome> {
  const { cluster, applications, report, signal } = platform;
  const api = await ArgoApi.connect(cluster);
  const checks: DrillCheck[] = [];
  try {
    const tokens = Object.fromEntries(Object.entries(groups).map(([person, own]) => [person, api.token(own)]));
    const subjects = await subjectsOf(platform, api);
    for (const row of accessTable(subjects)) {
      stopIfAsked(signal);
      const answers = new Map<Person, ApiAnswer>();
      for (const person of people) {
        if (operates(row)) await idle(platform);
        answers.set(person, await api.call(tokens[person], row.call.method, row.call.target, row.call.body));
      }
      checks.push(checkOf(row, answers));
    }
    checks.push(...(await forgeries(platform, api)), ...(await bounds(platform, api)));
  } finally {
    await api.close();
  }
  await waitForSync(cluster, applications, { atMost: 300, signal });
  report('every application is Synced and Healthy, as before');
  return {
    'gitops-rbac': {
      figures: {},
      units: {},
      checks,
      standIns: [
        "no single sign-on: the groups stand in tokens signed with Argo CD's own key, which it reads like Dex's",
      ],
    },
  };
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

/**
 * What a developer can do with `update` beside a rollback: let the application read another revision of the same
 * repository. The root takes it back. Here it is the commit that is live, so nothing comes of it.
 */
async function bounds(ground: PlatformGround, api: ArgoApi): Promise<readonly DrillCheck[]> {
  const { cluster, clone, platform, signal } = ground;
  const { application: name } = webOf(platform, 'backend');
  const revisionOf = async () => (await applicationOf(cluster, name)).spec.source?.targetRevision;
  const before = await revisionOf();
  const commit = await clone.git(['rev-parse', 'HEAD']);
  const patch = JSON.stringify({ spec: { source: { targetRevision: commit } } });
  const body = { name, patchType: 'merge', patch };
  const answer = await api.call(api.token(groups.developer), 'PATCH', `applications/${name}`, body);
  const { spec } = answer.body as Partial<ApplicationObject>;
  const reads = answer.status === 200 && spec?.source?.targetRevision === commit;
  const back = await waitFor(
    'the root to take the revision back',
    { atMost: 300, every: 500, signal },
    async () => (await revisionOf()) === before,
  );
  return [
    { what: 'a developer lets an application read another revision', expected: 'true', got: String(reads) },
    { what: 'and the root takes it back', expected: 'true', got: String(back) },
  ];
}
