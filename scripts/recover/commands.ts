import { clusterNamespaces } from '../../apps/namespaces.ts';
import type { Environment } from '../../constructs/core/environment.ts';
import type { Recoverable } from '../../constructs/stateful/index.ts';

// What a person types at a shell, with the names of one store filled in; what is of its kind, the store itself knows.

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

export function listJobs(cluster: Recoverable): string {
  return `${kubectl(cluster)} get jobs`;
}

/** Lets Argo CD remove what waits for a person. It compares the moment with the beginning of the sync that waits. */
export function confirmRemoval(cluster: Recoverable, environment: Named): string {
  const now = '$(date -u +%Y-%m-%dT%H:%M:%SZ)';
  const application = `kubectl -n ${clusterNamespaces.argocd.name} annotate application ${applicationOf(cluster, environment)}`;
  return `${application} --overwrite argocd.argoproj.io/deletion-approved=${now}`;
}

export function deleteVolumes(cluster: Recoverable): string {
  const claims = [cluster.workload, ...cluster.beside].flatMap(({ name, props: { controller } }) => {
    if (controller.kind !== 'StatefulSet') return [];
    const pods = Array.from({ length: controller.replicas }, (_, index) => `${name}-${index}`);
    return pods.flatMap((pod) => controller.volumeClaims.map(({ metadata }) => `${metadata?.name ?? ''}-${pod}`));
  });
  return `${kubectl(cluster)} delete pvc ${claims.join(' ')}`;
}

/** Begins a sync that asks again, after one that has ended unanswered. */
export function askAgain(cluster: Recoverable, environment: Named): string {
  return `argocd app sync ${applicationOf(cluster, environment)} --prune --async`;
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
