import type { AlertProps } from '../core/alert.ts';
import type { ObjectiveProps } from '../core/objective.ts';
import type { Life } from '../stateful/index.ts';

/** What can go wrong with a directory, as PromQL over the numbers of its exporter, kube-state-metrics and cert-manager. */
export function directoryAlerts({ scope, namespace }: Pick<Life, 'scope' | 'namespace'>): readonly AlertProps[] {
  const ready = (): string => `max(kube_statefulset_status_replicas_ready${own})`;
  const answers = (more = ''): string => `directory_answers{namespace="${namespace}",pod="${scope}-0"${more}}`;
  const own = `{namespace="${namespace}",statefulset="${scope}"}`;
  const certificate = (what: string): string =>
    `certmanager_certificate_${what}_timestamp_seconds{namespace="${namespace}",name="${scope}-tls"}`;
  const due = certificate('renewal');
  const told = (what: string): string => `directory_${what}{namespace="${namespace}",pod="${scope}-0"}`;
  return [
    {
      name: 'DirectoryDown',
      expression: `(min(kube_statefulset_status_replicas_ready${own}) or vector(0)) < 1`,
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
      name: 'DirectoryNamesSilent',
      // What is in the cluster knows it by its Service; computers of people ask its name server where Kerberos is.
      expression: `max(${answers(',protocol="dns"')}) < 1`,
      forMinutes: 5,
      severity: 'ticket',
      summary: `the directory ${scope} answers no names of its realm: computers of people don't find Kerberos`,
      runbook: 'directory-silent',
    },
    {
      name: 'DirectoryNotWatched',
      // Where a number is missing, what asks for it keeps quiet.
      expression: `(count(${answers()}) or vector(0)) < 3 and on () ${ready()} > 0`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `nobody says whether the directory ${scope} answers by LDAPS, Kerberos and DNS: alerts of that keep quiet`,
      runbook: 'directory-silent',
    },
    {
      name: 'DirectoryDataNotApplied',
      // It goes on serving, and is ready all the while.
      expression: `max(${told('data_applied')}) < 1`,
      forMinutes: 15,
      severity: 'ticket',
      summary: `the directory ${scope} can not be brought to what its data says: new accounts, groups and passwords are not there`,
      runbook: 'directory-data',
    },
    {
      name: 'DirectoryCertificateNotServed',
      expression: `max(${certificate('expiration')}) - max(${told('certificate_expires_timestamp_seconds')}) > 60`,
      forMinutes: 60,
      severity: 'ticket',
      summary: `the directory ${scope} has not taken its renewed certificate over: when the one of before ends, nobody signs in`,
      runbook: 'directory-certificate',
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

/** Whether people could have signed in, asked once a minute of what is known by then. */
export function signInObjectives({ scope, namespace }: Pick<Life, 'scope' | 'namespace'>): readonly ObjectiveProps[] {
  const exporter = `{namespace="${namespace}",pod="${scope}-0"}`;
  // Without a pod nobody says that it is silent.
  const none = `min(kube_statefulset_status_replicas_ready{namespace="${namespace}",statefulset="${scope}"}) == 0`;
  const answers = `(min(directory_answers${exporter}) or ${none})`;
  const takes = `max(directory_answer_seconds${exporter})`;
  const minutes = (expression: string, how: 'sum' | 'count'): string =>
    `${how}_over_time((${expression})[{{.window}}:1m])`;
  // An hour of minutes.
  const common = { service: scope, leastEvents: 60, runbook: 'objective-sign-in', forUsers: 'Signing in' };
  return [
    {
      ...common,
      name: 'sign-in',
      percent: 99.5,
      description: `Of all minutes, those in which the directory ${scope} answers by LDAPS and by Kerberos.`,
      bad: minutes(`1 - ${answers}`, 'sum'),
      all: minutes(answers, 'count'),
      alert: 'SignInBurns',
    },
    {
      ...common,
      name: 'sign-in-latency',
      percent: 99,
      description: `Of the minutes in which the directory ${scope} is asked, those in which it answers within a second.`,
      bad: minutes(`${takes} > bool 1`, 'sum'),
      all: minutes(takes, 'count'),
      alert: 'SignInLatencyBurns',
    },
  ];
}
