import { load } from 'js-yaml';
import { buildPlatform } from '../../apps/platform.ts';
import { environmentInput } from '../../config/index.ts';
import type { LoadOptions } from '../../config/index.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { TraceStore } from '../../constructs/trace-store/index.ts';
import type { TraceStoreProps } from '../../constructs/trace-store/index.ts';
import { built } from './constructs.ts';
import type { Built } from './constructs.ts';
import { at, image, only } from './harness.ts';

/** Only what has to be given. */
export const minimalTraces: TraceStoreProps = {
  image: { ...image, name: 'jaeger', tag: '2.20.0', version: '2.20.0', reference: 'registry.example/jaeger:2.20.0' },
};

/** A TraceStore in the namespace `test`. */
export function tracesWith(changes: Partial<TraceStoreProps> = {}, id = 'traces'): Built<TraceStore> {
  return built((scope) => new TraceStore(scope, id, { ...minimalTraces, ...changes }));
}

/** What Jaeger reads, as far as tests look at it. */
export interface JaegerSettings {
  readonly extensions: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly processors: {
    readonly tail_sampling: { readonly policies: readonly [{ readonly composite: Composite }] };
  };
}

export interface Composite {
  readonly max_total_spans_per_second: number;
  readonly policy_order: readonly string[];
  readonly composite_sub_policy: readonly Readonly<Record<string, unknown>>[];
  readonly rate_allocation: readonly { readonly policy: string; readonly percent: number }[];
}

export function jaegerIn(manifests: readonly Manifest[]): JaegerSettings {
  const files = at(only(manifests, 'ConfigMap', 'jaeger-settings'), 'data') as Readonly<Record<string, string>>;
  return load(files['jaeger.yaml']!) as JaegerSettings;
}

/** What an environment has to be given to keep traces: none of the committed ones does. */
export function keepingTraces(name: string): NonNullable<LoadOptions['changes']> {
  return { observability: { ...environmentInput(name).observability!, tracing: {} } };
}

/** The platform of an environment that keeps traces. */
export function tracedPlatform(name: string): Platform {
  return buildPlatform(name, { changes: keepingTraces(name) });
}
