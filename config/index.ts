import path from 'node:path';
import { Size } from 'cdk8s';
import { Cpu } from '../constructs/core/cpu.ts';
import type { Backups, Environment, Image, ObjectStore, Upstream } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import { Schedule } from '../constructs/core/schedule.ts';
import { readAuthorities } from './authorities.ts';
import { crossFindings } from './checks.ts';
import { sharedFindings } from './environment-checks.ts';
import { environments } from './environment-files.ts';
import { schemaFindings } from './findings.ts';
import { generationFindings } from './generation-checks.ts';
import { imageFindings, upstreamFindings } from './image-checks.ts';
import { readJson } from './json.ts';
import { repositoryRemote, serviceRemote } from './remote.ts';
import type { Remote } from './remote.ts';
import { environmentSchema, generationsSchema, imagesSchema, releasesSchema } from './schema.ts';
import type { EnvironmentInput, GenerationsInput, ImagesInput } from './schema.ts';
import { serverTypes } from './server-types.ts';
import { values } from './untyped.ts';
import { upstream } from './upstream.ts';
import type { UpstreamPin } from './upstream.ts';

export { environments };

export const generationsFile = 'config/generations.json';
const imagesFile = 'config/images.json';
const releasesFile = 'config/releases.json';

/** What programs write down, and people only read: releases, which life each store is in, and authorities. */
export interface Records {
  /** `releases.json`. */
  readonly releases?: Readonly<Record<string, number>>;
  /** `generations.json`. */
  readonly generations?: GenerationsInput;
  /** Certificates of authorities, in PEM, by the name of their secret: `secrets/ENVIRONMENT/*.crt`. */
  readonly authorities?: ReadonlyMap<string, string>;
}

export interface LoadOptions {
  /**
   * Refuse images without a digest.
   * @default false
   */
  readonly strict?: boolean;
  /**
   * What to read instead of what the environment's file says.
   * @default nothing
   */
  readonly changes?: Partial<EnvironmentInput>;
  /**
   * What to read instead of what `generations.json` says.
   * @default nothing
   */
  readonly generations?: GenerationsInput;
}

/** The environment of that name, from the files of this folder. @throws InputError with everything that is wrong */
export function loadEnvironment(name: string, options: LoadOptions = {}): Environment {
  const input = { ...environmentInput(name), ...options.changes };
  const images = read('images.json');
  const releases = read('releases.json');
  const generations = options.generations ?? read('generations.json');
  const shared = [
    ...sharedFindings({ ...environments, [name]: input }),
    ...upstreamFindings('config/upstream.ts', upstream, images, options.strict ?? false),
    ...strangerFindings(releasesFile, releases),
    ...strangerFindings(generationsFile, generations),
  ];
  if (shared.length > 0) throw new InputError(shared);
  const records = {
    releases: releases as Records['releases'],
    generations: generations as GenerationsInput,
    authorities: readAuthorities(path.join(import.meta.dirname, '..'), name),
  };
  return parseEnvironment(name, input, images, records, options);
}

function read(file: string): unknown {
  return readJson(`config/${file}`, path.join(import.meta.dirname, file));
}

/** A misspelled environment would have no release and no generation, without a word. */
function strangerFindings(file: string, table: unknown): Finding[] {
  return Object.keys(values(table))
    .filter((name) => !Object.hasOwn(environments, name))
    .map((name) => ({
      where: `${file}: ${name}`,
      what: 'there is no such environment',
      allowed: Object.keys(environments).join(', '),
      remedy: 'correct the name, or remove it',
    }));
}

/** What the file of that environment says. @throws InputError naming the environments there are */
export function environmentInput(name: string): EnvironmentInput {
  const input = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (input === undefined) {
    throw new InputError({
      where: 'the environment',
      what: `there is none called "${name}"`,
      allowed: Object.keys(environments).join(', '),
      remedy: `name one of these, or write config/environments/${name}.ts`,
    });
  }
  return input;
}

/** The other environments in the cluster of that one. @throws InputError naming the environments there are */
export function neighboursOf(name: string, { changes }: Pick<LoadOptions, 'changes'> = {}): string[] {
  const home = { ...environmentInput(name), ...changes }.shares ?? name;
  const others = Object.entries(environments).filter(
    ([other, { shares = other }]) => other !== name && shares === home,
  );
  return others.map(([other]) => other);
}

