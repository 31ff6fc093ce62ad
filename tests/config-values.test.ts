import { inspect } from 'node:util';
import type * as v from 'valibot';
import { sharedFindings } from '../config/environment-checks.ts';
import { schemaFindings } from '../config/findings.ts';
import { parseEnvironment } from '../config/index.ts';
import {
  bundlesSchema,
  environmentSchema,
  generationsSchema,
  imagesSchema,
  releasesSchema,
  stockSchema,
} from '../config/schema.ts';
import type { EnvironmentInput } from '../config/schema.ts';
import { stockFindings } from '../config/stock.ts';
import { InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import { certificate } from './support/certificate.ts';
import { testImages, testInput } from './support/harness.ts';

/** What a schema consists of. */
interface Shape {
  readonly entries?: Readonly<Record<string, Shape>>;
  readonly value?: Shape;
  readonly item?: Shape;
  readonly wrapped?: Shape;
  readonly options?: readonly Shape[];
}

type Path = readonly string[];

/** Every field there may be, by one path to it that the sound values have. */
function fieldsOf(schema: v.GenericSchema, sound: unknown): Path[] {
  const walk = (shape: Shape, value: unknown, path: Path): Path[] => {
    const { entries, value: each, item } = shape.wrapped ?? shape.options?.find(({ entries: own }) => own) ?? shape;
    const children = Object.entries(value ?? {});
    if (entries !== undefined) {
      const missing = Object.keys(entries).filter((key) => !children.some(([name]) => name === key));
      if (missing.length > 0) throw new Error(`the sound values have no ${[...path, missing.join(', ')].join('.')}`);
      return [path, ...children.flatMap(([key, child]) => walk(entries[key] ?? {}, child, [...path, key]))];
    }
    const [first] = children;
    const below = each ?? item;
    if (below === undefined) return [path];
    if (first === undefined) throw new Error(`the sound values have nothing in ${path.join('.')}`);
    return [path, ...walk(below, first[1], [...path, first[0]])];
  };
  return walk(schema as unknown as Shape, sound, []);
}

function replaced(all: unknown, [key, ...rest]: Path, value: unknown): unknown {
  if (key === undefined) return value;
  const copy = (Array.isArray(all) ? [...(all as unknown[])] : { ...(all as object) }) as Record<string, unknown>;
  copy[key] = replaced(copy[key], rest, value);
  return copy;
}

const at = (all: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (value as Readonly<Record<string, unknown>>)[key], all);

class Surprise {
  readonly domain = 'example.com';
}

/** At least one of each type that JavaScript has, and those that pass for another one. */
const values: readonly unknown[] = [
  ...[undefined, null, true, false, 0, -1, 1.5, NaN, 2 ** 53, 10n, Symbol('s'), () => 1],
  ...['', '5', 'a\nb', '\ud800', '__proto__', 'x'.repeat(300), '$(A)'],
  ...[
    [],
    [null],
    { constructor: 1 },
    new Date(0),
    new Surprise(),
    Object.create(null) as unknown,
    JSON.parse('{"__proto__": 1}') as unknown,
  ],
];

const size = { minReplicas: 1, maxReplicas: 2, cpuRequestMillicores: 100, memoryMebibytes: 128, storageGibibytes: 10 };
const [node1, node2] = testInput.nodes;
const sound: EnvironmentInput = {
  ...testInput,
  shares: 'production',
  clusterDns: 'ours',
  directoryAddress: '10.43.0.55',
  hetzner: { locations: ['fsn1', 'nbg1'], subnet: '10.10.0.0/24', zone: 'example.com' },
  k3s: {
    snapshots: {
      store: 'backups',
      schedule: '0 */6 * * *',
      keep: 28,
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    },
    mirrors: { 'docker.io': 'https://mirror.example' },
    wireguardMtu: 1370,
  },
  nodes: [
    {
      ...node1!,
      machine: { address: '10.10.0.11', otherTypes: ['ccx43', 'ccx33'], volumesGibibytes: { data: 10 } },
    },
    { ...node2!, machine: { address: '10.10.0.12' } },
  ],
  sizes: { backend: size },
  edge: {
    loadBalancer: '10.10.0.2',
    dns: 'cloudflare',
    certificates: 'staging',
    banned: ['192.0.2.1'],
    nodePorts: { web: 30080, websecure: 30443, health: 30900 },
    breakGlass: { node: 'node1' },
  },
  observability: {
    onCall: 'hooks.example.com',
    heartbeat: 'heartbeat.example.com',
    logs: { store: 'logs', keepDays: 14 },
    dashboards: false,
    tracing: {
      keepHours: 72,
      sharePercent: 10,
      slowMilliseconds: 1000,
      mostSpansPerSecond: 400,
      storageGibibytes: 10,
    },
    statusPage: { store: 'page' },
  },
  backups: {
    postgres: {
      store: 'backups',
      schedule: '0 2 * * *',
      keepFullDays: 30,
      keepWalDays: 7,
      keepDays: 7,
      restoreTestSchedule: '0 4 * * 0',
      offsite: { store: 'offsite', schedule: '20 * * * *' },
    },
  },
  objectStores: {
    all: {
      ...testInput.objectStores.backups!,
      bucket: 'all',
      addresses: ['10.10.0.5/32'],
      oldVersionsDays: 30,
      lockDays: 30,
      public: true,
    },
    backups: testInput.objectStores.backups!,
    offsite: testInput.objectStores.offsite!,
    logs: { ...testInput.objectStores.backups!, bucket: 'logs' },
    page: { ...testInput.objectStores.backups!, bucket: 'page', public: true },
  },
  repository: {
    ...testInput.repository,
    addresses: ['10.10.0.6/32'],
    hostKeys: [`ssh-ed25519 ${'A'.repeat(68)}`],
    certificates: certificate,
  },
  servers: { mail: { host: 'mail.example', port: 587, addresses: ['10.10.0.7/32'] } },
  privateRegistries: { company: 'registry.example' },
};
const tables = {
  generations: { postgres: { number: 2, recovery: { from: 1, to: '2025-11-22 10:00:00+00' }, empty: true as const } },
  copies: { postgres: { number: 3, recovery: { from: 1, to: '2025-11-22 10:00:00+00' } } },
};
const stock = { test: { location: 'nbg1', serverTypes: { node1: 'ccx43' } } };
const bundle = { made: '2026-11-30', sha256: '0'.repeat(64), sealing: ['0'.repeat(16)] };
const bundles = { test: { recipient: `age1${'q'.repeat(58)}`, bundle } };
const images = { web: { ...testImages.web, withoutDigest: 'because of the tests', supportedUntil: '2027-09-30' } };

/** Each file, with what reads it and values that have every field. */
const files: Readonly<Record<string, readonly [v.GenericSchema, unknown, (value: unknown) => unknown]>> = {
  'config/environments/test.ts': [
    environmentSchema,
    sound,
    (value) => parseEnvironment('test', value as EnvironmentInput, testImages, {}),
  ],
  'config/images.json': [imagesSchema, images, (value) => parseEnvironment('test', testInput, value, {})],
  'config/generations.json': [
    generationsSchema,
    { test: tables },
    (value) => parseEnvironment('test', testInput, testImages, { generations: value as { test: typeof tables } }),
  ],
  'config/stock.json': [
    stockSchema,
    stock,
    (value) => {
      const findings = stockFindings(value, { test: { ...sound, shares: undefined } });
      if (findings.length > 0) throw new InputError(findings);
    },
  ],
  'config/bundles.json': [
    bundlesSchema,
    bundles,
    (value) => {
      const findings = schemaFindings('config/bundles.json', bundlesSchema, value);
      if (findings.length > 0) throw new InputError(findings);
    },
  ],
  'config/releases.json': [
    releasesSchema,
    { test: 1 },
    (value) => parseEnvironment('test', testInput, testImages, { releases: value as { test: number } }),
  ],
};

/** What was refused; nothing where it was taken. Whatever else is thrown is a mistake of ours. */
function refused(read: () => unknown): readonly Finding[] {
  try {
    read();
    return [];
  } catch (error) {
    if (error instanceof InputError) return error.findings;
    throw error;
  }
}

/** Whether a finding has its four parts, none of which is what only a program could make something of. */
function isTold({ where, what, allowed, remedy }: Finding): boolean {
  return (
    where.startsWith('config/') &&
    // A bound is told once.
    !/^\d+ (to \d+|or more): \d+ (to \d+|or more): /.test(allowed) &&
    [what, allowed, remedy].every((text) => text.trim() !== '' && !/undefined|\[object|^Invalid|Received/.test(text))
  );
}

const fields = Object.entries(files).flatMap(([file, [schema, values_]]) =>
  fieldsOf(schema, values_).map((path) => [file, path.join('.'), path] as const),
);

test('every field there is, is tried', () => {
  expect(fields.length).toBeGreaterThan(60);
});

test.each(fields)('%s: wrong values of %s are refused in words', (file, name, path) => {
  const [, all, read] = files[file]!;
  const right = at(all, path);
  const where = `${file}: ${name || 'the whole file'}`;
  const wrongly = values.flatMap((value) => {
    const findings = refused(() => read(replaced(all, path, value)));
    const told = `${name} = ${inspect(value).slice(0, 60)}`;
    // `false` stands for none, where it may.
    const mayBe =
      value === undefined ||
      typeof value === typeof right ||
      (value === false &&
        /(restoreTestSchedule|offsite|snapshots|oldVersionsDays|lockDays|heartbeat|slowMilliseconds)$/.test(name));
    return [
      ...findings.filter((finding) => !isTold(finding)).map((finding) => [told, finding]),
      ...(mayBe || findings.some((finding) => finding.where.startsWith(where)) ? [] : [[told, 'was taken', findings]]),
    ];
  });
  expect(wrongly).toEqual([]);
});

test('what no text can show is told all the same', () => {
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  const [finding] = refused(() => parseEnvironment('test', { ...testInput, domain: circle as never }, testImages, {}));
  expect(finding).toMatchObject({ where: 'config/environments/test.ts: domain', allowed: 'a host name' });
});

test('a file of an environment that holds none is no reason for a stack, nor are its neighbours', () => {
  const found = values.flatMap((other) => {
    const environments = { test: sound, other, third: { ...sound, shares: 'other', networks: other } };
    return refused(() => {
      throw new InputError(sharedFindings(environments as never));
    });
  });
  expect(found.filter((finding) => !isTold(finding))).toEqual([]);
});

test('what is wrong inside of what may be false is told where it is', () => {
  const offsite = { store: 'offsite', keep: 3, schedule: 'never' } as never;
  const backups = { postgres: { ...sound.backups.postgres!, offsite } };
  const { repository } = testInput;
  const k3s = { snapshots: false } as const;
  const read = () => parseEnvironment('test', { ...sound, repository, backups, k3s }, testImages, {});
  expect(refused(read)).toMatchObject([
    { where: 'config/environments/test.ts: backups.postgres.offsite.schedule', what: 'got "never"' },
    { where: 'config/environments/test.ts: backups.postgres.offsite.keep', what: 'unknown key "keep"' },
  ]);
});
