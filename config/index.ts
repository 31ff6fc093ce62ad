import path from 'node:path';
import { Size } from 'cdk8s';
import { Cpu } from '../constructs/core/cpu.ts';
import type { Environment, ObjectStore, Upstream } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import { readAuthorities } from './authorities.ts';
import { crossFindings } from './checks.ts';
import {
  bucketsOfCopies,
  lookUp,
  remoteOf,
  storageOf,
  toBackups,
  toImage,
  toObjectStore,
  toSnapshots,
  toUpstream,
} from './conversions.ts';
import { sharedFindings } from './environment-checks.ts';
import { environments } from './environment-files.ts';
import { schemaFindings } from './findings.ts';
import { generationFindings } from './generation-checks.ts';
import { imageFindings, upstreamFindings } from './image-checks.ts';
import { readJson } from './json.ts';
import { registryFindings } from './registries.ts';
import { repositoryRemote } from './remote.ts';
import { environmentSchema, generationsSchema, imagesSchema, releasesSchema } from './schema.ts';
import type { EnvironmentInput, GenerationsInput, ImagesInput } from './schema.ts';
import { serverTypes } from './server-types.ts';
import { values } from './untyped.ts';
import { upstream } from './upstream.ts';
import type { UpstreamPin } from './upstream.ts';

export { environments };

/** What `size` tells of the fields of `sizes`; the volume is `storage`'s. */
const sizeFields = ['minReplicas', 'maxReplicas', 'cpuRequestMillicores', 'memoryMebibytes'];

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

/** An environment that knows what it was asked for. */
export interface ConfiguredEnvironment extends Environment {
  /** Where the configuration has what nobody has asked for so far, such as `config/environments/x.ts: sizes.backnd`. */
  unused(): string[];
  /** Names of the backups that it wants copied to a second provider. */
  readonly copiedBackups: readonly string[];
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
export function loadEnvironment(name: string, options: LoadOptions = {}): ConfiguredEnvironment {
  const written = environmentInput(name);
  const input = options.changes === undefined ? written : { ...written, ...options.changes };
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
    ([other, environment]) => other !== name && (values(environment).shares ?? other) === home,
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
): ConfiguredEnvironment {
  const file = `config/environments/${name}.ts`;
  const imagesProblems = schemaFindings(imagesFile, imagesSchema, images);
  const findings = [
    ...schemaFindings(file, environmentSchema, input),
    ...crossFindings(file, input),
    ...imagesProblems,
    ...(imagesProblems.length === 0 ? imageFindings(imagesFile, images as ImagesInput, strict) : []),
    ...(imagesProblems.length === 0
      ? registryFindings(file, values(input).privateRegistries, images as ImagesInput)
      : []),
    ...schemaFindings(releasesFile, releasesSchema, releases),
    ...schemaFindings(generationsFile, generationsSchema, generations),
    ...generationFindings(generationsFile, generations),
  ];
  if (findings.length > 0) throw new InputError(findings);
  return toEnvironment(name, input, images as ImagesInput, { releases, generations, authorities });
}

/** Whose CoreDNS tells names in the cluster, where the configuration says nothing too. */
export function whoseDns({ clusterDns = 'ours' }: Pick<EnvironmentInput, 'clusterDns'>): Environment['clusterDns'] {
  return clusterDns;
}

function toEnvironment(
  name: string,
  input: EnvironmentInput,
  images: ImagesInput,
  records: Required<Records>,
): ConfiguredEnvironment {
  const release = (Object.hasOwn(records.releases, name) ? records.releases[name] : undefined) ?? 0;
  const { generations = {}, copies = {} } = records.generations[name] ?? {};
  const file = `config/environments/${name}.ts`;
  const targets = bucketsOfCopies(input);
  const registries = Object.entries(input.privateRegistries ?? {}).map(([key, prefix]) => {
    return { name: key, images: prefix, secret: `registry-${key}` };
  });
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
    clusterDns: whoseDns(input),
    directoryAddress: input.directoryAddress,
    edge: input.edge,
    observability: input.observability,
    hosts: input.hosts,
    repository: { ...input.repository, ...remoteOf(repositoryRemote(input.repository.url)) },
    release: input.releases === 'tags' ? release : undefined,
    releaseTag: input.releases === 'tags' && release > 0 ? `${name}-${release}` : undefined,
    host: (key: string) => {
      ask(`${file}: hosts.${key}`);
      return lookUp(`${file}: hosts`, input.hosts, key);
    },
    authority: (key: string) => ({ name: key, certificates: records.authorities.get(key) }),
    server: (key: string) => {
      ask(`${file}: servers.${key}`);
      return lookUp(`${file}: servers`, input.servers ?? {}, key);
    },
    objectStore: askedStore,
    objectStores: Object.keys(input.objectStores).map(store),
    backups: (key: string) => {
      ask(`${file}: backups.${key}`);
      return toBackups(lookUp(`${file}: backups`, input.backups, key), askedStore);
    },
    snapshots: toSnapshots(input, askedStore),
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
    privateRegistries: registries,
    image: (key: string) => {
      ask(`${imagesFile}: ${key}`);
      return toImage(key, lookUp(imagesFile, images, key), registries);
    },
    upstream: (key: string) => toUpstream(lookUp<UpstreamPin>('config/upstream.ts', upstream, key)),
    unusedImages: () => Object.keys(images).filter((key) => !asked.has(`${imagesFile}: ${key}`)),
    imageReferences: new Set(Object.entries(images).map(([key, image]) => toImage(key, image, registries).reference)),
    copiedBackups: Object.entries(input.backups).flatMap(([key, { offsite }]) => (offsite ? key : [])),
    unused: () =>
      [
        ...Object.keys(input.hosts).map((key) => `${file}: hosts.${key}`),
        ...Object.keys(input.servers ?? {}).map((key) => `${file}: servers.${key}`),
        ...Object.keys(input.objectStores).map((key) => `${file}: objectStores.${key}`),
        ...Object.keys(input.sizes).map((key) => `${file}: sizes.${key}`),
        ...Object.entries(input.sizes)
          .filter(([key]) => asked.has(`${file}: sizes.${key}`))
          .flatMap(([key, size]) => Object.keys(size).map((field) => `${file}: sizes.${key}.${field}`)),
        ...Object.keys(input.backups).map((key) => `${file}: backups.${key}`),
        ...Object.keys(generations).map((key) => `${generationsFile}: ${name}.generations.${key}`),
        ...Object.keys(copies).map((key) => `${generationsFile}: ${name}.copies.${key}`),
      ].filter((where) => !asked.has(where)),
    size: (key: string) => {
      ask(`${file}: sizes.${key}`);
      for (const field of sizeFields) ask(`${file}: sizes.${key}.${field}`);
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
