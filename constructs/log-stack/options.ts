import { sized } from '../core/workload-size.ts';
import { logStoreDefaults as defaults } from './defaults.ts';
import type { LogStoreProps } from './props.ts';

export type LogStoreOptions = ReturnType<typeof resolveOptions>;

/** What was given, and the defaults of what wasn't. */
export function resolveOptions(props: LogStoreProps) {
  return {
    ...props,
    retentionDays: props.retentionDays ?? defaults.retentionDays,
    storage: props.storage ?? defaults.storage,
    storageClass: props.storageClass ?? defaults.storageClass,
    mebibytesPerSecond: props.mebibytesPerSecond ?? defaults.mebibytesPerSecond,
    mostStreams: props.mostStreams ?? defaults.mostStreams,
    longestLine: props.longestLine ?? defaults.longestLine,
    resources: sized(
      props.size,
      defaults.size,
      'Estimate: 132 MB were measured of one that nobody writes to; chunks of some hundred streams, and a query beside them.',
    ),
  };
}
