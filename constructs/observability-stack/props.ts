import type { Size } from 'cdk8s';
import type { AlertProps } from '../core/alert.ts';
import type { Credentials, DirectoryEndpoint, Endpoint, HttpEndpoint } from '../core/endpoint.ts';
import type { Image, Node, ObjectStore, Server, WorkloadSize } from '../core/environment.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';

type Resources = Pick<WorkloadSize, 'cpuRequest' | 'memory'>;

/** Where numbers are asked for. */
export interface Numbers extends HttpEndpoint {
  /** Seconds between two looks at one: a rate needs two of them. */
  readonly scrapeSeconds: number;
}

/** Where else numbers are kept. */
export interface RemoteWrite {
  /** What takes them, at its whole URL such as `https://metrics.example.com/api/v1/write`. */
  readonly to: HttpEndpoint;
  /** By which it knows the cluster. */
  readonly credentials: Credentials;
}

interface Told {
  /** Such as `on-call`. */
  readonly name: string;
  /**
   * Of which alerts it is told.
   * @default page and ticket
   */
  readonly severities?: readonly AlertProps['severity'][];
}

/** Who is told of alerts, and how. Addresses that open something are keys of secrets. */
export type AlertReceiver = Told &
  (
    | {
        /** `webhook` gets Alertmanager's own JSON, `chat` a message as Slack, Mattermost and others take it. */
        readonly kind: 'webhook' | 'chat';
        /** The whole URL. */
        readonly url: SecretKeyReference;
        /** Where that leads: `publicEndpoint(...)`, or a server of the configuration. */
        readonly endpoint: Endpoint;
      }
    | {
        readonly kind: 'mail';
        /** What takes mail, by STARTTLS: `environment.server('mail')`. */
        readonly server: Server;
        readonly from: string;
        readonly to: string;
        readonly credentials: Credentials;
      }
  );

/** Somebody outside who tells when no sign of life comes any more. */
export interface Heartbeat {
  /** The whole URL, which is asked for every minute. */
  readonly url: SecretKeyReference;
  readonly endpoint: Endpoint;
}

export interface ObservabilityStackProps {
  /** Prometheus: `environment.image('prometheus')`. */
  readonly image: Image;
  /** What tells of the objects of the cluster: `environment.image('kube-state-metrics')`. */
  readonly kubeStateMetricsImage: Image;
  /** What tells people: `environment.image('alertmanager')`. */
  readonly alertmanagerImage: Image;
  /** What asks for public paths: `environment.image('blackbox-exporter')`. */
  readonly blackboxImage: Image;
  /** What the cluster is called in whatever leaves it, such as alerts. */
  readonly cluster: string;
  /** The API that knows pods and objects, and is watched itself. */
  readonly kubernetesApi: Endpoint;
  /** Every node's kubelet. */
  readonly kubelets: Endpoint;
  /** The nodes: where kubelets listen, and on servers the API. */
  readonly nodes: readonly Pick<Node, 'name' | 'address' | 'role'>[];
  /** Where the pages of docs/runbooks/ are, for people who are told: an URL without a slash at its end. */
  readonly runbooks: string;
  /** Who is told of alerts. */
  readonly receivers: readonly AlertReceiver[];
  /** Who waits outside for a sign of life, and tells when none comes: nobody else sees the loss of the whole; `false` for none. */
  readonly heartbeat: Heartbeat | false;
  /**
   * Pages that are asked for by their public names, such as `https://shop.example.com/`.
   * @default none
   */
  readonly publicPaths?: readonly string[];
  /**
   * What a StatusPage writes, `statusFile(store)`: it is looked at as people see it, and somebody is told when it is old.
   * @default none
   */
  readonly statusPage?: HttpEndpoint;
  /**
   * How many Prometheus and how many Alertmanager there are, each on a node of its own: every one reads everything.
   * @default 1
   */
  readonly replicas?: 1 | 2;
  /**
   * The volume of each Prometheus. Immutable after creation.
   * @default 10240 MiB
   */
  readonly storage?: Size;
  /**
   * Of the volumes. Immutable after creation.
   * @default local-path
   */
  readonly storageClass?: string;
  /**
   * Days after which numbers are removed: 30 or more where there are objectives, whose budgets are over as many.
   * @default 31
   */
  readonly retentionDays?: number;
  /**
   * What may be kept: the oldest goes when there is more, however young it is.
   * @default four fifths of the volume
   */
  readonly retentionSize?: Size;
  /**
   * Seconds between two looks at a number, and between two looks at an alert.
   * @default 30
   */
  readonly scrapeSeconds?: number;
  /**
   * Another place that gets every number as it is read; `false` for none.
   * @default false
   */
  readonly remoteWrite?: RemoteWrite | false;
  /**
   * CPU that Prometheus requests, and memory that it requests and is held to.
   * @default 100m and 1024 MiB
   */
  readonly size?: Resources;
  /**
   * The same of what tells of the objects of the cluster.
   * @default 10m and 128 MiB
   */
  readonly kubeStateMetricsSize?: Resources;
  /**
   * The same of each Alertmanager.
   * @default 10m and 96 MiB
   */
  readonly alertmanagerSize?: Resources;
  /**
   * The same of what asks for public paths.
   * @default 5m and 48 MiB
   */
  readonly blackboxSize?: Resources;
}

