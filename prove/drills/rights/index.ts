import { apiTokenPath } from '../../../constructs/core/pod-volume.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import { exec, getJson, kubectl } from '../../cluster/kubectl.ts';
import { membersOf } from '../../components/postgres/members.ts';
import type { Members } from '../../components/postgres/members.ts';
import { webOf } from '../../components/web.ts';
import { committedObjects } from '../../delivery/committed.ts';
import { ProvingError } from '../../machine/error.ts';
import { stopIfAsked } from '../../machine/interruption.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { PlatformGround } from '../ground.ts';
import { callApi } from './api.ts';
import type { Answer } from './api.ts';
import { attemptsOfAnybody, attemptsOfPatroni, declaredRights, inWords } from './table.ts';
import type { Attempt, Right } from './table.ts';

export const area: Area<'platform'> = {
  purpose: 'lets every account try, with its own token, what it may do by the Kubernetes API and what not',
  promises: {
    rbac:
      'the API tells each account what it may, which is what its committed role says; each then tries what is allowed and ' +
      'what is not, with the token that its pods have, or one that the API gives out where they have none',
  },
  needs: 'platform',
  minutes: 1,
  programs: [],
  about: ['constructs/core/api-rights.ts', 'constructs/patroni-cluster/member.ts', 'synth/rights.ts'],
  run: rights,
};

/** The API's own answer to what the caller may. */
interface Review {
  readonly status: { readonly resourceRules: readonly Right[] };
}

async function rights(ground: PlatformGround): Promise<Outcome> {
  const { root, environment, cluster, platform, report, signal } = ground;
  const members = membersOf(ground);
  const { leader } = await members.whole(signal, 300);
  const committed = committedObjects(root, `dist/${environment}`);
  const workloads = platform.owners.filter((owner) => owner instanceof Workload);
  const checks: DrillCheck[] = [];
  let tried = 0;
  for (const workload of workloads) {
    stopIfAsked(signal);
    const { name, namespace } = workload;
    const who = `${namespace}/${name}`;
    const asks = workload.props.api !== undefined;
    const token = asks ? await mounted(ground, workload, leader) : await requested(ground, namespace, name);
    checks.push({
      what: `${who}: what the API says that it may`,
      expected: declaredRights(committed, namespace, name).join('; ') || 'nothing',
      got: (await told(ground, namespace, token)).join('; ') || 'nothing',
    });
    const attempts = asks ? await attemptsOf(ground, members, leader) : attemptsOfAnybody(namespace);
    for (const attempt of attempts) {
      const got = outcomeOf(await callApi(cluster, attempt.call, token));
      checks.push({ what: `${who}: ${attempt.what}`, expected: attempt.expected, got });
      if (attempt.administrator !== undefined) {
        const { status } = await callApi(cluster, attempt.call, undefined);
        const [expected, answer] = [String(attempt.administrator), String(status)];
        checks.push({ what: `the administrator in place of ${who}: ${attempt.what}`, expected, got: answer });
      }
    }
    tried += attempts.length;
    report(`${who}: tried ${attempts.length} calls`);
  }
  checks.push(await whoHasTheToken(ground, members, leader), await exporterLooks(members, leader));
  return {
    rbac: {
      figures: { accounts: workloads.length, tried },
      units: { accounts: 'accounts', tried: 'calls' },
      checks,
      standIns: ["only accounts of our own workloads: those of Argo CD and of charts are their makers'"],
    },
  };
}

/** The token that a pod of a workload has. */
async function mounted({ cluster }: PlatformGround, { namespace, props }: Workload, pod: string): Promise<string> {
  const [container] = props.api?.containers ?? [];
  const file = ['cat', `${apiTokenPath}/token`];
  const { status, stdout, stderr } = await exec(cluster, { namespace, name: pod, container }, file);
  if (status !== 0) throw new ProvingError(`${pod} has no token in ${container ?? 'any container'}: ${stderr}`);
  return stdout.trim();
}

/** A token that the API gives out for an account to whoever may ask for it. */
async function requested({ cluster }: PlatformGround, namespace: string, account: string): Promise<string> {
  return (await kubectl(cluster, ['create', 'token', account, `--namespace=${namespace}`, '--duration=10m'])).trim();
}

/** What the API says that an account may in its namespace, beside what every account may: such as to ask just that. */
async function told(ground: PlatformGround, namespace: string, token: string): Promise<readonly string[]> {
  const body = { apiVersion: 'authorization.k8s.io/v1', kind: 'SelfSubjectRulesReview', spec: { namespace } };
  const call = { method: 'POST', target: '/apis/authorization.k8s.io/v1/selfsubjectrulesreviews', body } as const;
  const [own = [], everybody = []] = await Promise.all(
    [token, await requested(ground, namespace, 'default')].map(async (each) => {
      const answer = await callApi(ground.cluster, call, each);
      if (answer.status !== 201) throw new ProvingError(`what an account of ${namespace} may: ${outcomeOf(answer)}`);
      return (answer.body as Review).status.resourceRules.map(inWords);
    }),
  );
  return own.filter((right) => !everybody.includes(right)).sort();
}

async function attemptsOf(ground: PlatformGround, members: Members, member: string): Promise<readonly Attempt[]> {
  const { scope, namespace } = members;
  const web = webOf(ground.platform, 'backend');
  const where = ['pods', `--namespace=${web.namespace}`, web.selector, '--field-selector=status.phase=Running'];
  const { items } = await getJson<{ readonly items: readonly { readonly metadata: { readonly name: string } }[] }>(
    ground.cluster,
    where,
  );
  const [other] = items;
  if (other === undefined) throw new ProvingError('no pod of the backend is running');
  return attemptsOfPatroni({
    scope,
    namespace,
    member,
    other: { namespace: web.namespace, name: other.metadata.name },
  });
}

/** `done`, `refused` for want of a right, or what else came of it. */
function outcomeOf({ status, body }: Answer): string {
  if (status >= 200 && status < 300) return 'done';
  if (status === 403) return 'refused';
  return `${status} ${String((body as { readonly message?: string }).message)}`.slice(0, 200);
}

interface Pod {
  readonly spec: {
    readonly containers: readonly {
      readonly name: string;
      readonly volumeMounts?: readonly { readonly mountPath: string }[];
    }[];
  };
}

async function whoHasTheToken({ cluster }: PlatformGround, members: Members, pod: string): Promise<DrillCheck> {
  const { spec } = await getJson<Pod>(cluster, ['pod', pod, `--namespace=${members.namespace}`]);
  const having = spec.containers.filter(({ volumeMounts = [] }) =>
    volumeMounts.some(({ mountPath }) => mountPath === apiTokenPath),
  );
  const expected = members.patroni.workload.props.api?.containers.join(', ') ?? 'none';
  return { what: `containers of ${pod} with the token`, expected, got: having.map(({ name }) => name).join(', ') };
}

/** Its user is not PostgreSQL's, and the socket is read-only to it: it gets in all the same, as the role that may look. */
async function exporterLooks(members: Members, pod: string): Promise<DrillCheck> {
  const address = `http://127.0.0.1:${members.patroni.workload.port('metrics')}/metrics`;
  const { stdout } = await members.run(pod, ['curl', '-s', '-m', '20', address]);
  const got = stdout.split('\n').find((line) => line.startsWith('pg_up ')) ?? 'no pg_up';
  return { what: 'the exporter, as a user that PostgreSQL lets look', expected: 'pg_up 1', got };
}
