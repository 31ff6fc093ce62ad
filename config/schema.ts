import net from 'node:net';
import * as v from 'valibot';
import { parseCidr } from '../constructs/core/cidr.ts';
import { Schedule } from '../constructs/core/schedule.ts';
import { serverTypes } from './server-types.ts';

// Every message below is the "allowed" line of an error: it says what would be right.

const positive = (what: string) =>
  v.pipe(v.number(`a number: ${what}`), v.integer(`a whole number: ${what}`), v.minValue(1, `1 or more: ${what}`));

const percent = (what: string) => v.pipe(positive(what), v.maxValue(100, `1 to 100: ${what}`));

const dnsLabel = v.pipe(
  v.string('a name'),
  v.regex(/^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/, 'lower-case letters, digits and dashes, 63 at most, a letter first'),
);

const host = v.pipe(
  v.string('a host name'),
  v.regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\.)+[a-z]{2,}$/, 'a host name in lower case, such as api.example.com'),
  v.maxLength(253, 'a host name of at most 253 characters'),
);

const key = v.pipe(
  v.string('a name'),
  v.regex(/^[a-z][A-Za-z0-9-]*$/, 'a key of letters, digits and dashes, a small letter first'),
);

const cidr = v.pipe(
  v.string('a network'),
  v.check(
    (text) => parseCidr(text)?.family === 4,
    'an IPv4 network in CIDR form without host bits, such as 10.42.0.0/16',
  ),
);

const address = v.pipe(
  v.string('an address'),
  v.check((text) => net.isIPv4(text), 'an IPv4 address, such as 10.0.0.1'),
);

const schedule = v.pipe(
  v.string('a schedule'),
  v.rawCheck(({ dataset, addIssue }) => {
    if (!dataset.typed) return;
    const allowed = Schedule.problem(dataset.value);
    if (allowed !== undefined) addIssue({ message: allowed });
  }),
);

const moment = v.pipe(
  v.string('a moment'),
  v.regex(
    /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}(\.\d{1,6})?\+00$/,
    'a moment in UTC as PostgreSQL takes it, such as 2026-11-22 10:00:00+00',
  ),
  v.check(isMoment, 'a moment that there was'),
);

/** JavaScript takes the 30th of February for the 2nd of March. */
function isMoment(text: string): boolean {
  const date = new Date(`${text}:00`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text.slice(0, 10));
}

const days = (what: string) => v.optional(positive(`days that ${what} are kept`));

const recovery = v.strictObject({ from: positive('the generation that is read'), to: v.optional(moment) });

const replicas = positive('how many pods');

