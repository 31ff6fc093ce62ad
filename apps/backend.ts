import { application } from '../constructs/core/application.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { NestBackend } from '../constructs/nest-backend/index.ts';
import { data } from './data.ts';
import { identity } from './identity.ts';
import { namespaceOf } from './namespaces.ts';

export const backend = application(
  'backend',
  { namespace: namespaceOf('shop'), layer: 'applications', uses: () => ({ data, identity }) },
  (scope, environment, used) => {
    const session = new SecretRef(scope, 'backend-session', {
      name: 'backend-session',
      purpose: 'signs the sessions of people who signed in',
      keys: { key: { kind: 'random', bytes: 64, encoding: 'base64url' } },
      rotationDays: 90,
    });
    return {
      backend: new NestBackend(scope, 'backend', {
        image: environment.image('backend'),
        host: environment.host('backend'),
        size: environment.size('backend'),
        database: used.data.postgres.primary,
        cache: used.data.redis.endpoint,
        directory: used.identity.samba,
        secretFiles: { SESSION_KEY_FILE: session.key('key') },
      }),
    };
  },
);
