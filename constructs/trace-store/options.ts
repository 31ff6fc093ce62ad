import type { OptionNames } from '../core/option-names.ts';
import { sized } from '../core/workload-size.ts';
import { traceStoreDefaults as defaults } from './defaults.ts';
import type { TraceStoreProps } from './props.ts';

export type TraceStoreOptions = ReturnType<typeof resolveOptions>;

/** What was given, and the defaults of what wasn't. */
export function resolveOptions(props: TraceStoreProps) {
  return {
    ...props,
    keepHours: props.keepHours ?? defaults.keepHours,
    storage: props.storage ?? defaults.storage,
    storageClass: props.storageClass ?? defaults.storageClass,
    sharePercent: props.sharePercent ?? defaults.sharePercent,
    slowMilliseconds: props.slowMilliseconds ?? defaults.slowMilliseconds,
    mostSpansPerSecond: props.mostSpansPerSecond ?? defaults.mostSpansPerSecond,
    resources: sized(
      props.size,
      defaults.size,
      'Estimate: 39 MB were measured of one that nobody sends to; what waits for its decision, and what badger has in memory, beside it.',
    ),
  };
}

export const optionNames: OptionNames<TraceStoreProps> = {
  image: 'required',
  keepHours: true,
  storage: 'size',
  storageClass: true,
  sharePercent: true,
  slowMilliseconds: true,
  mostSpansPerSecond: true,
  size: true,
};