/** A release of `upstream.ts`, for what reads it beside any environment. */
export function upstreamRelease(name: keyof typeof upstream): Upstream {
  return toUpstream(upstream[name]);
}

/**
 * Checks and freezes configuration that may come from anywhere.
 * @throws InputError with everything that is wrong
 */
export function parseEnvironment(
  name: string,
  input: EnvironmentInput,
  images: unknown,
  { releases = {}, generations = {}, authorities = new Map() }: Records,
  { strict = false }: Pick<LoadOptions, 'strict'> = {},
): Environment {
  const file = `config/environments/${name}.ts`;
  const imagesProblems = schemaFindings(imagesFile, imagesSchema, images);
  const findings = [
    ...schemaFindings(file, environmentSchema, input),
    ...crossFindings(file, input),
    ...imagesProblems,
    ...(imagesProblems.length === 0 ? imageFindings(imagesFile, images as ImagesInput, strict) : []),
    ...schemaFindings(releasesFile, releasesSchema, releases),
    ...schemaFindings(generationsFile, generationsSchema, generations),
    ...generationFindings(generationsFile, generations),
  ];
  if (findings.length > 0) throw new InputError(findings);
  return toEnvironment(name, input, images as ImagesInput, { releases, generations, authorities });
}

function toEnvironment(
  name: string,
  input: EnvironmentInput,
  images: ImagesInput,
  records: Required<Records>,
): Environment {
  const release = (Object.hasOwn(records.releases, name) ? records.releases[name] : undefined) ?? 0;
  const { generations = {}, copies = {} } = records.generations[name] ?? {};
  const file = `config/environments/${name}.ts`;
  const targets = new Set(Object.values(input.backups).flatMap(({ offsite }) => (offsite ? offsite.store : [])));
  const asked = new Set<string>();
  const ask = (where: string): void => void asked.add(where);
  const store = (key: string): ObjectStore =>
    toObjectStore(key, lookUp(`${file}: objectStores`, input.objectStores, key), targets.has(key));
  const askedStore = (key: string): ObjectStore => {
    ask(`${file}: objectStores.${key}`);
    return store(key);
  };
  return Object.freeze({
    name,
    sharesCluster: input.shares !== undefined,
    prefix: input.shares === undefined ? '' : `${name}-`,
    domain: input.domain,
    nodes: input.nodes.map((node) => {
      const type = serverTypes[node.serverType];
      if (type === undefined) throw new TypeError(`${node.serverType} passed the schema and is no server type`);
      return {
        name: node.name,
        role: node.role,
        serverType: node.serverType,
        address: node.address,
        budget: node.budget,
        disk: Size.gibibytes(Math.floor((type.diskGigabytes * 1e9) / 2 ** 30)),
        allocatable: {
          cpu: Cpu.millicores(type.vcpu * 1000 - input.reserved.cpuMillicores),
          memory: Size.mebibytes(type.memoryGibibytes * 1024 - input.reserved.memoryMebibytes),
        },
      };
    }),
    networks: input.networks,
    repository: { ...input.repository, ...remoteOf(repositoryRemote(input.repository.url)) },
    release: input.releases === 'tags' ? release : undefined,
    releaseTag: input.releases === 'tags' && release > 0 ? `${name}-${release}` : undefined,
    host: (key: string) => {
      ask(`${file}: hosts.${key}`);
      return lookUp(`${file}: hosts`, input.hosts, key);
    },
    authority: (key: string) => ({ name: key, certificates: records.authorities.get(key) }),
    objectStore: askedStore,
    objectStores: Object.keys(input.objectStores).map(store),
    backups: (key: string) => {
      ask(`${file}: backups.${key}`);
      return toBackups(lookUp(`${file}: backups`, input.backups, key), askedStore);
    },
    storage: (key: string) => {
      ask(`${file}: sizes.${key}`);
      ask(`${file}: sizes.${key}.storageGibibytes`);
      return Size.gibibytes(storageOf(file, key, input.sizes[key]));
    },
    generation: (key: string) => {
      ask(`${generationsFile}: ${name}.generations.${key}`);
      return generations[key] ?? { number: 1 };
    },
    copy: (key: string) => {
      ask(`${generationsFile}: ${name}.copies.${key}`);
      return copies[key];
    },
    image: (key: string) => toImage(key, lookUp(imagesFile, images, key)),
    upstream: (key: string) => toUpstream(lookUp<UpstreamPin>('config/upstream.ts', upstream, key)),
    imageReferences: new Set(Object.entries(images).map(([key, image]) => toImage(key, image).reference)),
    unused: () =>
      [
        ...Object.keys(input.hosts).map((key) => `${file}: hosts.${key}`),
        ...Object.keys(input.objectStores).map((key) => `${file}: objectStores.${key}`),
        ...Object.keys(input.sizes).map((key) => `${file}: sizes.${key}`),
        ...Object.entries(input.sizes)
          .filter(([key, size]) => size.storageGibibytes !== undefined && asked.has(`${file}: sizes.${key}`))
          .map(([key]) => `${file}: sizes.${key}.storageGibibytes`),
        ...Object.keys(input.backups).map((key) => `${file}: backups.${key}`),
        ...Object.keys(generations).map((key) => `${generationsFile}: ${name}.generations.${key}`),
        ...Object.keys(copies).map((key) => `${generationsFile}: ${name}.copies.${key}`),
      ].filter((where) => !asked.has(where)),
    size: (key: string) => {
      ask(`${file}: sizes.${key}`);
      const { cpuRequestMillicores, memoryMebibytes, minReplicas, maxReplicas } = input.sizes[key] ?? {};
      return {
        ...(minReplicas === undefined ? {} : { minReplicas }),
        ...(maxReplicas === undefined ? {} : { maxReplicas }),
        ...(cpuRequestMillicores === undefined ? {} : { cpuRequest: Cpu.millicores(cpuRequestMillicores) }),
        ...(memoryMebibytes === undefined ? {} : { memory: Size.mebibytes(memoryMebibytes) }),
      };
    },
  });
}

