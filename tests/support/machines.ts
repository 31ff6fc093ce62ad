import type { EnvironmentInput } from '../../config/schema.ts';
import { testInput } from './harness.ts';

const machines = testInput.nodes.map((node, index) => ({ ...node, machine: { address: `10.10.0.${11 + index}` } }));
const [first, second] = machines;

/** Two machines as Terraform makes them and `install/` makes a cluster of: a server and an agent. */
export const twoMachines = {
  ...testInput,
  hetzner: { locations: ['fsn1', 'nbg1'], subnet: '10.10.0.0/24' },
  edge: { loadBalancer: '10.10.0.2', dns: 'cloudflare', certificates: 'production' },
  nodes: machines,
  k3s: { snapshots: { store: 'backups', schedule: '0 */6 * * *', keep: 28, offsite: false } },
} satisfies EnvironmentInput;

/** Two servers and a witness, in a zone of another environment. */
export const threeMachines = {
  ...twoMachines,
  domain: 'three.example.com',
  hosts: { backend: 'api.three.example.com', frontend: 'shop.three.example.com' },
  hetzner: { ...twoMachines.hetzner, zone: 'example.com' },
  nodes: [
    { ...first!, role: 'server', address: '10.0.1.1' },
    { ...second!, role: 'server', address: '10.0.1.2' },
    {
      name: 'witness',
      role: 'witness',
      serverType: 'cx23',
      address: '10.0.1.3',
      machine: { address: '10.10.0.13' },
      budget: { cpuPercent: 20, memoryPercent: 20 },
    },
  ],
  networks: { ...testInput.networks, wireguard: '10.0.1.0/24' },
} satisfies EnvironmentInput;
