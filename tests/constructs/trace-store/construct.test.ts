import { Size } from 'cdk8s';
import { Cpu } from '../../../constructs/core/cpu.ts';
import { traceStoreDefaults } from '../../../constructs/trace-store/index.ts';
import type { TraceStoreProps } from '../../../constructs/trace-store/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { variablesOf, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { only, refusal } from '../../support/harness.ts';
import { jaegerIn, minimalTraces, tracesWith } from '../../support/traces.ts';

const changes: ChangeOfEveryOption<TraceStoreProps> = {
  image: () => ({ ...minimalTraces.image, tag: '2.21.0', reference: 'registry.example/jaeger:2.21.0' }),
  keepHours: () => 24,
  storage: () => Size.gibibytes(20),
  storageClass: () => 'hcloud-volumes',
  sharePercent: () => 50,
  slowMilliseconds: () => 250,
  mostSpansPerSecond: () => 200,
  size: () => ({ cpuRequest: Cpu.millicores(100) }),
};

const text = (props: Partial<TraceStoreProps> = {}): string => yamlOf(tracesWith(props).manifests);
const pod = (props: Partial<TraceStoreProps> = {}) =>
  podTemplateOf(only(tracesWith(props).manifests, 'StatefulSet', 'jaeger'))!.spec!;
const kept = (props: Partial<TraceStoreProps> = {}) =>
  jaegerIn(tracesWith(props).manifests).processors.tail_sampling.policies[0].composite;

describe('options of TraceStore', () => {
  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
    expect(text({ [key]: changes[key](undefined as never) })).not.toBe(text());
  });

  test('those that are left out are the documented ones', () => {
    const { size, ...others } = traceStoreDefaults;
    expect(text(others)).toBe(text());
    expect(text({ size }).replaceAll(/diptych\/resources-of.*/g, '')).toBe(
      text().replaceAll(/diptych\/resources-of.*/g, ''),
    );
  });

  test('another id in the code changes no byte', () => {
    expect(yamlOf(tracesWith({}, 'moved').manifests)).toBe(text());
  });
});

describe('of all traces', () => {
  test('those in which something failed are asked for first, then those that were slow, then a share of the others', () => {
    const { policy_order: order, composite_sub_policy: kinds } = kept();
    expect(order).toEqual(['failed', 'slow', 'ordinary']);
    expect(kinds.map(({ name, type }) => `${String(name)}: ${String(type)}`)).toEqual([
      'failed: ottl_condition',
      'slow: latency',
      'ordinary: probabilistic',
    ]);
    expect(kinds[1]).toMatchObject({ latency: { threshold_ms: 1000 } });
    expect(kinds[2]).toMatchObject({ probabilistic: { sampling_percentage: 10 } });
  });

  test('no more are kept than may be, half of it for failures', () => {
    const { max_total_spans_per_second: most, rate_allocation: parts } = kept();
    expect(most).toBe(400);
    expect(parts).toEqual([
      { policy: 'failed', percent: 50 },
      { policy: 'slow', percent: 25 },
      { policy: 'ordinary', percent: 25 },
    ]);
  });

  test('slow ones are as all others where the option says so', () => {
    const { policy_order: order, rate_allocation: parts } = kept({ slowMilliseconds: false });
    expect(order).toEqual(['failed', 'ordinary']);
    expect(parts.map(({ percent }) => percent)).toEqual([50, 50]);
  });

  test('none is kept of ordinary ones where their share is nothing', () => {
    expect(kept({ sharePercent: 0 }).policy_order).toEqual(['failed', 'slow']);
  });
});

describe('what is kept', () => {
  test('is on a volume of its node, for its time', () => {
    const { manifests } = tracesWith({ keepHours: 24 });
    expect(only(manifests, 'StatefulSet').spec).toMatchObject({
      replicas: 1,
      volumeClaimTemplates: [
        { spec: { storageClassName: 'local-path', resources: { requests: { storage: '10Gi' } } } },
      ],
    });
    expect(jaegerIn(manifests).extensions.jaeger_storage).toEqual({
      backends: {
        files: {
          badger: {
            ephemeral: false,
            directories: { keys: '/var/lib/jaeger/traces', values: '/var/lib/jaeger/traces' },
            ttl: { spans: '24h' },
          },
        },
      },
    });
  });

  test('is begun anew at four fifths of the volume, by who starts Jaeger, which the kubelet has started anew then', () => {
    const { containers } = pod({ storage: Size.gibibytes(20) });
    expect(variablesOf(only(tracesWith({ storage: Size.gibibytes(20) }).manifests, 'StatefulSet'))).toMatchObject({
      TRACES: '/var/lib/jaeger/traces',
      MOST_KIBIBYTES: String(16 * 1024 * 1024),
    });
    expect(containers[0]!.command!.slice(0, 2)).toEqual(['sh', '/opt/jaeger/start.sh']);
    expect(containers[0]!.livenessProbe).toEqual({
      exec: { command: ['sh', '/opt/jaeger/alive.sh'] },
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 3,
    });
  });

  test('is asked for and sent by whoever may connect: Jaeger asks nobody who they are, and is restricted', () => {
    const { value, platform } = tracesWith();
    expect(value.traces.url).toBe('http://jaeger.test.svc.cluster.local:4318');
    expect(value.tracesByGrpc.targets.map(({ port }) => port)).toEqual([4317]);
    expect(value.queries.url).toBe('http://jaeger.test.svc.cluster.local:16686');
    expect(platform.connections.filter(({ to }) => to === value.workload)).toEqual([]);
    expect(restrictedViolations(pod())).toEqual([]);
  });

  test('is told in numbers', () => {
    expect(tracesWith().platform.scrapes.map(({ endpoint }) => endpoint.targets[0]?.port)).toEqual([8888]);
  });
});

describe('a TraceStore is refused', () => {
  const what = (props: Partial<TraceStoreProps>) => refusal(() => tracesWith(props)).map((each) => each.what);
  const version = (tag: string) => ({ image: { ...minimalTraces.image, tag } });

  test.each<[string, Partial<TraceStoreProps>, string]>([
    ['with a Jaeger of the first line', version('1.76.0'), 'Jaeger 1.76.0'],
    ['with a Jaeger that is too old', version('2.12.9'), 'Jaeger 2.12.9'],
    ['with a Jaeger of an unknown version', version('latest'), 'Jaeger latest'],
    ['that keeps nothing', { keepHours: 0 }, 'keepHours: 0'],
    ['with more than all', { sharePercent: 101 }, 'sharePercent: 101'],
    ['with a part of a percent', { sharePercent: 0.5 }, 'sharePercent: 0.5'],
    ['for which everything is slow', { slowMilliseconds: 0 }, 'slowMilliseconds: 0'],
    ['with no room for a page', { mostSpansPerSecond: 50 }, 'mostSpansPerSecond: 50'],
    [
      'whose volume is full within the hour',
      { mostSpansPerSecond: 2000 },
      'a volume of 10240 MiB, for 2000 spans in a second',
    ],
  ])('%s', (_, props, expected) => {
    expect(what(props)).toEqual([expected]);
  });

  test.each(['2.13.0', 'v2.21.0', '3.0.0'])('not with Jaeger %s', (tag) => {
    expect(() => tracesWith(version(tag))).not.toThrow();
  });

  test('with an option that there is not', () => {
    expect(what({ keepDays: 3 } as never)[0]).toContain('keepDays');
  });
});
