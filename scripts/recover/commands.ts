import { clusterNamespaces } from '../../apps/namespaces.ts';
import type { Environment } from '../../constructs/core/environment.ts';
import { claimName } from '../../constructs/patroni-cluster/member.ts';
import { configurationPath, script, socketDirectory } from '../../constructs/patroni-cluster/paths.ts';
import type { Recoverable } from '../../constructs/stateful/index.ts';
import { roleLabel } from '../../constructs/patroni-cluster/services.ts';

// What a person types at a shell, with the names of one cluster filled in.

/** An environment, as Argo CD's applications are named after it. */
type Named = Pick<Environment, 'prefix'>;

export function podsOf({ life: { scope }, workload }: Recoverable): readonly [string, ...string[]] {
  const { controller } = workload.props;
  const count = controller.kind === 'StatefulSet' ? controller.replicas : 1;
  const others = Array.from({ length: count - 1 }, (_, index) => `${scope}-${index + 1}`);
  return [`${scope}-0`, ...others];
}

export function watchPods(cluster: Recoverable): string {
  return `${kubectl(cluster)} get pods -l app.kubernetes.io/instance=${cluster.life.scope} --watch`;
}

/** The log of a member. @param how such as `--follow` */
export function log(cluster: Recoverable, pod: string, how: string): string {
  return `${kubectl(cluster)} logs ${pod} -c postgres ${how}`;
}

export function listJobs(cluster: Recoverable): string {
  return `${kubectl(cluster)} get jobs`;
}

export function listMembers(cluster: Recoverable): string {
  return inPod(cluster, podsOf(cluster)[0], 'postgres', `patronictl -c ${configurationPath}/patroni.yml list`);
}

/** What the agent says of an archive. @param prefix of another one than the cluster's own */
export function agentStatus(cluster: Recoverable, prefix?: string): string {
  const other = prefix === undefined ? '' : `env WALG_S3_PREFIX=${prefix} `;
  const status = `python3 ${script('agent.py')} --config ${configurationPath}/agent.json status`;
  return inPod(cluster, podsOf(cluster)[0], 'agent', other + status);
}

/** A shell of SQL on the primary, or the answer to one question. */
export function sql(cluster: Recoverable, database: string, question?: string): string {
  const primary = `${kubectl(cluster)} get pod -l app.kubernetes.io/instance=${cluster.life.scope},${roleLabel}=primary -o name`;
  const psql = `psql -h ${socketDirectory} -d ${database}${question === undefined ? '' : ` -c '${question}'`}`;
  const terminal = question === undefined ? '-it ' : '';
  return inPod(cluster, `${terminal}$(${primary})`, 'postgres', psql);
}

/** Lets Argo CD remove what waits for a person. */
export function confirmRemoval(cluster: Recoverable, environment: Named): string {
  const now = '$(date -u +%Y-%m-%dT%H:%M:%SZ)';
  const application = `kubectl -n ${clusterNamespaces.argocd.name} annotate application ${applicationOf(cluster, environment)}`;
  return `${application} --overwrite argocd.argoproj.io/deletion-approved=${now}`;
}

export function deleteVolumes(cluster: Recoverable): string {
  const claims = podsOf(cluster).map((pod) => `${claimName}-${pod}`);
  return `${kubectl(cluster)} delete pvc ${claims.join(' ')}`;
}

/** A sync that waits takes up no newer release. */
export function endSync(cluster: Recoverable, environment: Named): string {
  return `argocd app terminate-op ${applicationOf(cluster, environment)}`;
}

/** The same for the application above, which waits for the cluster's. */
export function endRootSync({ prefix }: Named): string {
  return `argocd app terminate-op ${prefix}root`;
}

function applicationOf({ workload }: Recoverable, { prefix }: Named): string {
  return prefix + workload.application;
}

function kubectl({ life: { namespace } }: Recoverable): string {
  return `kubectl -n ${namespace}`;
}

function inPod(cluster: Recoverable, pod: string, container: string, command: string): string {
  return `${kubectl(cluster)} exec ${pod} -c ${container} -- ${command}`;
}
