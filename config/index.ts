import fs from 'node:fs';
import path from 'node:path';
import { Size } from 'cdk8s';
import { Cpu } from '../constructs/core/cpu.ts';
import type { Environment, Image } from '../constructs/core/environment.ts';
import { InputError } from '../constructs/core/error.ts';
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
}

/** The environment of that name, from the files of this folder. @throws InputError with everything that is wrong */
export function loadEnvironment(name: string, options: LoadOptions = {}): Environment {
  const input = environments[name];
  if (input === undefined) {
    throw new InputError({
      where: 'the environment',
      what: `there is none called "${name}"`,
      allowed: Object.keys(environments).join(', '),
      remedy: 'name one of these, or add it to config/environments/ and config/index.ts',
    });
  }
  return parseEnvironment(name, input, readJson('images.json'), readJson('releases.json'), options);
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
  { strict = false }: LoadOptions = {},
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
  return toEnvironment(name, input, images as ImagesInput, releases as Record<string, number>);
}

function toEnvironment(
  name: string,
  input: EnvironmentInput,
  images: ImagesInput,
  releases: Record<string, number>,
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
    schedule: (key: string) => lookUp(`${file}: schedules`, input.schedules, key),
    image: (key: string) => toImage(key, lookUp('config/images.json', images, key)),
    imageReferences: new Set(Object.entries(images).map(([key, image]) => toImage(key, image).reference)),
    unusedSizes: () => Object.keys(input.sizes).filter((key) => !asked.has(key)),
    size: (key: string) => {
      asked.add(key);
      const { cpuRequestMillicores, memoryMebibytes, ...replicas } = input.sizes[key] ?? {};
      return {
        ...replicas,
        ...(cpuRequestMillicores === undefined ? {} : { cpuRequest: Cpu.millicores(cpuRequestMillicores) }),
        ...(memoryMebibytes === undefined ? {} : { memory: Size.mebibytes(memoryMebibytes) }),
      };
    },
  });
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
