import type { Endpoint, PodPeer } from '../core/endpoint.ts';
import type { Image, WorkloadSize } from '../core/environment.ts';

export interface ClusterDnsProps {
  /** CoreDNS: `environment.image('coredns')`. */
  readonly image: Image;
  /** The API that CoreDNS watches. */
  readonly kubernetesApi: Endpoint;
  /** Where pods ask, as the kubelets tell them: the tenth address of the network of Services, in K3s. Immutable after creation. */
  readonly address: string;
  /**
   * The pods that fetch what the cluster is made of. They may ask outside by their name, whatever labels they have: what
   * they deliver must never be what cuts them off.
   */
  readonly fetcher: PodPeer;
  /**
   * Who runs CoreDNS: `ours` is one on every node; `k3s` is the one that K3s brings, which gets the rules for names of the
   * world and the zones.
   * @default ours
   */
  readonly whose?: 'ours' | 'k3s';
  /**
   * Whom it tells names of the world: pods with a wire that leads there, or all. With `wired`, names that nobody has a wire
   * to are no way out for data.
   * @default wired
   */
  readonly outsideNames?: 'wired' | 'all';
  /**
   * Names that servers in the cluster answer for, such as the realm of a directory: `names` of a `SambaDC`.
   * @default none
   */
  readonly zones?: readonly StubZone[];
  /**
   * CPU that each one requests, and memory that it requests and is held to, where it is ours.
   * @default 25m and 128 MiB
   */
  readonly size?: Pick<WorkloadSize, 'cpuRequest' | 'memory'>;
}

/** Names that another server answers for. */
export interface StubZone {
  /** Such as `ad.example.com`. */
  readonly zone: string;
  /** Of that server's Service: it can't be asked for by name. */
  readonly address: string;
  /** The server: both protocols of its DNS. */
  readonly endpoint: Endpoint;
}
