import type { EnvironmentInput } from '../schema.ts';
import production from './production.ts';

const domain = 'three-node.example.com';

/**
 * The mission's two nodes, both with the Kubernetes API, and a small third one that keeps the quorum of etcd: either of the
 * two may be lost, and the other one goes on by itself. It can stand beside production: hosts, machines and
 * buckets are its own.
 */
export default {
  ...production,
  domain,
  hosts: {
    frontend: `shop.${domain}`,
    backend: `api.${domain}`,
    argocd: `argocd.${domain}`,
  },
  nodes: [
    {
      name: 'node1',
      role: 'server',
      serverType: 'ccx33',
      address: '10.0.1.1',
      machine: { address: '10.10.0.11', otherTypes: ['ccx43'], volumesGibibytes: { directory: 10 } },
      budget: { cpuPercent: 60, memoryPercent: 70 },
    },
    {
      name: 'node2',
      role: 'server',
      serverType: 'ccx23',
      address: '10.0.1.2',
      machine: { address: '10.10.0.12', otherTypes: ['ccx33', 'ccx43'] },
      budget: { cpuPercent: 50, memoryPercent: 60 },
    },
    {
      name: 'witness',
      role: 'witness',
      serverType: 'cx23',
      address: '10.0.1.3',
      machine: { address: '10.10.0.13', otherTypes: ['ccx13'] },
      // For what votes: no other pod comes here.
      budget: { cpuPercent: 20, memoryPercent: 20 },
    },
  ],
  networks: { ...production.networks, wireguard: '10.0.1.0/24' },
  hetzner: { ...production.hetzner, zone: production.domain },
  objectStores: {
    backups: { ...production.objectStores.backups, bucket: 'example-three-node-backups' },
    offsite: { ...production.objectStores.offsite, bucket: 'example-three-node-offsite' },
    logs: { ...production.objectStores.logs, bucket: 'example-three-node-logs' },
  },
} satisfies EnvironmentInput;
