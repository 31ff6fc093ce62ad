import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { Cpu } from '../constructs/core/cpu.ts';
import type { Environment, Image, ObjectStore } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
import { Schedule } from '../constructs/core/schedule.ts';
import { readAuthorities } from './authorities.ts';
import { crossFindings, imageFindings } from './checks.ts';
import { production } from './environments/production.ts';
import { schemaFindings } from './findings.ts';
import { environmentSchema, imagesSchema, releasesSchema } from './schema.ts';
import type { EnvironmentInput, ImagesInput } from './schema.ts';
import { serverTypes } from './server-types.ts';

/** Every environment there is: a folder each in `dist/`, `argocd/` and `secrets/`. */
export const environments: Readonly<Record<string, EnvironmentInput>> = { production };

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
}

/** The environment of that name, from the files of this folder. @throws InputError with everything that is wrong */
export function loadEnvironment(name: string, options: LoadOptions = {}): Environment {
  const input = { ...environmentInput(name), ...options.changes };
  const authorities = readAuthorities(path.join(import.meta.dirname, '..'), name);
  return parseEnvironment(name, input, readJson('images.json'), readJson('releases.json'), { ...options, authorities });
}

/** What the file of that environment says. @throws InputError naming the environments there are */
export function environmentInput(name: string): EnvironmentInput {
  const input = environments[name];
  if (input === undefined) {
    throw new InputError({
      where: 'the environment',
      what: `there is none called "${name}"`,
      allowed: Object.keys(environments).join(', '),
      remedy: 'name one of these, or add it to config/environments/ and config/index.ts',
    });
  }
  return input;
}

export interface ParseOptions extends Pick<LoadOptions, 'strict'> {
  /**
   * Certificates of authorities, in PEM, by the name of their secret.
   * @default none
   */
  readonly authorities?: ReadonlyMap<string, string>;
}

/**
 * Checks and freezes configuration that may come from anywhere.
 * @throws InputError with everything that is wrong
 */
export function parseEnvironment(
  name: string,
  input: EnvironmentInput,
  images: unknown,
  releases: unknown,
  { strict = false, authorities = new Map() }: ParseOptions = {},
): Environment {
  const file = `config/environments/${name}.ts`;
  const imagesProblems = schemaFindings('config/images.json', imagesSchema, images);
  const findings = [
    ...schemaFindings(file, environmentSchema, input),
    ...crossFindings(file, input),
    ...imagesProblems,
    ...(imagesProblems.length === 0 ? imageFindings('config/images.json', images as ImagesInput, strict) : []),
    ...schemaFindings('config/releases.json', releasesSchema, releases),
  ];
  if (findings.length > 0) throw new InputError(findings);
  return toEnvironment(name, input, images as ImagesInput, releases as Record<string, number>, authorities);
}

function toEnvironment(
  name: string,
  input: EnvironmentInput,
  images: ImagesInput,
  releases: Record<string, number>,
  authorities: ReadonlyMap<string, string>,
): Environment {
  const release = releases[name] ?? 0;
  const asked = new Set<string>();
  const file = `config/environments/${name}.ts`;
  return Object.freeze({
    name,
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
    repository: input.repository,
    releaseTag: input.releases === 'tags' && release > 0 ? `${name}-${release}` : undefined,
    host: (key: string) => lookUp(`${file}: hosts`, input.hosts, key),
    authority: (secret: string) => authorities.get(secret),
    schedule: (key: string) => Schedule.utc(lookUp(`${file}: schedules`, input.schedules, key)),
    objectStore: (key: string) => toObjectStore(key, lookUp(`${file}: objectStores`, input.objectStores, key)),
    generation: (key: string) => {
      asked.add(`generations.${key}`);
      return input.generations?.[key] ?? { number: 1 };
    },
    copy: (key: string) => {
      asked.add(`copies.${key}`);
      return input.copies?.[key];
    },
    image: (key: string) => toImage(key, lookUp('config/images.json', images, key)),
    imageReferences: new Set(Object.entries(images).map(([key, image]) => toImage(key, image).reference)),
    unused: () =>
      (['sizes', 'generations', 'copies'] as const)
        .flatMap((table) => Object.keys(input[table] ?? {}).map((key) => `${table}.${key}`))
        .filter((path) => !asked.has(path)),
    size: (key: string) => {
      asked.add(`sizes.${key}`);
      const { cpuRequestMillicores, memoryMebibytes, ...replicas } = input.sizes[key] ?? {};
      return {
        ...replicas,
        ...(cpuRequestMillicores === undefined ? {} : { cpuRequest: Cpu.millicores(cpuRequestMillicores) }),
        ...(memoryMebibytes === undefined ? {} : { memory: Size.mebibytes(memoryMebibytes) }),
      };
    },
  });
}

function toObjectStore(name: string, store: EnvironmentInput['objectStores'][string]): ObjectStore {
  const { hostname, port } = new URL(store.endpoint);
  return { name, ...store, host: hostname, port: port === '' ? 443 : Number(port) };
}

function toImage(name: string, { repository, tag, digest }: ImagesInput[string]): Image {
  const reference = `${repository}:${tag}${digest === undefined ? '' : `@${digest}`}`;
  return { name, version: tag, reference, repository, tag, digest };
}

function lookUp<T>(where: string, table: Readonly<Record<string, T>>, key: string): T {
  const value = table[key];
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

function readJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(path.join(import.meta.dirname, file), 'utf8'));
  } catch (error) {
    throw new InputError({
      where: `config/${file}`,
      what: error instanceof Error ? error.message : String(error),
      allowed: 'a readable JSON file',
      remedy: 'mend the file, or restore it from git',
    });
  }
}
