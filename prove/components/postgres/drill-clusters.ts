import crypto from 'node:crypto';
import { namespaceOf } from '../../../apps/namespaces.ts';
import { loadEnvironment } from '../../../config/index.ts';
import type { ApplicationChart } from '../../../constructs/core/application-chart.ts';
import { application } from '../../../constructs/core/application.ts';
import type { TrustedAuthority } from '../../../constructs/core/endpoint.ts';
import type { Environment } from '../../../constructs/core/environment.ts';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import type { SecretInventoryEntry, SecretSource } from '../../../constructs/core/secret.ts';
import type { PatroniCluster } from '../../../constructs/patroni-cluster/index.ts';
import type { BucketKeys } from '../../../constructs/stateful/index.ts';
import { selfSigned } from '../../../synth/seal/authority.ts';
import { generateValue } from '../../../synth/seal/generators.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { apply, getJson, kubectl } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import { loseObjects } from '../../stand-ins/object-storage/index.ts';
import { Members } from './members.ts';

const partOf = 'drill';

interface SecretObject {
  readonly data: Readonly<Record<string, string>>;
}

interface SecretList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  }[];
}

/** Clusters of an application that only a drill has, beside those of the platform and in their namespace. */
export class DrillClusters {
  /** Theirs alone: to the platform's own nobody here has the key. */
  readonly authority: TrustedAuthority;
  private readonly authoritySecret: SecretObject['data'];
  private readonly own: Members;
  private readonly cluster: Cluster;
  private readonly name: string;
  private readonly applied = new Map<string, Manifest>();

  /**
   * @param own of the platform, whose bucket they use
   * @param name of the clusters, whose generations they are
   */
  constructor(own: Members, name: string) {
    this.own = own;
    this.cluster = own.cluster;
    this.name = name;
    const key = generateValue({ kind: 'authority', certificate: 'tls.crt' });
    const certificates = selfSigned(`${name}-ca`, key);
    this.authority = { name: `${name}-ca`, certificates };
    this.authoritySecret = {
      'tls.key': key.toString('base64'),
      'tls.crt': Buffer.from(certificates).toString('base64'),
    };
  }

  /** Brings them to what constructs say; objects that are not said any more stay. @returns the one that is built */
  async apply(build: (scope: ApplicationChart, environment: Environment) => PatroniCluster): Promise<Members> {
    const built: PatroniCluster[] = [];
    const drill = application(partOf, { namespace: namespaceOf('data'), layer: 'data' }, (scope, environment) => {
      built.push(build(scope, environment));
    });
    const given = loadEnvironment(this.cluster.plan.name, { changes: { hosts: {}, sizes: {} }, generations: {} });
    const platform = new Platform(given, [drill]);
    const entries = platform.secrets.map((secret) => secret.inventoryEntry());
    const missing = entries.filter(({ name }) => !this.applied.has(`Secret/${name}`));
    const keys = await this.storageKeys();
    const secrets = missing.map((entry) =>
      entry.name === this.authority.name
        ? secret(entry, this.own.namespace, this.authoritySecret)
        : secretOf(entry, this.own.namespace, entry.name.endsWith('-reader') ? keys.reader : keys.writer),
    );
    const manifests = [...secrets, ...platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf))];
    for (const manifest of manifests) this.applied.set(`${manifest.kind}/${manifest.metadata.name}`, manifest);
    await apply(this.cluster, manifests);
    const [cluster] = built;
    if (cluster === undefined) throw new ProvingError('no cluster was built');
    return new Members(this.cluster, cluster);
  }

  /** The platform's own keys of object storage: a drill has no person to ask for others. */
  private async storageKeys(): Promise<Readonly<Record<'writer' | 'reader', SecretObject['data']>>> {
    const { archive } = this.own.patroni;
    if (archive === false) throw new ProvingError("the platform's cluster has no archive");
    const valuesOf = async ({ accessKeyId }: BucketKeys): Promise<SecretObject['data']> => {
      const { name } = accessKeyId.secret;
      const { data } = await getJson<SecretObject>(this.cluster, ['secret', name, `--namespace=${this.own.namespace}`]);
      return data;
    };
    return { writer: await valuesOf(archive.bucket), reader: await valuesOf(archive.bucket.reader()) };
  }

  /** Another value of a secret, as a rotation brings it. */
  async rotate(name: string, key: string): Promise<void> {
    const secret = this.applied.get(`Secret/${name}`);
    if (secret === undefined) throw new ProvingError(`no secret ${name} was applied`);
    const data = { ...(secret.data as Record<string, string>), [key]: random(32, 'base64url') };
    await apply(this.cluster, [{ ...secret, data }]);
  }

  /**
   * Removes them with all that they made: certificates, volumes, what Patroni keeps, backups. Also what a run before left,
   * as far as another one would begin with it.
   */
  async remove(): Promise<void> {
    // First who signs, or certificates would be made anew. What an authority of a run before signed is of no use to this one.
    const authority = [`issuer/${this.authority.name}`, `secret/${this.authority.name}`];
    const objects = [...this.applied.values()];
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`.toLowerCase());
    const where = [`--namespace=${this.own.namespace}`, '--ignore-not-found'];
    const wait = { timeout: 400 };
    await kubectl(this.cluster, ['delete', ...authority, ...where], wait);
    const secrets = await this.signed();
    if (names.length + secrets.length > 0)
      await kubectl(this.cluster, ['delete', ...names, ...secrets, ...where], wait);
    const left = `--selector=app.kubernetes.io/part-of=${partOf}`;
    // A volume goes when no pod has it any more.
    await kubectl(this.cluster, ['delete', 'statefulset,deployment,pvc,endpoints,configmap', left, ...where], wait);
    loseObjects(this.cluster, this.own.archive.store, `${this.name}/`);
  }

  /** The Secrets that cert-manager wrote for the authority of that name. */
  private async signed(): Promise<string[]> {
    const { items } = await getJson<SecretList>(this.cluster, ['secrets', `--namespace=${this.own.namespace}`]);
    return items
      .filter(({ metadata }) => metadata.annotations?.['cert-manager.io/issuer-name'] === this.authority.name)
      .map(({ metadata }) => `secret/${metadata.name}`);
  }
}

function secretOf(entry: SecretInventoryEntry, namespace: string, ofPlatform: SecretObject['data']): Manifest {
  const values = Object.entries(entry.keys).map(([key, source]) => [key, value(key, source, ofPlatform)] as const);
  return secret(entry, namespace, Object.fromEntries(values));
}

function secret({ name, type }: SecretInventoryEntry, namespace: string, data: SecretObject['data']): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace }, type, data };
}

/** In base64, as a Secret has it. */
function random(bytes: number, encoding: 'hex' | 'base64url'): string {
  return Buffer.from(crypto.randomBytes(bytes).toString(encoding)).toString('base64');
}

/** In base64. */
function value(key: string, source: SecretSource, ofPlatform: Readonly<Record<string, string>>): string {
  if (source.kind === 'random') return random(source.bytes, source.encoding);
  const known = ofPlatform[key];
  if (source.kind !== 'human' || known === undefined) throw new ProvingError(`nobody here knows a value of ${key}`);
  return known;
}
