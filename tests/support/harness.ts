import { parseEnvironment } from '../../config/index.ts';
import type { ConfiguredEnvironment } from '../../config/index.ts';
import type { EnvironmentInput, GenerationsInput } from '../../config/schema.ts';
import { application } from '../../constructs/core/application.ts';
import type { Application } from '../../constructs/core/application.ts';
import type { ApplicationChart, Layer } from '../../constructs/core/application-chart.ts';
import type { Environment, Image } from '../../constructs/core/environment.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';

export const testImages = {
  web: {
    repository: 'registry.example/web',
    tag: '1.2.3',
    digest: `sha256:${'0'.repeat(64)}`,
    source: 'the tests',
    date: '2026-11-23',
  },
};

/** The tests' own configuration: what an operator changes in production breaks none of them. */
export const testInput: EnvironmentInput = {
  domain: 'example.com',
  hosts: { backend: 'api.example.com', frontend: 'shop.example.com' },
  nodes: [
    {
      name: 'node1',
      role: 'server',
      serverType: 'ccx33',
      address: '10.0.0.1',
      budget: { cpuPercent: 60, memoryPercent: 70 },
    },
    {
      name: 'node2',
      role: 'agent',
      serverType: 'ccx33',
      address: '10.0.0.2',
      budget: { cpuPercent: 50, memoryPercent: 60 },
    },
  ],
  reserved: { cpuMillicores: 500, memoryMebibytes: 1536 },
  networks: { private: '10.10.0.0/16', wireguard: '10.0.0.0/24', pods: '10.42.0.0/16', services: '10.43.0.0/16' },
  sizes: {},
  objectStores: {
    backups: { endpoint: 'https://s3.example', region: 'here', bucket: 'test-backups' },
    offsite: { endpoint: 'https://s3.elsewhere.example', region: 'there', bucket: 'test-copies' },
  },
  backups: {},
  repository: { url: 'https://git.example/platform.git', branch: 'main' },
  releases: 'tags',
};

/** The tests' configuration with changes, from their own images, releases and generations. */
export function testEnvironment(
  changes: Partial<EnvironmentInput> = {},
  release = 0,
  tables: GenerationsInput[string] = {},
): ConfiguredEnvironment {
  const records = { releases: { test: release }, generations: { test: tables } };
  return parseEnvironment('test', { ...testInput, ...changes }, testImages, records);
}

export const image: Image = testEnvironment().image('web');

/** An application named `name` in a namespace of the same name. */
export function testApplication<E>(
  name: string,
  build: (scope: ApplicationChart, environment: Environment) => E,
  layer: Layer = 'applications',
): Application<E> {
  return application(name, { namespace: defineNamespace(name), layer }, build);
}

/** The objects of one application that `build` fills. */
export function manifestsOf(build: (scope: ApplicationChart, environment: Environment) => unknown): Manifest[] {
  const platform = new Platform(testEnvironment(), [testApplication('test', build)]);
  return platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
}

/** The only object of that kind (and name). */
export function only(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  const found = manifests.filter((manifest) => manifest.kind === kind && (!name || manifest.metadata.name === name));
  const [first] = found;
  if (first === undefined || found.length > 1) throw new Error(`${found.length} objects are ${kind} ${name ?? ''}`);
  return first;
}

/** The value at a path such as `spec.template.spec.containers.0.env`. */
export function at(manifest: Manifest, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((value, key) => (value as Record<string, unknown> | undefined)?.[key], manifest);
}

/** The findings that `action` is refused with. */
export function refusal(action: () => unknown): readonly Finding[] {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error.findings;
    throw error;
  }
  throw new Error('nothing was refused');
}
