import type { EnvironmentInput } from '../schema.ts';

/** The mission's two nodes. Only node1 has the Kubernetes API: while it is gone, nothing moves to node2. */
export default {
  domain: 'example.com',
  /** Where the world finds each application: its name in `apps/` and the host under the domain. */
  hosts: {
    frontend: 'shop.example.com',
    backend: 'api.example.com',
    argocd: 'argocd.example.com',
  },

  nodes: [
    {
      name: 'node1',
      role: 'server',
      serverType: 'ccx33',
      address: '10.0.0.1',
      machine: { address: '10.10.0.11', otherTypes: ['ccx43'], volumesGibibytes: { directory: 10 } },
      budget: { cpuPercent: 60, memoryPercent: 70 },
    },
    {
      name: 'node2',
      role: 'agent',
      serverType: 'ccx23',
      address: '10.0.0.2',
      machine: { address: '10.10.0.12', otherTypes: ['ccx33', 'ccx43'] },
      budget: { cpuPercent: 50, memoryPercent: 60 },
    },
  ],
  /** Taken from each node before pods get anything: the system, Kubernetes itself, and what eviction keeps free. */
  reserved: { cpuMillicores: 500, memoryMebibytes: 1536 },

  /** They may not overlap: Hetzner's own, WireGuard's between the nodes, and the two of K3s. */
  networks: {
    private: '10.10.0.0/16',
    wireguard: '10.0.0.0/24',
    pods: '10.42.0.0/16',
    services: '10.43.0.0/16',
  },

  /** What Terraform makes. What can be ordered changes by the day: `npm run stock` takes the first that can. */
  hetzner: { locations: ['fsn1', 'nbg1', 'hel1'], subnet: '10.10.0.0/24' },

  /** How `install/run` makes a cluster of the machines. Its state goes to a bucket, beside what the databases save, and is copied with it. */
  k3s: {
    snapshots: {
      store: 'backups',
      schedule: '0 */6 * * *',
      keep: 28,
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    },
  },

  /** The way in. The load balancer's address in the private network is the only one that is let in. */
  edge: { loadBalancer: '10.10.0.2', dns: 'cloudflare', certificates: 'production' },

  /** Whom alerts are told, and who misses the sign of life: hosts alone, the whole URLs are secrets. */
  observability: {
    onCall: 'alerts.example.net',
    heartbeat: 'heartbeat.example.net',
    logs: { store: 'logs', keepDays: 14 },
  },

  /** Only what differs from a construct's defaults. */
  sizes: {
    backend: { minReplicas: 3, maxReplicas: 6, cpuRequestMillicores: 160 },
    frontend: { minReplicas: 2, maxReplicas: 4, cpuRequestMillicores: 160 },
    postgres: { storageGibibytes: 50 },
    redis: { storageGibibytes: 5 },
    samba: { storageGibibytes: 2 },
  },

  /** Schedules are in UTC, as CronJobs read them. */
  backups: {
    postgres: {
      store: 'backups',
      schedule: '0 2 * * *',
      keepFullDays: 30,
      keepWalDays: 7,
      restoreTestSchedule: '0 4 * * 0',
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    },
    redis: {
      store: 'backups',
      schedule: '5 * * * *',
      keepDays: 7,
      restoreTestSchedule: '30 4 * * 0',
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    },
    samba: {
      store: 'backups',
      schedule: '40 */2 * * *',
      keepDays: 30,
      restoreTestSchedule: '0 5 * * 0',
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    },
  },

  /** Buckets, and a second provider's for the copies: `npm run buckets` makes them, the second with object lock. */
  objectStores: {
    backups: { endpoint: 'https://fsn1.your-objectstorage.com', region: 'fsn1', bucket: 'example-backups' },
    offsite: {
      endpoint: 'https://s3.eu-central-003.backblazeb2.com',
      region: 'eu-central-003',
      bucket: 'example-backups-offsite',
    },
    /** Of its own, because lines are removed: what was removed is a version for a day more. */
    logs: {
      endpoint: 'https://fsn1.your-objectstorage.com',
      region: 'fsn1',
      bucket: 'example-logs',
      oldVersionsDays: 1,
    },
  },

  /** What Argo CD reads. */
  repository: { url: 'https://github.com/example/platform.git', branch: 'main' },
  /** `tags` pins every application to the release that `npm run release` made; `branch` follows the branch at once. */
  releases: 'tags',
} satisfies EnvironmentInput;