/** People who sign in to Grafana by the password that they have in a directory. */
export interface GrafanaDirectory {
  /** Whom it asks, by LDAPS: `samba.directory(account)`. */
  readonly endpoint: DirectoryEndpoint;
  /** Distinguished name of the group whose members may look, directly: nobody else of the directory gets in. */
  readonly group: string;
}

export interface GrafanaProps {
  /** `environment.image('grafana')`. */
  readonly image: Image;
  /** Where the numbers are: `numbers` of the ObservabilityStack. */
  readonly numbers: Numbers;
  /**
   * Where lines of logs are looked for: `queries` of a LogStore.
   * @default nowhere: boards have no lines
   */
  readonly logs?: HttpEndpoint;
  /**
   * Where traces are looked for: `queries` of a TraceStore.
   * @default nowhere: boards have no traces
   */
  readonly traces?: HttpEndpoint;
  /** Of `admin`, the only one who signs in: there is none to begin with. */
  readonly password: SecretKeyReference;
  /** By which it signs and encrypts: its makers' own stands in every copy. */
  readonly secretKey: SecretKeyReference;
  /**
   * Whose people may look, beside `admin`.
   * @default nobody's
   */
  readonly directory?: GrafanaDirectory;
  /**
   * CPU that it requests, and memory that it requests and is held to.
   * @default 50m and 256 MiB
   */
  readonly size?: Resources;
}

export interface StatusPageProps {
  /** Image of rclone: `environment.image('rclone')`. */
  readonly image: Image;
  /** A bucket that everybody may read, and that holds nothing else: `environment.objectStore('status')`. */
  readonly store: ObjectStore;
  /** Where the numbers are: `numbers` of the ObservabilityStack. */
  readonly numbers: HttpEndpoint;
  /** What users call the platform, such as its domain. */
  readonly platform: string;
  /**
   * Pages that are asked for by their public names, as the ObservabilityStack is given them: while one does not answer, the line
   * of its host is impaired.
   * @default none
   */
  readonly publicPaths?: readonly string[];
  /**
   * CPU that it requests, and memory that it requests and is held to.
   * @default 5m and 96 MiB
   */
  readonly size?: Resources;
}

export interface NodeExporterProps {
  /** `environment.image('node-exporter')`. */
  readonly image: Image;
  /**
   * CPU that each one requests, and memory that it requests and is held to.
   * @default 5m and 48 MiB
   */
  readonly size?: Resources;
}
