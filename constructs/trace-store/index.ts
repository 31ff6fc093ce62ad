export { decisionSeconds, jaegerConfiguration } from './jaeger-configuration.ts';
export { bytesOfSpan, traceStoreDefaults } from './defaults.ts';
export { resolveOptions } from './options.ts';
export { paths, ports } from './paths.ts';
export type { TraceStoreProps } from './props.ts';
export { TraceStore } from './trace-store.ts';
