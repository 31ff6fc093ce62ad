import { applications } from '../../../apps/index.ts';
import { tracing, tracingOf } from '../../../apps/tracing.ts';
import { environmentInput, environments } from '../../../config/index.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import { synthesise } from '../../../synth/synthesise.ts';
import { variablesOf } from '../../support/constructs.ts';
import { root } from '../../support/committed.ts';
import { at, only, refusal, testEnvironment } from '../../support/harness.ts';
import { jaegerIn, keepingTraces, tracedPlatform } from '../../support/traces.ts';

const names = Object.keys(environments);

describe.each(names)('%s with the section', (name) => {
  const changes = keepingTraces(name);
  // It is refused where it does not fit the budgets of the nodes.
  const { platform, collection } = synthesise({ root, environment: name, strict: false, dryRun: true, changes });
  const manifests = collection.dist.map(({ manifest }) => manifest);

  test('has an application that keeps traces', () => {
    expect(collection.argocd.map(({ path }) => path)).toContain('applications/tracing.yaml');
  });

  test('lets Traefik, frontend and backend send traces, Grafana ask for them, Prometheus read numbers, and nobody else do anything', () => {
    const asked = platform.connections.filter(({ to }) => to.name === 'jaeger');
    expect(asked.map(({ from, port }) => `${from.name} ${port}`).sort()).toEqual([
      'backend 4318',
      'edge 4318',
      'frontend 4318',
      'grafana 16686',
      'prometheus 8888',
    ]);
  });

  test('has Jaeger keep no traces of itself: each question and each compaction would be one', () => {
    expect(variablesOf(only(manifests, 'StatefulSet', 'jaeger'))).toMatchObject({ OTEL_TRACES_SAMPLER: 'always_off' });
  });

  test('has Grafana lead from lines to traces and back', () => {
    const files = at(only(manifests, 'ConfigMap', 'grafana-datasources'), 'data') as Readonly<Record<string, string>>;
    expect(files['jaeger.yaml']).toContain('url: http://jaeger.observability.svc.cluster.local:16686\n');
    expect(files['jaeger.yaml']).toContain('datasourceUid: loki\n');
    expect(files['loki.yaml']).toContain('datasourceUid: jaeger\n');
  });

  test('sends all of them to one address', () => {
    const address = 'http://jaeger.observability.svc.cluster.local:4318';
    for (const each of ['backend', 'frontend']) {
      expect(variablesOf(only(manifests, 'Deployment', each))).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: address });
    }
    const files = at(only(manifests, 'ConfigMap', 'edge-settings'), 'data') as Readonly<Record<string, string>>;
    expect(files['traefik.yaml']).toContain(`endpoint: ${address}/v1/traces`);
  });
});

test.each(names)('%s without the option sends none', (name) => {
  const changes = { observability: { ...environmentInput(name).observability!, tracing: undefined } };
  const { collection } = synthesise({ root, environment: name, strict: false, dryRun: true, changes });
  expect(JSON.stringify(collection.dist)).not.toMatch(/OTEL_|jaeger/);
});

test('what the configuration says of traces is what Jaeger is given', () => {
  const { observability } = environmentInput('production');
  const own = {
    keepHours: 12,
    sharePercent: 40,
    slowMilliseconds: false,
    mostSpansPerSecond: 200,
    storageGibibytes: 7,
  } as const;
  const changes = { observability: { ...observability!, tracing: own } };
  const { collection } = synthesise({ root, environment: 'production', strict: false, dryRun: true, changes });
  const manifests = collection.dist.map(({ manifest }) => manifest);
  const { composite } = jaegerIn(manifests).processors.tail_sampling.policies[0];
  expect(composite).toMatchObject({ max_total_spans_per_second: 200, policy_order: ['failed', 'ordinary'] });
  expect(JSON.stringify(only(manifests, 'StatefulSet', 'jaeger'))).toContain('"storage":"7Gi"');
});

test('an environment in the cluster of another one sends none: what keeps them is not its own', () => {
  const { environment } = tracedPlatform('production');
  expect(tracingOf(environment)).toBe(tracing);
  expect(tracingOf({ ...environment, sharesCluster: true })).toBeUndefined();
  expect(applications).toContain(tracing);
});

test('the application is refused where the configuration says nothing of traces', () => {
  expect(refusal(() => new Platform(testEnvironment(), [tracing]))).toMatchObject([
    { where: 'the application tracing', what: 'the configuration has no observability.tracing' },
  ]);
});
