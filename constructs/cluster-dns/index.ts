export { ClusterDns } from './cluster-dns.ts';
export type { ClusterDnsProps, StubZone } from './props.ts';
export { clusterDnsDefaults } from './server.ts';