export const environmentSchema = v.strictObject({
  /** The environment in whose cluster it lives, beside it. */
  shares: v.optional(dnsLabel),
  domain: host,
  hosts: v.record(key, host),
  nodes: v.pipe(
    v.array(
      v.strictObject({
        name: dnsLabel,
        role: v.picklist(['server', 'agent', 'witness'], 'server, agent or witness'),
        serverType: v.picklist(Object.keys(serverTypes), Object.keys(serverTypes).join(', ')),
        address,
        budget: v.strictObject({
          cpuPercent: percent('how much of the CPU pods may request'),
          memoryPercent: percent('how much of the memory pods may request'),
        }),
      }),
      'a list of nodes',
    ),
    v.minLength(1, 'at least one node'),
    v.check(
      (nodes) => nodes.some(({ role }) => role === 'server'),
      'at least one server: without one there is no Kubernetes API',
    ),
    v.check(
      (nodes) => nodes.filter(({ role }) => role !== 'agent').length % 2 === 1,
      'an odd number of servers and witnesses: etcd needs a majority of them, and two are less available than one',
    ),
  ),
  reserved: v.strictObject({
    cpuMillicores: positive('millicores kept from pods on each node'),
    memoryMebibytes: positive('mebibytes kept from pods on each node'),
  }),
  networks: v.strictObject({ private: cidr, wireguard: cidr, pods: cidr, services: cidr }),
  sizes: v.record(
    key,
    v.strictObject({
      minReplicas: v.optional(replicas),
      maxReplicas: v.optional(replicas),
      cpuRequestMillicores: v.optional(positive('millicores that each pod requests')),
      memoryMebibytes: v.optional(positive('mebibytes that each pod requests and is held to')),
      storageGibibytes: v.optional(positive('gibibytes of the volume of each pod; Kubernetes never makes it smaller')),
    }),
  ),
  backups: v.record(
    key,
    v.strictObject({
      store: key,
      schedule,
      keepFullDays: days('full backups'),
      keepWalDays: days('the changes since then'),
      restoreTestSchedule: v.union([v.literal(false), schedule], 'a schedule, or false for never'),
      offsite: v.union([v.literal(false), v.strictObject({ store: key, schedule })], 'an object, or false for none'),
    }),
  ),
  objectStores: v.record(
    key,
    v.strictObject({
      endpoint: v.pipe(
        v.string('an endpoint'),
        v.regex(/^https:\/\/[a-z0-9.-]+(:\d+)?$/, 'the HTTPS address of an S3 service, without a path'),
      ),
      region: v.pipe(v.string('a region'), v.regex(/^[a-z0-9-]+$/, 'a region, such as fsn1')),
      bucket: v.pipe(
        v.string('a bucket'),
        v.regex(/^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, 'a bucket: 3 to 63 lower-case letters, digits and dashes'),
      ),
    }),
  ),
  repository: v.strictObject({
    url: v.pipe(
      v.string('a URL'),
      v.regex(/^(https:\/\/|ssh:\/\/|git@)[^\s?#]+$/, 'the HTTPS or SSH address of a git repository'),
      v.check(
        (url) => !/^https:\/\/[^/]*@/.test(url),
        'an address without credentials: they would stand in every Application',
      ),
    ),
    branch: v.pipe(v.string('a branch'), v.regex(/^[A-Za-z0-9][-A-Za-z0-9._/]*$/, 'the name of a branch')),
  }),
  releases: v.picklist(['tags', 'branch'], 'tags or branch'),
});

/** What an operator writes in `config/environments/`. */
export type EnvironmentInput = v.InferInput<typeof environmentSchema>;

const date = v.pipe(v.string('a date'), v.regex(/^\d{4}-\d{2}-\d{2}$/, 'a date such as 2026-11-23'));

export const imagesSchema = v.record(
  key,
  v.strictObject({
    repository: v.pipe(
      v.string('a repository'),
      v.regex(/^[a-z0-9.-]+(:\d+)?(\/[a-z0-9._-]+)+$/, 'registry/name without a tag, such as ghcr.io/example/backend'),
    ),
    tag: v.pipe(
      v.string('a tag'),
      v.regex(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/, 'a tag of letters, digits, dots, dashes'),
      v.check((tag) => tag !== 'latest', 'a tag that stays what it is; "latest" does not'),
    ),
    digest: v.optional(v.pipe(v.string(), v.regex(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits'))),
    withoutDigest: v.optional(v.pipe(v.string(), v.minLength(10, 'a sentence that says why there is no digest'))),
    source: v.pipe(v.string('where the facts come from'), v.minLength(4, 'where repository, tag and digest come from')),
    date,
  }),
);

/** `config/images.json`. */
export type ImagesInput = v.InferInput<typeof imagesSchema>;

export const generationsSchema = v.record(
  key,
  v.strictObject({
    generations: v.optional(
      v.record(
        key,
        v.strictObject({ number: positive('which life of the cluster this is'), recovery: v.optional(recovery) }),
      ),
    ),
    copies: v.optional(v.record(key, v.strictObject({ number: positive('a generation of its own'), recovery }))),
  }),
);

/** `config/generations.json`: which life each store of each environment is in, and copies beside it. */
export type GenerationsInput = v.InferInput<typeof generationsSchema>;

export const releasesSchema = v.record(key, v.pipe(v.number('a number'), v.integer(), v.minValue(0, '0 or more')));
