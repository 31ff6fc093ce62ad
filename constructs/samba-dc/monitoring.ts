import type { AlertProps } from '../core/alert.ts';
import type { Life } from '../stateful/index.ts';

/** What can go wrong with a directory, as PromQL over the numbers of its exporter, kube-state-metrics and cert-manager. */
export function directoryAlerts({ scope, namespace }: Pick<Life, 'scope' | 'namespace'>): readonly AlertProps[] {
  const ready = (): string => `max(kube_statefulset_status_replicas_ready${own})`;
  const answers = (more = ''): string => `directory_answers{namespace="${namespace}",pod="${scope}-0"${more}}`;
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
      name: 'DirectoryLdapsSilent',
      // The pod may be ready all the while: it is asked without TLS, and Kerberos only whether it listens.
      expression: `max(${answers(',protocol="ldaps"')}) < 1`,
      forMinutes: 2,
      severity: 'page',
      summary: `the directory ${scope} answers nothing by LDAPS: nobody signs in by a password`,
      runbook: 'directory-silent',
    },
    {
      name: 'DirectoryKerberosSilent',
      expression: `max(${answers(',protocol="kerberos"')}) < 1`,
      forMinutes: 2,
      severity: 'page',
      summary: `the directory ${scope} gives out no tickets: nobody signs in by Kerberos`,
      runbook: 'directory-silent',
    },
    {
      name: 'DirectoryNotWatched',
      // Where a number is missing, what asks for it keeps quiet.
      expression: `(count(${answers()}) or vector(0)) < 2 and on () ${ready()} > 0`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `nobody says whether the directory ${scope} answers by LDAPS and Kerberos: alerts of that keep quiet`,
      runbook: 'directory-silent',
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
