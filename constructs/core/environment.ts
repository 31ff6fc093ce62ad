import type { Cpu } from './cpu.ts';
import type { Schedule } from './schedule.ts';
import type { Size } from 'cdk8s';
import type { TrustedAuthority } from './endpoint.ts';

/** An image of the table in `config/images.json`: the only place where image references come from. */
export interface Image {
  /** Its name in the table. */
  readonly name: string;
  /** Upstream's version, for labels. */
  readonly version: string;
  /** What a container says: `repository:tag@sha256:...`, without a digest where none could be had. */
  readonly reference: string;
  readonly repository: string;
  readonly tag: string;
  readonly digest: string | undefined;
  /**
   * Name of the Secret that a node pulls it with.
   * @default none: its registry lets everybody pull
   */
  readonly pullSecret?: string;
}

/** A registry that lets nobody pull without a password. */
export interface PrivateRegistry {
  /** Its name in the configuration, such as `company`. */
  readonly name: string;
  /** What the repositories of its images begin with, such as `ghcr.io/acme`. */
  readonly images: string;
  /** Name of the Secret that nodes pull with, such as `registry-company`. */
  readonly secret: string;
}

/** A release that Argo CD reads where its makers publish it. */
export interface Upstream {
  /** Git repository or Helm repository. */
  readonly repository: string;
  /** Name of a chart in a Helm repository; undefined for a git repository. */
  readonly chart?: string;
  /** Tag or chart version, such as `v1.21.2`. */
  readonly revision: string;
  /** The commit of that tag; undefined for a chart, and where it is not known. */
  readonly commit?: string;
}

export type NodeRole = 'server' | 'agent' | 'witness';

/** A machine of the cluster. */
export interface Node {
  readonly name: string;
  readonly role: NodeRole;
  readonly serverType: string;
  /** Address on the WireGuard network, where the Kubernetes API and the kubelets listen. */
  readonly address: string;
  /** What is left for pods after the reservations for the system, Kubernetes and eviction. */
  readonly allocatable: { readonly cpu: Cpu; readonly memory: Size };
  readonly disk: Size;
  /** How much of the allocatable the pods expected here may request. */
  readonly budget: { readonly cpuPercent: number; readonly memoryPercent: number };
}

/** IPv4 networks in CIDR form; they never overlap. */
export interface Networks {
  /** Hetzner's private network. */
  readonly private: string;
  /** WireGuard between the nodes. */
  readonly wireguard: string;
  readonly pods: string;
  readonly services: string;
}

/** How the world gets in. */
export interface Edge {
  /** Address of the load balancer in the private network. */
  readonly loadBalancer: string;
  /** Who answers for the names of the domain. */
  readonly dns: 'cloudflare' | 'hetzner';
  /** Whether browsers trust the certificates, or they are for trying. */
  readonly certificates: 'production' | 'staging';
  /** Addresses and networks that are refused. */
  readonly banned?: readonly string[] | undefined;
  /** Ports of every node; the construct's default where the configuration says nothing. */
  readonly nodePorts?: { readonly web: number; readonly websecure: number; readonly health: number } | undefined;
  /** The node whose ports 80 and 443 lead in while the load balancer is gone; undefined while it is there. */
  readonly breakGlass?: { readonly node: string } | undefined;
}

/** Whom the watching of the cluster tells, by the hosts of their URLs. */
export interface Observability {
  /** Takes alerts. */
  readonly onCall: string;
  /** Is asked for every minute, at somebody who tells when that ends; `false` for none. */
  readonly heartbeat: string | false;
  /** Where logs are kept; undefined where nobody keeps them. */
  readonly logs?: Logs | undefined;
  /** Whether Grafana shows dashboards. @default true */
  readonly dashboards?: boolean | undefined;
  /** What is kept of requests' traces; undefined where nobody keeps them. */
  readonly tracing?: Tracing | undefined;
  /** Where people read whether the platform works, by the name of a bucket; undefined where there is no such page. */
  readonly statusPage?: { readonly store: string } | undefined;
}

/** Where the logs of all containers are kept. */
export interface Logs {
  /** Name of a bucket of the configuration. */
  readonly store: string;
  /** Days that they are kept; the construct's default where the configuration says nothing. */
  readonly keepDays?: number | undefined;
}

/** Which traces are kept, and for how long. What is left out is the construct's default. */
export interface Tracing {
  readonly keepHours?: number | undefined;
  /** Percent of those in which nothing failed or was slow. */
  readonly sharePercent?: number | undefined;
  /** Milliseconds from which on one is slow; `false` for none. */
  readonly slowMilliseconds?: number | false | undefined;
  readonly mostSpansPerSecond?: number | undefined;
  readonly storageGibibytes?: number | undefined;
}

/** How large a workload may be. What is left out is the construct's default. */
export interface WorkloadSize {
  readonly minReplicas?: number;
  readonly maxReplicas?: number;
  readonly cpuRequest?: Cpu;
  readonly memory?: Size;
}

/** What an address of the configuration leads to, outside of the cluster. */
export interface Server {
  readonly host: string;
  readonly port: number;
  /** Networks that the host's name leads to, where they are not public. */
  readonly addresses?: readonly string[];
}

