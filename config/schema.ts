import * as v from 'valibot';
import { locations, serverTypes } from './server-types.ts';
import {
  address,
  addresses,
  branch,
  bucket,
  certificates,
  cidr,
  date,
  dnsLabel,
  endpoint,
  host,
  hostKey,
  imagePrefix,
  imageRepository,
  key,
  moment,
  object,
  orFalse,
  percent,
  port,
  positive,
  record,
  repositoryUrl,
  schedule,
  serverHost,
  whole,
} from './values.ts';

const days = (what: string) =>
  v.optional(v.pipe(positive(`days that ${what} are kept`), v.maxValue(3650, `1 to 3650: days that ${what} are kept`)));

const recovery = object({ from: positive('the generation that is read'), to: v.optional(moment) });

/** A kubelet runs 110 pods. */
const replicas = v.pipe(positive('how many pods'), v.maxValue(1000, '1 to 1000: how many pods'));

const nodePort = v.pipe(
  whole('a port of every node', 30_000),
  v.maxValue(32_767, '30000 to 32767: a port of every node'),
);

const serverTypeNames = Object.keys(serverTypes);
const serverType = v.picklist(
  serverTypeNames,
  `${serverTypeNames.join(', ')}; another one once config/server-types.ts says what it has`,
);

const locationNames = Object.keys(locations);
const location = v.picklist(
  locationNames,
  `${locationNames.join(', ')}; another one once config/server-types.ts says where it is`,
);

const kept = (what: string) => {
  const days = `days that ${what}, or false`;
  const rule = `1 to 3650: ${days}`;
  return v.optional(v.union([v.literal(false), v.pipe(whole(days, 1), v.maxValue(3650, rule))], rule));
};

const volumeRule = 'gibibytes of a volume; Hetzner never makes it smaller';
const volume = v.pipe(whole(volumeRule, 10), v.maxValue(10_240, `10 to 10240: ${volumeRule}`));

/** Copies at a second provider. */
const offsite = orFalse(object({ store: key, schedule }), 'an object with store and schedule, or false for none');

const share = 'percent of the traces in which nothing failed or was slow';

const slow = 'milliseconds from which on a trace is slow, or false for none';

const mtuRule = "Hetzner's private network carries 1450, and WireGuard takes 60 of them";

