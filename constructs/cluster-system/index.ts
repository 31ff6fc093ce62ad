export { ClusterSystem } from './cluster-system.ts';
export type { ClusterSystemProps } from './cluster-system.ts';
