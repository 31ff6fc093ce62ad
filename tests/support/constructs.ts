import { application } from '../../constructs/core/application.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type {
  DirectoryEndpoint,
  HttpEndpoint,
  PostgresEndpoint,
  RedisEndpoint,
  Target,
} from '../../constructs/core/endpoint.ts';
import type { Environment, Image } from '../../constructs/core/environment.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { SecretRef } from '../../constructs/core/secret-ref.ts';
import type { SecretKeyReference } from '../../constructs/core/secret-ref.ts';
import type { SecretSource } from '../../constructs/core/secret.ts';
import { toYaml } from '../../synth/yaml.ts';
import { at, testApplication, testEnvironment } from './harness.ts';

/** One endpoint of each sort, in a namespace of their own. */
export interface Servers {
  readonly database: PostgresEndpoint;
  readonly cache: RedisEndpoint;
  readonly directory: DirectoryEndpoint;
  readonly api: HttpEndpoint;
  readonly traces: HttpEndpoint;
}

const domain = 'servers.svc.cluster.local';

const servers = testApplication('servers', serversIn, 'data');

function serversIn(scope: ApplicationChart): Servers {
  const target = (name: string, port: number): Target => {
    const podLabels = { 'app.kubernetes.io/name': name };
    const ports = [{ name: 'main', port }];
    const peer = new ForeignWorkload(scope, name, { name, madeBy: 'the tests', podLabels, ports });
    return { peer, host: `${name}.${domain}`, port };
  };
  const database = target('postgres', 5432);
  const cache = target('redis', 6379);
  const sentinel = target('sentinel', 26379);
  const directory = target('samba', 636);
  return {
    database: {
      name: 'PostgreSQL shop',
      host: database.host,
      port: 5432,
      database: 'shop',
      sslMode: 'verify-full',
      authority: { name: 'postgres-ca', certificates: 'the certificate of an authority\n' },
      credentials: { user: 'shop_app', password: password(scope, 'postgres-app') },
      migrationCredentials: { user: 'shop_owner', password: password(scope, 'postgres-owner') },
      targets: [database],
    },
    cache: {
      name: 'Redis',
      sentinels: [0, 1, 2].map((index) => ({ host: `sentinel-${index}.${domain}`, port: 26379 })),
      primaryName: 'shop',
      server: { host: cache.host, port: 6379 },
      serverName: cache.host,
      authority: { name: 'redis-ca', certificates: 'the certificate of another authority\n' },
      credentials: { user: 'cache', password: password(scope, 'redis-app') },
      targets: [cache, sentinel],
    },
    directory: {
      name: 'Active Directory',
      url: `ldaps://${directory.host}:636`,
      realm: 'AD.EXAMPLE.COM',
      baseDn: 'DC=ad,DC=example,DC=com',
      authority: { name: 'samba-ca', certificates: 'the certificate of a third authority\n' },
      credentials: { user: 'backend@ad.example.com', password: password(scope, 'directory-bind') },
      targets: [directory],
    },
    api: { name: 'HTTP api', url: `http://api.${domain}:3000`, targets: [target('api', 3000)] },
    traces: { name: 'Jaeger', url: `http://jaeger.${domain}:4318`, targets: [target('jaeger', 4318)] },
  };
}

/** A secret that a test needs and nobody reads. */
export function password(
  scope: ApplicationChart,
  name: string,
  source: SecretSource = { kind: 'random', bytes: 32, encoding: 'hex' },
): SecretKeyReference {
  return new SecretRef(scope, name, { name, purpose: 'opens what the tests use', keys: { password: source } }).key(
    'password',
  );
}

export interface Built<T> {
  readonly value: T;
  readonly platform: Platform;
  /** The objects of the application under test, without those of the servers. */
  readonly manifests: readonly Manifest[];
}

/** An application `test` in a namespace of that name, filled by `build`, beside the servers it may use. */
export function built<T>(
  build: (scope: ApplicationChart, servers: Servers, environment: Environment) => T,
  environment = testEnvironment(),
): Built<T> {
  const values: T[] = [];
  const test = application(
    'test',
    { namespace: defineNamespace('test'), layer: 'applications', uses: () => ({ servers }) },
    (scope, given, used) => values.push(build(scope, used.servers, given)),
  );
  const platform = new Platform(environment, [servers, test]);
  const chart = platform.charts.find((candidate) => candidate.application === 'test');
  const [value] = values;
  if (chart === undefined || value === undefined) throw new Error('the application test built nothing');
  return { value, platform, manifests: objectsOf(chart).map(manifestOf) };
}

/** What the files would hold, in the order of kinds and names: the order in which code adds objects is nobody's business. */
export function yamlOf(manifests: readonly Manifest[]): string {
  const key = ({ kind, metadata }: Manifest): string => `${kind}/${metadata.name}`;
  return [...manifests]
    .sort((a, b) => (key(a) < key(b) ? -1 : 1))
    .map((manifest) => `# ${key(manifest)}\n${toYaml(manifest)}`)
    .join('');
}

/** The field of the first container of a Deployment or Job. */
export function ofContainer(manifest: Manifest, path: string): unknown {
  return at(manifest, `spec.template.spec.containers.0.${path}`);
}

/** The variables of the first container. A value that is not written there, but comes from a secret, is no string. */
export function variablesOf(manifest: Manifest): Record<string, unknown> {
  const list = ofContainer(manifest, 'env') as readonly { readonly name: string; readonly value?: string }[];
  return Object.fromEntries(list.map(({ name, value }) => [name, value]));
}

/** The ports of each egress rule. */
export function egressPorts(networkPolicy: Manifest): unknown[] {
  return (at(networkPolicy, 'spec.egress') as readonly { readonly ports: unknown }[]).map(({ ports }) => ports);
}

/** For each option of a construct, a value that differs from its default: a new option has to be in here to compile. */
export type ChangeOfEveryOption<P> = { readonly [K in keyof P]-?: (servers: Servers) => NonNullable<P[K]> };

/** All changes at once. */
export function everyOption<P>(changes: ChangeOfEveryOption<P>, servers: Servers): Required<P> {
  const keys = Object.keys(changes) as (keyof P)[];
  return Object.fromEntries(keys.map((key) => [key, changes[key](servers)])) as Required<P>;
}

/** Another version of the same image. */
export function nextVersion(image: Image): Image {
  const tag = '2.0.0';
  return { ...image, version: tag, tag, reference: `${image.repository}:${tag}` };
}
