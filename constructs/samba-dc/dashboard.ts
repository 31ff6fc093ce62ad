import type { DashboardProps } from '../core/dashboard.ts';
import type { Life } from '../stateful/index.ts';

/** Whether people can sign in, by the numbers of the directory's exporter. */
export function directoryDashboard({ scope, namespace }: Pick<Life, 'scope' | 'namespace'>): DashboardProps {
  const own = `namespace="${namespace}",pod="${scope}-0"`;
  const containers = `${own},container!=""`;
  const answers = (protocol: string, title: string, description: string) => ({
    title,
    description,
    unit: 'count' as const,
    bad: { below: 1 },
    words: { 0: 'no answer', 1: 'answers' },
    queries: { [protocol]: `max(directory_answers{${own},protocol="${protocol}"})` },
  });
  return {
    name: scope,
    title: `Directory: ${scope}`,
    description: 'Can people sign in, and how long does it take?',
    rows: [
      {
        title: 'Answers',
        now: [
          answers('ldaps', 'LDAPS', 'People sign in by a password.'),
          answers('kerberos', 'Kerberos', 'People sign in by a ticket.'),
          answers('dns', 'Names', 'Computers of people find Kerberos.'),
          {
            title: 'Certificate',
            description: 'Until it expires: more than a week.',
            unit: 's',
            bad: { below: 7 * 86_400 },
            queries: {
              certificate: `min(certmanager_certificate_expiration_timestamp_seconds{namespace="${namespace}",name="${scope}-tls"}) - time()`,
            },
          },
        ],
        curves: [
          {
            title: 'Time to an answer',
            description: 'Of each protocol, at most the timeout.',
            unit: 's',
            bad: { from: 1 },
            queries: { '{{protocol}}': `directory_answer_seconds{${own}}` },
          },
          {
            title: 'Memory',
            description: 'Of its containers.',
            unit: 'bytes',
            queries: { '{{container}}': `sum by (container) (container_memory_working_set_bytes{${containers}})` },
          },
        ],
      },
    ],
  };
}
