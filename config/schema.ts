import * as v from 'valibot';
import { serverTypes } from './server-types.ts';
import {
  address,
  addresses,
  bucket,
  cidr,
  date,
  dnsLabel,
  endpoint,
  host,
  imageRepository,
  key,
  moment,
  object,
  percent,
  positive,
  record,
  repositoryUrl,
  schedule,
  whole,
} from './values.ts';

const days = (what: string) => v.optional(positive(`days that ${what} are kept`));

const recovery = object({ from: positive('the generation that is read'), to: v.optional(moment) });

const replicas = positive('how many pods');

const serverTypeNames = Object.keys(serverTypes);

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
        serverType: v.picklist(
          serverTypeNames,
          `${serverTypeNames.join(', ')}; another one once config/server-types.ts says what it has`,
        ),
        address,
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
      restoreTestSchedule: v.union([v.literal(false), schedule], 'a schedule, or false for never'),
      offsite: v.union([v.literal(false), object({ store: key, schedule })], 'an object, or false for none'),
    }),
  ),
  objectStores: record(
    'buckets',
    object({
      endpoint,
      region: v.pipe(v.string('a region'), v.regex(/^[a-z0-9-]+$/, 'a region, such as fsn1')),
      bucket,
      /** Networks that the endpoint's name leads to, where they are not public: only these are let through then. */
      addresses,
    }),
  ),
  repository: object({
    url: repositoryUrl,
    branch: v.pipe(v.string('a branch'), v.regex(/^[A-Za-z0-9][-A-Za-z0-9._/]*$/, 'the name of a branch')),
    /** As for an object store. */
    addresses,
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
        object({ number: positive('which life of the cluster this is'), recovery: v.optional(recovery) }),
      ),
    ),
    copies: v.optional(record('copies', object({ number: positive('a generation of its own'), recovery }))),
  }),
);

/** `config/generations.json`: which life each store of each environment is in, and copies beside it. */
export type GenerationsInput = v.InferInput<typeof generationsSchema>;

export const releasesSchema = record('numbers of releases', whole('the last release of the environment', 0));
