import { Declared } from '../../../prove/drills/tracing/declared.ts';

describe('an environment that keeps traces for the drill', () => {
  const declared = new Declared('production', { keepHours: 1 });

  test('has the numbers of Jaeger that alerts ask for, each once', () => {
    expect(declared.numbers).toEqual([
      'otelcol_exporter_send_failed_spans',
      'otelcol_processor_tail_sampling_sampling_trace_dropped_too_early',
      'otelcol_receiver_accepted_spans',
      'otelcol_receiver_refused_spans',
    ]);
  });

  test('gives the pods what the constructs make, whatever its file says', () => {
    expect(declared.file('jaeger-settings', 'jaeger.yaml')).toContain('spans: 1h');
    expect(declared.variables('Deployment', 'backend')).toMatchObject({ OTEL_TRACES_EXPORTER: 'otlp' });
    expect(() => declared.file('jaeger-settings', 'other.yaml')).toThrow('has no other.yaml');
  });
});
