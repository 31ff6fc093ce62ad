import { Size } from 'cdk8s';
import { namespaceOf } from '../../../../apps/namespaces.ts';
import { application } from '../../../../constructs/core/application.ts';
import { Cpu } from '../../../../constructs/core/cpu.ts';
import { Workload } from '../../../../constructs/core/workload.ts';

/** Changed by a release of the drill: then both parts are rolled out again. */
const version = '1';
const secondsUntilReady = 15;
export const databaseProgram = 'drill-database';

export const databasePart = (name: 'first' | 'second'): string => `${databaseProgram}-${name}`;

/** A database that takes long to start, in two parts of which the second waits for the first. */
export const drillDatabase = application(
  databaseProgram,
  { namespace: namespaceOf('data'), layer: 'data' },
  (scope, environment) => {
    const probe = { path: '/', port: 'http', periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 60 };
    const part = (name: 'first' | 'second', wave: string): Workload =>
      new Workload(scope, name, {
        name: databasePart(name),
        program: databaseProgram,
        component: name,
        controller: { kind: 'Deployment', replicas: 1 },
        containers: [
          {
            name: 'database',
            image: environment.image('drill-database'),
            command: ['sh', '-c', `sleep ${secondsUntilReady}; exec probe serve :8080`],
            environment: { VERSION: version },
            ports: [{ name: 'http', port: 8080 }],
            resources: { cpuRequest: Cpu.millicores(10), memory: Size.mebibytes(32), because: 'It does nothing.' },
            probes: { startup: probe, readiness: probe, liveness: probe },
          },
        ],
        priority: 'critical-data',
        spread: 'anywhere',
        progressDeadlineSeconds: 40,
        annotations: { 'argocd.argoproj.io/sync-wave': wave },
      });
    part('first', '0');
    part('second', '1');
  },
);
