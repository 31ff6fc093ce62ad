import crypto from 'node:crypto';
import { namespaceOf } from '../../apps/namespaces.ts';
import { loadEnvironment } from '../../config/index.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { application } from '../../constructs/core/application.ts';
import type { TrustedAuthority } from '../../constructs/core/endpoint.ts';
import type { Environment } from '../../constructs/core/environment.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import type { SecretInventoryEntry, SecretSource } from '../../constructs/core/secret.ts';
import { selfSigned } from '../../synth/seal/authority.ts';
import { generateValue } from '../../synth/seal/generators.ts';
import type { Cluster } from '../cluster/handle.ts';
import { apply, getJson, kubectl } from '../cluster/kubectl.ts';
import { ProvingError } from '../machine/error.ts';

const partOf = 'drill';

/** Values of a Secret in base64, by their keys. */
export type SecretData = Readonly<Record<string, string>>;

interface SecretList {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  }[];
}

/** An application that only a drill has, beside those of the platform and in the namespace of their data. */
export class DrillApplication {
  private readonly namespace: string;
  /** Theirs alone: to the platform's own nobody here has the key. */
  readonly authority: TrustedAuthority;
  private readonly authoritySecret: SecretData;
  private readonly cluster: Cluster;
  private readonly known: (secretName: string) => Promise<SecretData>;
  private readonly applied = new Map<string, Manifest>();

  /**
   * @param beside a store of the platform, whose namespace it shares
   * @param known what a person would give: values of a secret of that name
   */
  constructor(
    beside: { readonly cluster: Cluster; readonly namespace: string },
    name: string,
    known: (secretName: string) => Promise<SecretData> = () => Promise.resolve({}),
  ) {
    this.cluster = beside.cluster;
    this.namespace = beside.namespace;
    this.known = known;
    const key = generateValue({ kind: 'authority', certificate: 'tls.crt' });
    const certificates = selfSigned(`${name}-ca`, key);
    this.authority = { name: `${name}-ca`, certificates };
    this.authoritySecret = {
      'tls.key': key.toString('base64'),
      'tls.crt': Buffer.from(certificates).toString('base64'),
    };
  }

  /** Brings it to what constructs say; objects that are not said any more stay. @returns what was built first */
  async apply<Built>(build: (scope: ApplicationChart, environment: Environment) => Built): Promise<Built> {
    const built: Built[] = [];
    const drill = application(partOf, { namespace: namespaceOf('data'), layer: 'data' }, (scope, environment) => {
      built.push(build(scope, environment));
    });
    const platform = new Platform(loadEnvironment(this.cluster.plan.name), [drill]);
    const entries = platform.secrets.map((secret) => secret.inventoryEntry());
    const missing = entries.filter(({ name }) => !this.applied.has(`Secret/${name}`));
    const secrets = await Promise.all(missing.map((entry) => this.secretOf(entry)));
    const manifests = [...secrets, ...platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf))];
    for (const manifest of manifests) this.applied.set(`${manifest.kind}/${manifest.metadata.name}`, manifest);
    await apply(this.cluster, manifests);
    const [first] = built;
    if (first === undefined) throw new ProvingError('nothing was built');
    return first;
  }

  private async secretOf({ name, type, keys }: SecretInventoryEntry): Promise<Manifest> {
    const manifest = { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: this.namespace }, type };
    if (name === this.authority.name) return { ...manifest, data: this.authoritySecret };
    const known = Object.values(keys).some(({ kind }) => kind === 'human') ? await this.known(name) : {};
    const values = Object.entries(keys).map(([key, source]) => [key, value(key, source, known)] as const);
    return { ...manifest, data: Object.fromEntries(values) };
  }

  /** Another value of a secret, as a rotation brings it. */
  async rotate(name: string, key: string): Promise<void> {
    const secret = this.applied.get(`Secret/${name}`);
    if (secret === undefined) throw new ProvingError(`no secret ${name} was applied`);
    const data = { ...(secret.data as Record<string, string>), [key]: random(32, 'base64url') };
    await apply(this.cluster, [{ ...secret, data }]);
  }

  /**
   * Removes it with all that it made: certificates, volumes, what Patroni keeps. Also what a run before left, as far as
   * another one would begin with it.
   */
  async remove(): Promise<void> {
    // First who signs, or certificates would be made anew. What an authority of a run before signed is of no use to this one.
    const authority = [`issuer/${this.authority.name}`, `secret/${this.authority.name}`];
    const objects = [...this.applied.values()];
    const names = objects.map(({ kind, metadata }) => `${kind}/${metadata.name}`.toLowerCase());
    const where = [`--namespace=${this.namespace}`, '--ignore-not-found'];
    const wait = { timeout: 400 };
    await kubectl(this.cluster, ['delete', ...authority, ...where], wait);
    const secrets = await this.signed();
    if (names.length + secrets.length > 0)
      await kubectl(this.cluster, ['delete', ...names, ...secrets, ...where], wait);
    const left = `--selector=app.kubernetes.io/part-of=${partOf}`;
    // A volume goes when no pod has it any more.
    await kubectl(this.cluster, ['delete', 'statefulset,deployment,pvc,endpoints,configmap', left, ...where], wait);
  }

  /** The Secrets that cert-manager wrote for its authority. */
  private async signed(): Promise<string[]> {
    const { items } = await getJson<SecretList>(this.cluster, ['secrets', `--namespace=${this.namespace}`]);
    return items
      .filter(({ metadata }) => metadata.annotations?.['cert-manager.io/issuer-name'] === this.authority.name)
      .map(({ metadata }) => `secret/${metadata.name}`);
  }
}

/** In base64, as a Secret has it. */
function random(bytes: number, encoding: 'hex' | 'base64url'): string {
  return Buffer.from(crypto.randomBytes(bytes).toString(encoding)).toString('base64');
}

/** In base64. */
function value(key: string, source: SecretSource, known: SecretData): string {
  if (source.kind === 'random') return random(source.bytes, source.encoding);
  const given = known[key];
  if (source.kind !== 'human' || given === undefined) throw new ProvingError(`nobody here knows a value of ${key}`);
  return given;
}
