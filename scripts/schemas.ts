import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { Validators } from './schema-validators.ts';
import type { Reference, Validator } from './schema-validators.ts';

const help = `usage: node scripts/run.cjs scripts/schemas.ts [--check]

Writes synth/schema/*.json, the tables of field names and types that synth checks every object by, from the installed
kubernetes-models packages. Run it after a change of their versions in package.json.

  --check  write nothing; exit code 1 when a table is not what would be written
  --help   this text`;

/** A type code, with rules when there are any: see synth/schema/README.md. */
type Type = string | readonly [string, Readonly<Record<string, unknown>>];
type Fields = Readonly<Record<string, Type>>;

interface Source {
  /** File name of the table. */
  readonly table: string;
  /** The npm package that the facts are read from; package-lock.json pins its version. */
  readonly package: string;
  /** The kinds of the table by apiVersion. */
  readonly kinds: Readonly<Record<string, readonly string[] | 'all'>>;
  /** What upstream has and the package lacks, by definition. An entry that the package catches up with is an error. */
  readonly additions: Readonly<Record<string, Fields>>;
}

const sources: readonly Source[] = [
  {
    table: 'kubernetes', // 5.1.0 is Kubernetes 1.36
    package: 'kubernetes-models',
    kinds: {
      v1: 'all',
      'admissionregistration.k8s.io/v1': 'all',
      'apiextensions.k8s.io/v1': 'all',
      'apiregistration.k8s.io/v1': 'all',
      'apps/v1': 'all',
      'autoscaling/v2': 'all',
      'batch/v1': 'all',
      'coordination.k8s.io/v1': 'all',
      'discovery.k8s.io/v1': 'all',
      'networking.k8s.io/v1': 'all',
      'policy/v1': 'all',
      'rbac.authorization.k8s.io/v1': 'all',
      'scheduling.k8s.io/v1': 'all',
      'storage.k8s.io/v1': 'all',
    },
    // The package takes a field named `description` for prose and drops it.
    additions: {
      ApiextensionsV1CustomResourceColumnDefinition: { description: 's' },
      SchedulingV1PriorityClass: { description: 's' },
    },
  },
  {
    table: 'argo-cd', // 4.0.0 and the additions are Argo CD 3.5
    package: '@kubernetes-models/argo-cd',
    kinds: { 'argoproj.io/v1alpha1': ['Application', 'AppProject'] },
    additions: {
      ApplicationV1alpha1AppProjectSpec: {
        description: ['s', { maxLength: 255 }],
        sourceIntegrity: '#SourceIntegrity',
      },
      ApplicationV1alpha1ApplicationSource: { tagPrefix: 's' },
      ApplicationV1alpha1ProjectRole: { description: 's' },
      ApplicationV1alpha1SyncSource: { repoURL: 's' },
      ApplicationV1alpha1SyncWindow: { description: 's', syncOverrun: 'b' },
      SourceIntegrity: { 'git!': '#SourceIntegrityGit' },
      SourceIntegrityGit: { 'policies!': '[#SourceIntegrityGitPolicy' },
      SourceIntegrityGitGpg: { 'keys!': '[s', 'mode!': 's' },
      SourceIntegrityGitPolicy: { 'gpg!': '#SourceIntegrityGitGpg', 'repos!': '[#SourceIntegrityGitRepository' },
      SourceIntegrityGitRepository: { 'url!': 's' },
    },
  },
  {
    table: 'cert-manager', // 6.0.0 and the additions are cert-manager 1.21
    package: '@kubernetes-models/cert-manager',
    kinds: { 'cert-manager.io/v1': ['Certificate', 'ClusterIssuer', 'Issuer'] },
    additions: {
      AcmeV1ACMEChallengeSolver: { waitInsteadOfSelfCheck: 's' },
      CertificateRenewal: {
        policy: ['s', { enum: ['RenewBefore', 'Disabled'] }],
        windows: '[#CertificateRenewalWindow',
      },
      CertificateRenewalWindow: {
        'cron!': ['s', { minLength: 1 }],
        timezone: ['s', { minLength: 1 }],
        'windowDuration!': ['s', { pattern: '^([0-9]+(\\.[0-9]+)?(s|m|h))+$' }],
      },
      CertmanagerV1CertificateSpec: { renewal: '#CertificateRenewal' },
      CertmanagerV1PKCS12Keystore: { profile: ['s', { enum: ['LegacyRC2', 'LegacyDES', 'Modern2023', 'Modern2026'] }] },
      CertmanagerV1VaultAuth: { aws: '#VaultAwsAuth' },
      CertmanagerV1VenafiIssuer: { ngts: '#VenafiNgts' },
      VaultAwsAuth: {
        iamRoleArn: 's',
        mountPath: 's',
        region: 's',
        'role!': ['s', { minLength: 1 }],
        serviceAccountRef: '#CertmanagerV1ServiceAccountRef',
        vaultHeaderValue: 's',
      },
      VenafiNgts: { 'credentialsRef!': '#MetaV1LocalObjectReference', tokenEndpoint: 's', 'tsgID!': 's', url: 's' },
    },
  },
  {
    table: 'sealed-secrets', // 6.0.0 and the additions are sealed-secrets 0.36
    package: '@kubernetes-models/sealed-secrets',
    kinds: { 'bitnami.com/v1alpha1': 'all' },
    // kubeseal writes null for them, and the CRD says so.
    additions: { SealedsecretsV1alpha1SecretTemplateSpec: { data: '{s?', metadata: '#MetaV1ObjectMeta?' } },
  },
  {
    table: 'traefik', // 2.0.0 and the addition are Traefik 3.7
    package: '@kubernetes-models/traefik',
    kinds: { 'traefik.io/v1alpha1': 'all' },
    additions: { TraefikV1alpha1ErrorPage: { errorRequestHeaders: '[s' } },
  },
];

