import { Size } from 'cdk8s';
import { application } from '../constructs/core/application.ts';
import type { Environment } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import { TraceStore } from '../constructs/trace-store/index.ts';
import { clusterNamespaces } from './namespaces.ts';

/** What requests did on their way, of every application that is wired to it. */
export const tracing = application(
  'tracing',
  { namespace: clusterNamespaces.observability, layer: 'observability' },
  (scope, environment) => {
    const configured = environment.observability?.tracing;
    if (configured === undefined) {
      throw new InputError({
        where: 'the application tracing',
        what: 'the configuration has no observability.tracing',
        allowed: 'an object, {} for the defaults',
        remedy: 'add tracing to observability in the file of the environment',
      });
    }
    const { storageGibibytes, ...kept } = configured;
    return new TraceStore(scope, 'traces', {
      image: environment.image('jaeger'),
      size: environment.size('jaeger'),
      ...kept,
      ...(storageGibibytes === undefined ? {} : { storage: Size.gibibytes(storageGibibytes) }),
    });
  },
);

/** Where an environment keeps traces, for who `uses` it: one that shares another one's cluster sends none. */
export function tracingOf({
  observability,
  sharesCluster,
}: Pick<Environment, 'observability' | 'sharesCluster'>): typeof tracing | undefined {
  return observability?.tracing === undefined || sharesCluster ? undefined : tracing;
}