function toBackups(
  { store, schedule, restoreTestSchedule, offsite, ...rest }: EnvironmentInput['backups'][string],
  storeOf: (name: string) => ObjectStore,
): Backups {
  return {
    ...rest,
    store: storeOf(store),
    schedule: Schedule.utc(schedule),
    restoreTestSchedule: restoreTestSchedule !== false && Schedule.utc(restoreTestSchedule),
    offsite: offsite && { store: storeOf(offsite.store), schedule: Schedule.utc(offsite.schedule) },
  };
}

function storageOf(file: string, key: string, size: EnvironmentInput['sizes'][string] | undefined): number {
  if (size?.storageGibibytes !== undefined) return size.storageGibibytes;
  throw new InputError({
    where: `${file}: sizes.${key}.storageGibibytes`,
    what: 'the value is missing',
    allowed: 'how many gibibytes the volume of each of its pods has',
    remedy: 'add it',
  });
}

function toObjectStore(
  name: string,
  store: EnvironmentInput['objectStores'][string],
  holdsCopies: boolean,
): ObjectStore {
  const endpoint = store.endpoint.replace(/\/$/, '');
  return { name, ...store, endpoint, ...remoteOf(serviceRemote(endpoint)), holdsCopies };
}

function remoteOf(remote: Remote | string): Remote {
  if (typeof remote === 'string') throw new TypeError(`an address passed the schema, and is none: ${remote}`);
  return remote;
}

function toImage(name: string, { repository, tag, digest }: ImagesInput[string]): Image {
  const reference = `${repository}:${tag}${digest === undefined ? '' : `@${digest}`}`;
  return { name, version: tag, reference, repository, tag, digest };
}

function toUpstream(pin: UpstreamPin): Upstream {
  return {
    repository: pin.repository,
    ...('chart' in pin ? { chart: pin.chart } : {}),
    revision: pin.version,
    ...('commit' in pin ? { commit: pin.commit } : {}),
  };
}

function lookUp<T>(where: string, table: Readonly<Record<string, T>>, key: string): T {
  const value = Object.hasOwn(table, key) ? table[key] : undefined;
  if (value === undefined) {
    throw new InputError({
      where,
      what: `there is no "${key}"`,
      allowed: Object.keys(table).sort().join(', '),
      remedy: 'add it there, or name one of these',
    });
  }
  return value;
}