export const environmentSchema = object({
  /** The environment in whose cluster it lives, beside it. */
  shares: v.optional(dnsLabel),
  domain: host,
  hosts: record('hosts', host),
  nodes: v.pipe(
    v.array(
      object({
        name: dnsLabel,
        role: v.picklist(['server', 'agent', 'witness'], 'server, agent or witness'),
        serverType,
        /** In the WireGuard network. */
        address,
        /** What Terraform makes it of, where `hetzner` is given. */
        machine: v.optional(
          object({
            /** In the private network. */
            address,
            /** Taken where serverType can't be ordered, the most wanted first. */
            otherTypes: v.optional(v.array(serverType, 'a list of server types')),
            /** Volumes that outlive the machine, by name. */
            volumesGibibytes: v.optional(v.record(dnsLabel, volume, 'an object: volumes by name')),
          }),
        ),
        budget: object({
          cpuPercent: percent('how much of the CPU pods may request'),
          memoryPercent: percent('how much of the memory pods may request'),
        }),
      }),
      'a list of nodes',
    ),
    v.minLength(1, 'at least one node'),
  ),
  reserved: object({
    cpuMillicores: positive('millicores kept from pods on each node'),
    memoryMebibytes: positive('mebibytes kept from pods on each node'),
  }),
  networks: object({ private: cidr, wireguard: cidr, pods: cidr, services: cidr }),
  /** Whose CoreDNS tells names in the cluster: the platform's, on every node, or the one that K3s brings. */
  clusterDns: v.optional(v.picklist(['ours', 'k3s'], 'ours or k3s')),
  /** Of the directory's Service, in networks.services; environments of one cluster have each their own. */
  directoryAddress: v.optional(address),
  /** What Terraform makes at Hetzner; without it the machines are somebody else's. */
  hetzner: v.optional(
    object({
      /** Where everything of it may stand, the most wanted first. */
      locations: v.pipe(v.array(location, 'a list of locations'), v.minLength(1, 'one location or more')),
      /** The part of networks.private that has nodes and load balancers. */
      subnet: cidr,
      /** The zone of DNS that the domain is in, where it isn't the domain itself. */
      zone: v.optional(host),
    }),
  ),
  /** How the machines become a cluster: what install/ makes of them; without it that is somebody else's too. */
  k3s: v.optional(
    object({
      /** Of the cluster's own state, into a bucket, so many of each server; false for none. */
      snapshots: orFalse(
        object({ store: key, schedule, keep: positive('how many are kept'), offsite }),
        'an object with store, schedule, keep and offsite, or false for none',
      ),
      /** What stands in for a registry while images are pulled, by the registry's host. */
      mirrors: v.optional(v.record(host, endpoint, 'an object: addresses by registry')),
      /** The largest packet through the tunnel between the nodes. */
      wireguardMtu: v.optional(v.pipe(whole(mtuRule, 1280), v.maxValue(1390, `1280 to 1390: ${mtuRule}`))),
    }),
  ),
  /** The way in from outside; without it nothing here can be reached. */
  edge: v.optional(
    object({
      /** Of the load balancer, in the private network. */
      loadBalancer: address,
      /** Who answers for the domain's names: how certificates are proven. */
      dns: v.picklist(['cloudflare', 'hetzner'], 'cloudflare or hetzner'),
      /** Whose certificates: `staging` are for trying, and no browser trusts them. */
      certificates: v.picklist(['production', 'staging'], 'production or staging'),
      /** Addresses and networks that are answered 403. */
      banned: v.optional(v.array(v.string('an address or a network'), 'a list of addresses and networks')),
      /** Of every node; another environment of the cluster has others. */
      nodePorts: v.optional(object({ web: nodePort, websecure: nodePort, health: nodePort })),
      /** While the load balancer is gone: 80 and 443 of that node lead in, and the floating IP leads there. */
      breakGlass: v.optional(object({ node: dnsLabel })),
    }),
  ),
  /** Who watches the cluster, and whom that tells; without it nobody does. The whole URLs are secrets. */
  observability: v.optional(
    object({
      /** Host of the URL that takes alerts. */
      onCall: host,
      /** Host of the URL that is asked for every minute, at somebody who tells when that ends. */
      heartbeat: v.union([v.literal(false), host], 'a host name, or false for none'),
      /** Where the logs of all containers are kept; without it they are on their nodes alone. */
      logs: v.optional(object({ store: key, keepDays: days('logs') })),
      /** Whether Grafana shows what components want to be looked at; true where nothing is said. */
      dashboards: v.optional(v.boolean('true or false')),
      /** Which traces of requests are kept, `{}` for the construct's defaults; without it nobody keeps any. */
      tracing: v.optional(
        object({
          keepHours: v.optional(positive('hours that traces are kept')),
          sharePercent: v.optional(v.pipe(whole(share, 0), v.maxValue(100, `0 to 100: ${share}`))),
          slowMilliseconds: v.optional(v.union([v.literal(false), whole(slow, 1)], `1 or more: ${slow}`)),
          mostSpansPerSecond: v.optional(positive('spans that are kept in a second')),
          storageGibibytes: v.optional(positive('gibibytes of the volume; Kubernetes never makes it smaller')),
        }),
      ),
      /** Whom people ask while nothing here answers: a page in a public bucket; without it there is none. */
      statusPage: v.optional(object({ store: key })),
    }),
  ),
  sizes: record(
    'sizes',
    object({
      minReplicas: v.optional(replicas),
      maxReplicas: v.optional(replicas),
      cpuRequestMillicores: v.optional(positive('millicores that each pod requests')),
      memoryMebibytes: v.optional(positive('mebibytes that each pod requests and is held to')),
      storageGibibytes: v.optional(positive('gibibytes of the volume of each pod; Kubernetes never makes it smaller')),
    }),
  ),
  backups: record(
    'backups',
    object({
      store: key,
      schedule,
      keepFullDays: days('full backups'),
      keepWalDays: days('the changes since then'),
      keepDays: days('backups'),
      restoreTestSchedule: v.union([v.literal(false), schedule], 'a schedule, or false for never'),
      offsite,
    }),
  ),
  objectStores: record(
    'buckets',
    object({
      endpoint,
      region: v.pipe(v.string('a region'), v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a region, such as fsn1')),
      bucket,
      /** Days that a version is kept that was overwritten or deleted; false for always. Made so by npm run buckets. */
      oldVersionsDays: kept('old versions are kept'),
      /** Days that nobody may delete or overwrite a version; false for no lock. Only of a bucket that is made with it. */
      lockDays: kept('nobody may delete'),
      /** Whether everybody may read what is in it, and nobody list it. Made so by npm run buckets. */
      public: v.optional(v.literal(true, 'true, where everybody may read what is in it')),
      /** Networks that the endpoint's name leads to, where they are not public: only these are let through then. */
      addresses,
    }),
  ),
  /** Servers of others that applications ask for, such as one that takes mail. */
  servers: v.optional(record('servers', object({ host: serverHost, port, addresses }))),
  /** Registries that let nobody pull without a password, by a name of yours: what their images' repositories begin with. */
  privateRegistries: v.optional(v.record(dnsLabel, imagePrefix, 'an object: registries by name')),
  repository: object({
    url: repositoryUrl,
    branch,
    /** As for an object store. */
    addresses,
    /** By SSH: how the server proves that it is the one, where Argo CD's makers don't know it. */
    hostKeys: v.optional(v.pipe(v.array(hostKey, 'a list of keys'), v.minLength(1, 'one key or more'))),
    /** By HTTPS: the server's certificate, or who signed it, where the world doesn't trust it. */
    certificates: v.optional(certificates),
  }),
  releases: v.picklist(['tags', 'branch'], 'tags or branch'),
});

/** What an operator writes in `config/environments/`. */
export type EnvironmentInput = v.InferInput<typeof environmentSchema>;

const digestRule = 'sha256: and 64 hexadecimal digits';
const reasonRule = 'a sentence that says why there is no digest';
const sourceRule = 'where repository, tag and digest come from';

export const imagesSchema = record(
  'images',
  object({
    repository: imageRepository,
    tag: v.pipe(
      v.string('a tag'),
      v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'a tag of letters, digits, dots, dashes'),
      v.check((tag) => tag.toLowerCase() !== 'latest', 'a tag that stays what it is; "latest" does not'),
    ),
    digest: v.optional(v.pipe(v.string(digestRule), v.regex(/^sha256:[0-9a-f]{64}$/, digestRule))),
    withoutDigest: v.optional(v.pipe(v.string(reasonRule), v.minLength(10, reasonRule))),
    source: v.pipe(v.string(sourceRule), v.minLength(4, sourceRule)),
    date,
    // Of the line that the tag is of: its makers mend nothing after it.
    supportedUntil: v.optional(date),
  }),
);

