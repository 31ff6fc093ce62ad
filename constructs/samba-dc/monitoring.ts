import type { AlertProps } from '../core/alert.ts';
import type { Life } from '../stateful/index.ts';

/** What can go wrong with a directory, as PromQL over the numbers of kube-state-metrics. */
export function directoryAlerts({ scope, namespace }: Pick<Life, 'scope' | 'namespace'>): readonly AlertProps[] {
  const own = `{namespace="${namespace}",statefulset="${scope}"}`;
  return [
    {
      name: 'DirectoryDown',
      expression: `(max(kube_statefulset_status_replicas_ready${own}) or vector(0)) < 1`,
      forMinutes: 3,
      severity: 'page',
      summary: `the directory ${scope} does not answer, or refuses to start: nobody can sign in anew`,
      runbook: 'directory-down',
    },
  ];
}
