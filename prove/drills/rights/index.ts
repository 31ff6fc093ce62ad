import { ClusterDns } from '../../../constructs/cluster-dns/index.ts';
import { describePeer } from '../../../constructs/core/endpoint.ts';
import { apiTokenPath } from '../../../constructs/core/pod-volume.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import { TraefikWaf } from '../../../constructs/traefik-waf/index.ts';
import { exec, getJson, kubectl } from '../../cluster/kubectl.ts';
import { firstServer } from '../../cluster/plan.ts';
import { selectorArgument } from '../../components/endpoints.ts';
import { podNames } from '../../components/pod-names.ts';
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
import {
  attemptsOfAnybody,
  attemptsOfDns,
  attemptsOfPatroni,
  attemptsOfTraefik,
  attemptsOfWatcher,
  declaredRights,
  inWords,
} from './table.ts';
import type { Attempt, PatroniSubjects, Right } from './table.ts';

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
  about: [
    ...['constructs/core/api-rights.ts', 'constructs/patroni-cluster/member.ts', 'constructs/traefik-waf/traefik'],
    ...['constructs/cluster-dns/server.ts', 'synth/rights.ts'],
    'constructs/observability-stack',
  ],
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
    const who = describePeer(workload);
    const own = workload.props.api === undefined ? undefined : await ownOf(ground, workload, members, leader);
    const { token, attempts } = own ?? {
      token: await requested(ground, namespace, name),
      attempts: attemptsOfAnybody(namespace),
    };
    checks.push({
      what: `${who}: what the API says that it may`,
      expected: declaredRights(committed, namespace, name).join('; ') || 'nothing',
      got: (await told(ground, namespace, token)).join('; ') || 'nothing',
    });
    for (const attempt of attempts) {
      const got = outcomeOf(await callApi(cluster, attempt.call, token));
      checks.push({ what: `${who}: ${attempt.what}`, expected: attempt.expected, got });
      if (attempt.administrator !== undefined) {
        const { status } = await callApi(cluster, attempt.call, undefined);
        const [expected, answer] = [String(attempt.administrator), String(status)];
        checks.push({ what: `the administrator in place of ${who}: ${attempt.what}`, expected, got: answer });
      }
    }
    if (own !== undefined) checks.push(await whoHasTheToken(ground, workload, own.pod));
    tried += attempts.length;
    report(`${who}: tried ${attempts.length} calls`);
  }
  checks.push(await exporterLooks(members, leader));
  return {
    rbac: {
      figures: { accounts: workloads.length, tried },
      units: { accounts: 'accounts', tried: 'calls' },
      checks,
      standIns: ["only accounts of our own workloads: those of Argo CD and of charts are their makers'"],
    },
  };
}

/** An account with rights of its own: with which token it tries what, and one of its pods. */
interface Own {
  readonly token: string;
  readonly attempts: readonly Attempt[];
  readonly pod: string;
}

/** Who watches, and what of: see constructs/observability-stack. */
const watchers = [
  {
    namespace: 'observability',
    name: 'kube-state-metrics',
    lists: { pods: '/api/v1/pods', nodes: '/api/v1/nodes', 'jobs by schedule': '/apis/batch/v1/cronjobs' },
  },
  { namespace: 'observability', name: 'prometheus', lists: { pods: '/api/v1/pods' }, reads: '/metrics' },
] as const;

async function ownOf(ground: PlatformGround, workload: Workload, members: Members, leader: string): Promise<Own> {
  const { namespace, name } = workload;
  if (describePeer(workload) === describePeer(members.patroni.workload)) {
    const token = await mounted(ground, workload, leader);
    return { token, attempts: await attemptsOf(ground, members, leader), pod: leader };
  }
  if (ground.platform.all(TraefikWaf).some(({ traefik }) => traefik === workload)) {
    const pod = await runningPod(ground, namespace, selectorArgument(workload.selector));
    const elsewhere = webOf(ground.platform, 'backend').namespace;
    // Nothing in its image could read the one that its pods have.
    return {
      token: await requested(ground, namespace, name),
      attempts: attemptsOfTraefik({ namespace, name, elsewhere }),
      pod,
    };
  }
  if (ground.platform.all(ClusterDns).some((dns) => dns.workload === workload)) {
    const { clusterRules = [] } = workload.props.api ?? {};
    const watchesPods = clusterRules.some(({ resources = [] }) => resources.includes('pods'));
    return {
      token: await requested(ground, namespace, name),
      attempts: attemptsOfDns(namespace, watchesPods),
      pod: await runningPod(ground, namespace, selectorArgument(workload.selector)),
    };
  }
  const watcher = watchers.find((each) => each.namespace === namespace && each.name === name);
  if (watcher !== undefined) {
    const { name: node } = firstServer(ground.cluster.plan);
    return {
      token: await requested(ground, namespace, name),
      attempts: attemptsOfWatcher({ ...watcher, node }),
      pod: await runningPod(ground, namespace, selectorArgument(workload.selector)),
    };
  }
  throw new ProvingError(`${describePeer(workload)} has rights of its own, and nothing here says which of them to try`);
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
  return attemptsOfPatroni({
    scope,
    namespace,
    member,
    beside: besideOf(ground.platform, members.patroni.workload),
    other: { namespace: web.namespace, name: await runningPod(ground, web.namespace, web.selector) },
  });
}

async function runningPod({ cluster }: PlatformGround, namespace: string, selector: string): Promise<string> {
  const where = ['pods', `--namespace=${namespace}`, selector, '--field-selector=status.phase=Running'];
  const { items } = await getJson<{ readonly items: readonly { readonly metadata: { readonly name: string } }[] }>(
    cluster,
    where,
  );
  const [first] = items;
  if (first === undefined) throw new ProvingError(`no pod with ${selector} is running in ${namespace}`);
  return first.metadata.name;
}

/** A pod of another StatefulSet in a workload's namespace, such as one of Redis beside PostgreSQL. */
export function besideOf(platform: Platform, own: Workload): PatroniSubjects['beside'] {
  const found = platform.owners
    .filter((owner) => owner instanceof Workload)
    .find(({ name, namespace, props }) => {
      return props.controller.kind === 'StatefulSet' && namespace === own.namespace && name !== own.name;
    });
  const [name] = found === undefined ? [] : podNames(found);
  return found && name !== undefined ? { name, container: found.props.containers[0].name } : undefined;
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

async function whoHasTheToken({ cluster }: PlatformGround, workload: Workload, pod: string): Promise<DrillCheck> {
  const { spec } = await getJson<Pod>(cluster, ['pod', pod, `--namespace=${workload.namespace}`]);
  const having = spec.containers.filter(({ volumeMounts = [] }) =>
    volumeMounts.some(({ mountPath }) => mountPath === apiTokenPath),
  );
  const expected = workload.props.api?.containers.join(', ') ?? 'none';
  return { what: `containers of ${pod} with the token`, expected, got: having.map(({ name }) => name).join(', ') };
}

/** Its user is not PostgreSQL's, and the socket is read-only to it: it gets in all the same, as the role that may look. */
async function exporterLooks(members: Members, pod: string): Promise<DrillCheck> {
  const address = `http://127.0.0.1:${members.patroni.workload.port('metrics')}/metrics`;
  const { stdout } = await members.run(pod, ['curl', '-s', '-m', '20', address]);
  const got = stdout.split('\n').find((line) => line.startsWith('pg_up ')) ?? 'no pg_up';
  return { what: 'the exporter, as a user that PostgreSQL lets look', expected: 'pg_up 1', got };
}
