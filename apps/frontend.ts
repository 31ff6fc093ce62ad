import { application } from '../constructs/core/application.ts';
import { SecretRef } from '../constructs/core/secret-ref.ts';
import { NextFrontend } from '../constructs/next-frontend/index.ts';
import { backend } from './backend.ts';
import { namespaceOf } from './namespaces.ts';
import { tracingOf } from './tracing.ts';

export const frontend = application(
  'frontend',
  {
    namespace: namespaceOf('shop'),
    layer: 'applications',
    uses: (environment) => ({ backend, tracing: tracingOf(environment) }),
  },
  (scope, environment, used) => {
    const forms = new SecretRef(scope, 'frontend-forms', {
      name: 'frontend-forms',
      purpose: 'encrypts what forms of the frontend carry from one pod to another',
      keys: { key: { kind: 'random', bytes: 32, encoding: 'base64url' } },
      rotationDays: 365,
    });
    return {
      frontend: new NextFrontend(scope, 'frontend', {
        image: environment.image('frontend'),
        host: environment.host('frontend'),
        size: environment.size('frontend'),
        api: used.backend.backend.http,
        encryptionKey: forms.key('key'),
        traces: used.tracing?.traces ?? false,
      }),
    };
  },
);