/** Types with a code of their own, by their short name. */
const namedTypes: Readonly<Record<string, string>> = {
  ApiResourceQuantity: 'q',
  // A schema of schemas, whose `items` and `additionalProperties` are of several types.
  ApiextensionsV1JSONSchemaProps: '{*',
  MetaV1MicroTime: 't',
  MetaV1Time: 't',
  UtilIntstrIntOrString: 'p',
};

/** Maps that hold labels or are matched against them, and the one of annotations. */
const labelMaps: Readonly<Record<string, string>> = {
  'CoreV1PodSpec.nodeSelector': 'L',
  'CoreV1ServiceSpec.selector': 'L',
  'MetaV1LabelSelector.matchLabels': 'L',
  'MetaV1ObjectMeta.annotations': 'A',
  'MetaV1ObjectMeta.labels': 'L',
};

const formats: Readonly<Record<string, string>> = { byte: 'y', 'date-time': 't', int32: 'i', int64: 'l' };
const ruleNames = ['enum', 'maximum', 'maxLength', 'minimum', 'minLength', 'pattern'];

const root = path.dirname(path.dirname(path.resolve(process.argv[1] ?? '')));
const modules = path.join(root, 'node_modules');
const validators = new Validators(modules);

/** `IoK8sApiCoreV1PodSpec` as `CoreV1PodSpec`, whatever the package. */
function shortName({ file, name }: Reference): string {
  const type = path.posix
    .basename(file, '.js')
    .replace(/^.*(?:PkgApis|PkgProviderKubernetesCrd|Pkg|IoK8sApi)(?=[A-Z])/, '');
  // Traefik's group is traefik.io, and its package name says so twice.
  return type.replace(/^Traefikio/, 'Traefik') + (name === undefined ? '' : `.${name}`);
}

/** The apiVersion or kind that a validator allows, when it is the only one. */
function onlyValue(validator: Validator, field: 'apiVersion' | 'kind'): string | undefined {
  const check = validator.fields.get(field);
  const values = check === undefined ? undefined : validators.get(check).rules.get('enum');
  return Array.isArray(values) && values.length === 1 ? String(values[0]) : undefined;
}

/** Collects the definitions that the kinds of one source need. */
class Definitions {
  readonly byName = new Map<string, Fields>();
  private readonly files = new Map<string, string>();

  /** Adds the object that a reference checks, and what it consists of. Returns its name. */
  add(reference: Reference): string {
    const name = shortName(reference);
    const file = this.files.get(name);
    if (file !== undefined && file !== reference.file) throw new Error(`${name} is both ${file} and ${reference.file}`);
    if (file !== undefined) return name;
    this.files.set(name, reference.file);
    const validator = validators.get(reference);
    const isKind = onlyValue(validator, 'kind') !== undefined;
    const fields: [string, Type][] = [];
    for (const [field, check] of validator.fields) {
      // Status is the cluster's to write. A template of a kind (volumeClaimTemplates) may leave out what it is.
      if (isKind && field === 'status') continue;
      const required = validator.required.has(field) && !(isKind && (field === 'apiVersion' || field === 'kind'));
      fields.push([required ? `${field}!` : field, labelMaps[`${name}.${field}`] ?? this.typeOf(check)]);
    }
    this.byName.set(name, Object.fromEntries(fields));
    return name;
  }

