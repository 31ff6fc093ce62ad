import net from 'node:net';
import type { Server } from './environment.ts';
import { checkHost } from './names.ts';
import type { SecretKeyReference } from './secret-ref.ts';

/** Pods that a network rule can select. */
export interface PodPeer {
  readonly name: string;
  readonly namespace: string;
  /** Labels that select the pods and nothing else in the namespace. */
  readonly selector: Readonly<Record<string, string>>;
}

/** Addresses outside the pod network. */
export interface AddressPeer {
  /** What messages and the reachability matrix call it, such as `Let's Encrypt`. */
  readonly name: string;
  readonly cidrs: readonly { readonly cidr: string; readonly except?: readonly string[] }[];
}

export type Peer = PodPeer | AddressPeer;

/** Every pod and every address: of who may ask a server that is there for all. Nobody is wired to it. */
export interface Anyone {
  readonly name: string;
  readonly isAnyone: true;
}

export const anyone: Anyone = { name: 'anyone', isAnyone: true };

/** One port of a peer that others may connect to. */
export interface Target {
  readonly peer: Peer;
  /** The name clients use; an address where no name is resolved. */
  readonly host: string;
  /** The port clients name: the Service's. */
  readonly port: number;
  /** The port the pod listens on, which network policies see; by default the same. */
  readonly podPort?: number;
  /** @default TCP */
  readonly protocol?: 'TCP' | 'UDP';
}

/** Who signs the certificate of a server: what a client mounts to verify it. */
export interface TrustedAuthority {
  /** Such as `postgres-ca`: also the name of the file. */
  readonly name: string;
  /** In PEM, old and new ones while one replaces the other; undefined until they are made. */
  readonly certificates: string | undefined;
}

/** Somewhere to connect to. Ours and somebody else's look the same, so a construct can be wired to either. */
export interface Endpoint {
  /** What messages call it, such as `PostgreSQL shop`. */
  readonly name: string;
  readonly targets: readonly Target[];
  /**
   * Who signs the server's certificate.
   * @default one that the world trusts, or nobody
   */
  readonly authority?: TrustedAuthority | undefined;
}

/** Speaks HTTP: another workload's API. */
export interface HttpEndpoint extends Endpoint {
  /** Without a trailing slash, such as `http://backend.shop.svc.cluster.local:3000`. */
  readonly url: string;
}

/** Takes traces, by OTLP over HTTP. */
export interface TraceEndpoint extends HttpEndpoint {
  /**
   * Percent of the requests without a trace of their own that begin one which is sent.
   * @default all: whoever takes them decides which are kept, when it knows how they ended
   */
  readonly sharePercent?: number;
}

/** Characters of what a span says of its request at most: a path or a header of somebody else's may have any length. */
export const longestTraceValue = 1024;

/** Serves Prometheus metrics. */
export interface MetricsEndpoint extends Endpoint {
  readonly path: string;
}

/** A user name and its password. */
export interface Credentials {
  readonly user: string;
  readonly password: SecretKeyReference;
}

/** One PostgreSQL database. */
export interface PostgresEndpoint extends Endpoint {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly sslMode: 'disable' | 'require' | 'verify-full';
  /** The role the application runs as; it owns no tables. */
  readonly credentials: Credentials;
  /**
   * The role that owns the tables and may change them. A secret of its own, because a migration runs before the
   * application's other objects exist.
   */
  readonly migrationCredentials: Credentials;
}

/** Redis behind Sentinel, or one server. */
export interface RedisEndpoint extends Endpoint {
  /** Asked for the primary; empty means `server` is it. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  /** The name under which the Sentinels know the primary. */
  readonly primaryName: string;
  /** Leads to whoever is the primary, for clients that know no Sentinels; undefined where there is no such address. */
  readonly server: { readonly host: string; readonly port: number } | undefined;
  /**
   * The name that every server's certificate is for, whatever address a Sentinel says.
   * @default there is no TLS
   */
  readonly serverName?: string | undefined;
  /** Of the servers and of the Sentinels. */
  readonly credentials: Credentials;
}