/** The server of a git repository, and how it proves that it is the one. */
export interface RepositoryServer extends Server {
  /**
   * By SSH, such as `ssh-ed25519 AAAA...`.
   * @default what comes with Argo CD
   */
  readonly hostKeys?: readonly string[];
  /**
   * By HTTPS, in PEM: its own, or who signed it.
   * @default whom the world trusts
   */
  readonly certificates?: string;
}

/** A bucket of an S3 service. */
export interface ObjectStore extends Server {
  /** Its name in the configuration, such as `backups`. */
  readonly name: string;
  /** Such as `https://fsn1.your-objectstorage.com`. */
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  /** Whether copies of backups go there: the bucket has object lock, and its keys may not delete. */
  readonly holdsCopies: boolean;
  /** Whether everybody may read what is in it. */
  readonly public?: boolean | undefined;
}

/** How a store is backed up. */
export interface Backups {
  readonly store: ObjectStore;
  /** When a full backup is made. */
  readonly schedule: Schedule;
  /** Days that full backups are kept; the construct's default where the configuration says nothing. */
  readonly keepFullDays?: number;
  /** Days within which any moment can be recovered, for stores that can; else as above. */
  readonly keepWalDays?: number;
  /** Days that backups are kept, for stores whose backups are all of one kind; else as above. */
  readonly keepDays?: number;
  /** When the newest backup is restored and read; `false` for never. */
  readonly restoreTestSchedule: Schedule | false;
  /** Copies at a second provider; `false` for none. */
  readonly offsite: { readonly store: ObjectStore; readonly schedule: Schedule } | false;
}

/** Which life of a database cluster this is. Each recovery begins a new one, with an archive of its own. */
export interface Generation {
  /** From 1. */
  readonly number: number;
  /** What it is recovered from; undefined for one that began empty. */
  readonly recovery?: Recovery;
  /** Whether somebody has said that it is to begin empty, although the one before it held something. */
  readonly empty?: true;
}

export interface Recovery {
  /** The generation whose archive is read. */
  readonly from: number;
  /** Such as `2026-11-22 10:00:00+00`; without it, all there is. */
  readonly to?: string;
}

/** Parsed, validated, frozen configuration of one environment. */
export interface Environment {
  readonly name: string;
  /** Whether it lives in the cluster of another environment, which brings what a cluster has once. */
  readonly sharesCluster: boolean;
  /** What stands before its names in the cluster: nothing in one of its own, else such as `staging-`. */
  readonly prefix: string;
  readonly domain: string;
  readonly nodes: readonly Node[];
  readonly networks: Networks;
  /** Whose CoreDNS tells names in the cluster: the platform's, or the one that K3s brings. */
  readonly clusterDns: 'ours' | 'k3s';
  /** Of the directory's Service, in the network of Services; undefined where the configuration leaves it to `apps/`. */
  readonly directoryAddress: string | undefined;
  /** The way in from outside; undefined where there is none. */
  readonly edge: Edge | undefined;
  /** Who is told by what watches the cluster; undefined where nobody watches. */
  readonly observability: Observability | undefined;
  /** Every host of the configuration, by its name. */
  readonly hosts: Readonly<Record<string, string>>;
  /** The repository Argo CD reads, and the server that has it. */
  readonly repository: RepositoryServer & { readonly url: string; readonly branch: string };
  /** Number of the last release, 0 before the first; undefined where applications follow the branch for good. */
  readonly release: number | undefined;
  /** The release tag that child applications are pinned to; undefined lets them follow the branch. */
  readonly releaseTag: string | undefined;
  /** The address of a host of the configuration, such as `api.example.com`. @throws InputError for an unknown name */
  host(name: string): string;
  /** A server of others, of the configuration. @throws InputError for an unknown name */
  server(name: string): Server;
  /** A bucket of the configuration. @throws InputError for an unknown name */
  objectStore(name: string): ObjectStore;
  /** All buckets that the configuration names. */
  readonly objectStores: readonly ObjectStore[];
  /** The generation of a store; the first where the configuration says nothing. */
  generation(name: string): Generation;
  /** A generation beside the one in use, to look at what an archive holds; undefined for none. */
  copy(name: string): Generation | undefined;
  /** The authority whose secret has that name; without certificates until it is sealed. */
  authority(name: string): TrustedAuthority;
  /** How a store is backed up. @throws InputError for an unknown name */
  backups(name: string): Backups;
  /** How the cluster's own state is backed up, by K3s; undefined where no bucket has it, or another environment's does. */
  readonly snapshots: Pick<Backups, 'store' | 'schedule' | 'offsite'> | undefined;
  /** The volume of each pod of a store. @throws InputError where the configuration gives none */
  storage(name: string): Size;
  /** An image of the table. @throws InputError for an unknown name */
  image(name: string): Image;
  /** Registries that let nobody pull without a password. */
  readonly privateRegistries: readonly PrivateRegistry[];
  /** A release of `config/upstream.ts`. @throws InputError for an unknown name */
  upstream(name: string): Upstream;
  /** Every reference the table gives. */
  readonly imageReferences: ReadonlySet<string>;
  /** Names of images that nobody has asked for so far. */
  unusedImages(): readonly string[];
  /** The size the configuration gives a workload; empty where it gives none. */
  size(name: string): WorkloadSize;
}

/** Those that carry pods: a witness only keeps the quorum. */
export function workersOf(nodes: readonly Node[]): Node[] {
  return nodes.filter(({ role }) => role !== 'witness');
}
