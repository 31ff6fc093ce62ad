import type { AlertProps } from '../core/alert.ts';
import type { Life } from '../stateful/index.ts';

/** What can go wrong with a directory, as PromQL over the numbers of kube-state-metrics and cert-manager. */
export function directoryAlerts({ scope, namespace }: Pick<Life, 'scope' | 'namespace'>): readonly AlertProps[] {
  const own = `{namespace="${namespace}",statefulset="${scope}"}`;
  const certificate = (what: string): string =>
    `certmanager_certificate_${what}_timestamp_seconds{namespace="${namespace}",name="${scope}-tls"}`;
  const due = certificate('renewal');
  return [
    {
      name: 'DirectoryDown',
      expression: `(max(kube_statefulset_status_replicas_ready${own}) or vector(0)) < 1`,
      forMinutes: 3,
      severity: 'page',
      summary: `the directory ${scope} does not answer, or refuses to start: nobody can sign in anew`,
      runbook: 'directory-down',
    },
    {
      name: 'DirectoryCertificateNotRenewed',
      expression: `max((time() - ${due}) / (${certificate('expiration')} - ${due} > 0)) > 0.5`,
      forMinutes: 60,
      severity: 'page',
      summary: `the certificate of the directory ${scope} was not renewed: half of what was left is gone, and then nobody signs in`,
      runbook: 'directory-certificate',
    },
  ];
}
