import { application } from '../constructs/core/application.ts';
import { LogAlert } from '../constructs/core/log-alert.ts';
import type { LogAlertProps } from '../constructs/core/log-alert.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { NestBackend } from '../constructs/nest-backend/index.ts';
import { data } from './data.ts';
import { identity } from './identity.ts';
import { namespaceOf } from './namespaces.ts';
import { tracingOf } from './tracing.ts';

export const backend = application(
  'backend',
  {
    namespace: namespaceOf('shop'),
    layer: 'applications',
    uses: (environment) => ({ data, identity, tracing: tracingOf(environment) }),
  },
  (scope, environment, used) => {
    const session = new SecretRef(scope, 'backend-session', {
      name: 'backend-session',
      purpose: 'signs the sessions of people who signed in',
      keys: { key: { kind: 'random', bytes: 64, encoding: 'base64url' } },
      rotationDays: 90,
    });
    const api = new NestBackend(scope, 'backend', {
      image: environment.image('backend'),
      host: environment.host('backend'),
      size: environment.size('backend'),
      database: used.data.postgres.primary,
      cache: used.data.redis.endpoint,
      directory: used.identity.samba,
      traces: used.tracing?.traces ?? false,
      secretFiles: { SESSION_KEY_FILE: session.key('key') },
    });
    for (const alert of signInAlerts) new LogAlert(scope, alert.name, { ...alert, of: api.workload });
    return { backend: api };
  },
);

/** Who could not sign in is a warning of the sample's: src/auth/sign-in.ts. */
const refused = ['"level":"warn"', '"event":"sign-in"'] as const;

const signInAlerts: readonly Omit<LogAlertProps, 'of'>[] = [
  {
    name: 'SignInsRefusedForOne',
    contains: refused,
    by: 'account',
    moreThan: 20,
    withinMinutes: 15,
    severity: 'ticket',
    summary: 'more than 20 attempts to sign in as {{ $labels.account }} were refused within 15 minutes',
    runbook: 'sign-ins-refused',
  },
  {
    name: 'SignInsRefused',
    contains: refused,
    moreThan: 100,
    withinMinutes: 15,
    severity: 'ticket',
    summary:
      'more than 100 attempts to sign in were refused within 15 minutes: passwords are guessed, or the directory refuses',
    runbook: 'sign-ins-refused',
  },
  {
    name: 'TicketsNotOpened',
    // What MIT's library says of a ticket for which the keytab has no key; a token that is none it calls otherwise.
    contains: ['"event":"sign-in"', 'ticket refused: ', ' in keytab'],
    moreThan: 10,
    withinMinutes: 15,
    severity: 'ticket',
    summary:
      'more than 10 Kerberos tickets within 15 minutes were made with another key than the keytab of the backend has',
    runbook: 'tickets-not-opened',
  },
];
