export { webWorkloadOptions, webWorkloadParts } from './options.ts';
export { webProbes, WebWorkload, webWorkloadDefaults } from './web-workload.ts';
export type { WebWorkloadKind, WebWorkloadProps } from './web-workload.ts';
