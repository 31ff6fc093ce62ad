export { alloyConfiguration, nodeVariable } from './alloy-configuration.ts';
export { logAgentDefaults, logStoreDefaults } from './defaults.ts';
export { LogAgent } from './log-agent.ts';
export { LogStore } from './log-store.ts';
export { appOfPod, delivery, podLogFiles, podLogs, stages } from './pipeline.ts';
export type { Stage } from './pipeline.ts';
export type { LogAgentProps, LogStoreProps } from './props.ts';
