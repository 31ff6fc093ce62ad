import { application } from '../constructs/core/application.ts';
import { NextFrontend } from '../constructs/next-frontend/index.ts';
import { backend } from './backend.ts';
import { namespaceOf } from './namespaces.ts';

export const frontend = application(
  'frontend',
  { namespace: namespaceOf('shop'), layer: 'applications', uses: () => ({ backend }) },
  (scope, environment, used) => ({
    frontend: new NextFrontend(scope, 'frontend', {
      image: environment.image('frontend'),
      host: environment.host('frontend'),
      size: environment.size('frontend'),
      api: used.backend.backend.http,
    }),
  }),
);