/** An Active Directory: LDAPS and Kerberos. */
export interface DirectoryEndpoint extends Endpoint {
  /** Such as `ldaps://dc.identity.svc.cluster.local:636`. */
  readonly url: string;
  /** Kerberos realm, such as `AD.EXAMPLE.COM`. */
  readonly realm: string;
  /** Where searches start, such as `DC=ad,DC=example,DC=com`. */
  readonly baseDn: string;
  /** The account that searches for users. */
  readonly credentials: Credentials;
  /**
   * Who gives out tickets.
   * @default the names of the realm lead there
   */
  readonly kdc?: { readonly host: string; readonly port: number } | undefined;
  /**
   * What tickets are accepted by that others were given for a service.
   * @default none: people sign in by their password alone
   */
  readonly keytab?: KeytabSource | undefined;
}

/**
 * What the keys of an account in Active Directory follow from, AES256 and AES128: whoever has these can write its keytab
 * without asking anybody.
 * @see RFC 3962, section 4
 */
export interface KeytabSource {
  /** Services it answers for, such as `HTTP/api.example.com`. */
  readonly principals: readonly string[];
  /** What is hashed with the password, such as `AD.EXAMPLE.COMbackend`. */
  readonly salt: string;
  readonly password: SecretKeyReference;
}

/** The name of a Service in the whole cluster. */
export function serviceHost(service: string, namespace: string): string {
  return `${service}.${namespace}.svc.cluster.local`;
}

export function isPodPeer(peer: Peer | Anyone): peer is PodPeer {
  return 'selector' in peer;
}

export function isAnyone(peer: Peer | Anyone): peer is Anyone {
  return 'isAnyone' in peer;
}

/** `shop/backend` for pods, the peer's name for addresses: what the reachability matrix calls it. */
export function describePeer(peer: Peer | Anyone): string {
  return isPodPeer(peer) ? `${peer.namespace}/${peer.name}` : peer.name;
}

/** CoreDNS by the labels that K3s gives it, and that ours has too: policies are the same, whoever runs it. */
export const clusterDns: PodPeer = {
  name: 'coredns',
  namespace: 'kube-system',
  selector: { 'k8s-app': 'kube-dns' },
};

const privateRanges = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '169.254.0.0/16'];

/**
 * A server on the public internet. Its addresses change, so the rule is by port, and our own networks, other private
 * ranges and the cloud's metadata service stay out of reach.
 */
export function publicEndpoint(name: string, host: string, port = 443, protocol: 'TCP' | 'UDP' = 'TCP'): Endpoint {
  checkHost(`endpoint ${name}`, host);
  const peer: AddressPeer = { name, cidrs: [{ cidr: '0.0.0.0/0', except: privateRanges }] };
  return { name, targets: [{ peer, host, port, protocol }] };
}

/** A server of the configuration: by its own address, or by those its name is said to lead to; else on the public internet. */
export function serverEndpoint(name: string, { host, port, addresses }: Server): Endpoint {
  const known = addresses ?? (net.isIPv4(host) ? [`${host}/32`] : undefined);
  if (known === undefined) return publicEndpoint(name, host, port);
  return { name, targets: [{ peer: { name, cidrs: known.map((cidr) => ({ cidr })) }, host, port }] };
}

const kubernetesApiPort = 6443;

/**
 * The Kubernetes API. Policies are enforced after the Service address was replaced, so it is allowed by the address of
 * each server node and its real port.
 * @see https://github.com/k3s-io/k3s/issues/10342
 */
export function kubernetesApi(serverAddresses: readonly string[]): Endpoint {
  const peer: AddressPeer = {
    name: 'Kubernetes API',
    cidrs: serverAddresses.map((address) => ({ cidr: `${address}/32` })),
  };
  const host = serverAddresses[0] ?? '';
  return { name: 'Kubernetes API', targets: [{ peer, host, port: kubernetesApiPort }] };
}