/** `config/images.json`. */
export type ImagesInput = v.InferInput<typeof imagesSchema>;

export const generationsSchema = record(
  'tables of environments',
  object({
    generations: v.optional(
      record(
        'generations',
        object({
          number: positive('which life of the cluster this is'),
          recovery: v.optional(recovery),
          empty: v.optional(v.literal(true, 'true, where it is to begin empty beside what another one holds')),
        }),
      ),
    ),
    copies: v.optional(record('copies', object({ number: positive('a generation of its own'), recovery }))),
  }),
);

/** `config/generations.json`: which life each store of each environment is in, and copies beside it. */
export type GenerationsInput = v.InferInput<typeof generationsSchema>;

export const releasesSchema = record('numbers of releases', whole('the last release of the environment', 0));

/** `config/stock.json`: what could be ordered when `npm run stock` asked. */
export const stockSchema = v.record(
  dnsLabel,
  object({ location, serverTypes: v.record(dnsLabel, serverType, 'an object: server types by node') }),
  'an object: what was chosen, by environment',
);

export type StockInput = v.InferInput<typeof stockSchema>;

const recipientRule = 'a recipient of age, as npm run bundle -- envelope writes it';
const sumRule = '64 hexadecimal digits';
const fingerprint = v.pipe(v.string('a fingerprint'), v.regex(/^[0-9a-f]{16}$/, '16 hexadecimal digits'));

/** `config/bundles.json`: who can open an environment's disaster bundle, and what is in the newest one. */
export const bundlesSchema = v.record(
  dnsLabel,
  object({
    recipient: v.pipe(v.string(recipientRule), v.regex(/^age1[02-9ac-hj-np-z]{58}$/, recipientRule)),
    bundle: v.optional(
      object({
        made: date,
        sha256: v.pipe(v.string(sumRule), v.regex(/^[0-9a-f]{64}$/, sumRule)),
        /** Fingerprints of the keys that it opens sealed values with. */
        sealing: v.array(fingerprint, 'a list of fingerprints'),
      }),
    ),
  }),
  'an object: bundles by environment',
);

export type BundlesInput = v.InferInput<typeof bundlesSchema>;
