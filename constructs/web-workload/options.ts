import type { OptionNames, OptionParts } from '../core/option-names.ts';
import type { WebWorkloadProps } from './web-workload.ts';

/** For the constructs that have these options too. */
export const webWorkloadOptions: OptionNames<WebWorkloadProps> = {
  image: 'required',
  host: 'required',
  name: true,
  size: true,
  autoscaleAtCpuPercent: true,
  port: true,
  metrics: true,
  traces: true,
  environment: true,
  secretFiles: true,
  spread: true,
  preStopSleepSeconds: true,
  shutdownSeconds: true,
  keepAliveSeconds: true,
  patches: true,
};

export const webWorkloadParts: OptionParts<WebWorkloadProps> = {
  metrics: { path: 'required', port: 'required', mostSeries: true },
};