  private typeOf(reference: Reference): Type {
    const named = namedTypes[shortName(reference)];
    if (named !== undefined) return named;
    const validator = validators.get(reference);
    const code = this.codeOf(reference, validator);
    const rules = [...validator.rules].filter(([name]) => name !== 'format').sort(([a], [b]) => (a < b ? -1 : 1));
    const unread = rules.find(([name]) => !ruleNames.includes(name));
    if (unread !== undefined) throw new Error(`${reference.file}: synth/schema.ts cannot check ${unread[0]}`);
    if (rules.length === 0) return code;
    const [inner, innerRules] = typeof code === 'string' ? [code, {}] : code;
    return [inner, { ...innerRules, ...Object.fromEntries(rules) }];
  }

  private codeOf(reference: Reference, validator: Validator): Type {
    const [base] = validator.self;
    if (base !== undefined) return this.typeOf(base);
    const [type, ...more] = validator.types;
    if (more.length > 0) throw new Error(`${reference.file}: a value of the types ${[...validator.types].join(', ')}`);
    if (validator.fields.size > 0) return `#${this.add(reference)}`;
    const format = formats[String(validator.rules.get('format'))];
    switch (type) {
      case undefined:
        return '*';
      case 'string':
        return format ?? 's';
      case 'integer':
        return format ?? 'l';
      case 'boolean':
        return 'b';
      case 'array':
      case 'object': {
        const element = validator.elements[0] === undefined ? '*' : this.typeOf(validator.elements[0]);
        const sign = type === 'array' ? '[' : '{';
        return typeof element === 'string' ? sign + element : [sign + element[0], { of: element[1] }];
      }
      default:
        throw new Error(`${reference.file}: a value of the type ${type}`);
    }
  }
}

/** JSON with a line for each definition, so that a change of versions can be read as a diff. */
function lines(entries: Iterable<readonly [string, unknown]>): string {
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  return `{\n${sorted.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(',\n')}\n}`;
}

function tableOf({ package: name, kinds: wanted, additions }: Source): string {
  const definitions = new Definitions();
  const kinds: [string, string][] = [];
  for (const file of fs.readdirSync(path.join(modules, name, '_schemas')).sort()) {
    if (!file.endsWith('.js') || file.endsWith('List.js')) continue;
    const reference = { file: path.posix.join(name, '_schemas', file) };
    const validator = validators.get(reference);
    const apiVersion = onlyValue(validator, 'apiVersion');
    const kind = onlyValue(validator, 'kind');
    if (apiVersion === undefined || kind === undefined) continue;
    const ofVersion = wanted[apiVersion] ?? [];
    if (ofVersion === 'all' || ofVersion.includes(kind))
      kinds.push([`${apiVersion} ${kind}`, definitions.add(reference)]);
  }
  for (const [definition, fields] of Object.entries(additions)) {
    const before = definitions.byName.get(definition) ?? {};
    for (const [field, type] of Object.entries(fields)) {
      if (JSON.stringify(before[field]) !== JSON.stringify(type)) continue;
      throw new Error(
        `${name} states ${definition}.${field} itself now: remove it from the additions in scripts/schemas.ts`,
      );
    }
    definitions.byName.set(definition, { ...before, ...fields });
  }
  const manifest = JSON.parse(fs.readFileSync(path.join(modules, name, 'package.json'), 'utf8')) as { version: string };
  const sorted = [...definitions.byName].map(([definition, fields]) => {
    return [definition, Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)))] as const;
  });
  const source = JSON.stringify(`${name}@${manifest.version}`);
  return `{"source":${source},\n"kinds":${lines(kinds)},\n"definitions":${lines(sorted)}}\n`;
}

const options = process.argv.slice(2);
const unknown = options.find((option) => option !== '--check' && option !== '--help');
if (unknown !== undefined) {
  process.stderr.write(`schemas: unknown option ${unknown}\n\n${help}\n`);
  process.exitCode = 2;
} else if (options.includes('--help')) {
  process.stdout.write(`${help}\n`);
} else {
  for (const source of sources) {
    const file = path.join(root, 'synth', 'schema', `${source.table}.json`);
    const content = tableOf(source);
    const isCurrent = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === content;
    if (options.includes('--check') && !isCurrent) process.exitCode = 1;
    else if (!isCurrent) fs.writeFileSync(file, content);
    const state = isCurrent ? 'unchanged' : options.includes('--check') ? 'differs' : 'written';
    process.stdout.write(`synth/schema/${source.table}.json ${state}, ${content.length} bytes\n`);
  }
}
