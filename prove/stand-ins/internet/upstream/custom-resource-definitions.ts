import fs from 'node:fs';
import path from 'node:path';
import type { Manifest } from '../../../../constructs/core/manifest.ts';
import { Validators } from '../../../../scripts/schema-validators.ts';
import { schemaOf } from '../../../../synth/schema/tables.ts';
import { schemaOfTable, schemaOfValidator } from './structural-schema.ts';
import type { StructuralSchema } from './structural-schema.ts';

/** An API group and version of one of the kubernetes-models packages. */
export interface Group {
  readonly package: string;
  readonly name: string;
  readonly version: string;
  /** How the package calls the group's types: `PkgApisAcmeV1Order.js` is the type `Order` of `PkgApisAcmeV1`. */
  readonly prefix: string;
  /** Kinds that are in no namespace. */
  readonly clusterScoped?: readonly string[];
  /** Names of several kinds at once, for kubectl. */
  readonly categories?: readonly string[];
  readonly shortNames?: Readonly<Record<string, readonly string[]>>;
}

export const traefikGroups: readonly Group[] = [
  {
    package: '@kubernetes-models/traefik',
    name: 'traefik.io',
    version: 'v1alpha1',
    prefix: 'ComGithubTraefikTraefikV3PkgProviderKubernetesCrdTraefikioV1alpha1',
  },
];

export const certManagerGroups: readonly Group[] = [
  {
    package: '@kubernetes-models/cert-manager',
    name: 'cert-manager.io',
    version: 'v1',
    prefix: 'ComGithubCertManagerCertManagerPkgApisCertmanagerV1',
    clusterScoped: ['ClusterIssuer'],
    categories: ['cert-manager'],
    shortNames: { Certificate: ['cert', 'certs'], CertificateRequest: ['cr', 'crs'] },
  },
  {
    package: '@kubernetes-models/cert-manager',
    name: 'acme.cert-manager.io',
    version: 'v1',
    prefix: 'ComGithubCertManagerCertManagerPkgApisAcmeV1',
    categories: ['cert-manager', 'cert-manager-acme'],
  },
];

const modules = path.resolve(import.meta.dirname, '../../../../node_modules');

/** The version of a package that definitions are made from, such as `2.0.0`. */
export function packageVersion(name: string): string {
  const text = fs.readFileSync(path.join(modules, name, 'package.json'), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/**
 * A definition for every kind of the groups, ordered by name. Its schema is the package's; the spec of a kind that synth
 * checks is synth's, which adds what upstream has and the package lacks. Neither says more than types and limits: there
 * are no descriptions, defaults and CEL rules.
 */
export function customResourceDefinitions(groups: readonly Group[]): readonly Manifest[] {
  const validators = new Validators(modules);
  return groups
    .flatMap((group) => kindsOf(group).map((kind) => definition(group, kind, validators)))
    .sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
}

/** The types that have a list: a kind has one, a part of it has none. */
function kindsOf({ package: name, prefix }: Group): readonly string[] {
  return fs
    .readdirSync(path.join(modules, name, '_schemas'))
    .filter((file) => file.startsWith(prefix) && file.endsWith('List.js'))
    .map((file) => file.slice(prefix.length, -'List.js'.length));
}

function definition(group: Group, kind: string, validators: Validators): Manifest {
  const { name, version, prefix, clusterScoped = [], categories, shortNames = {} } = group;
  const reference = { file: `${group.package}/_schemas/${prefix}${kind}.js` };
  const { fields, required } = validators.get(reference);
  const properties: Record<string, StructuralSchema> = {
    apiVersion: { type: 'string' },
    kind: { type: 'string' },
    metadata: { type: 'object' },
  };
  const spec = schemaOf(`${name}/${version}`, kind)?.fields.get('spec');
  for (const [field, check] of fields) {
    if (field in properties) continue;
    const inTable = field === 'spec' ? spec : undefined;
    properties[field] = inTable === undefined ? schemaOfValidator(check, validators) : schemaOfTable(inTable);
  }
  const singular = kind.toLowerCase();
  const plural = `${singular}s`;
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${name}` },
    spec: {
      group: name,
      names: { kind, listKind: `${kind}List`, plural, singular, categories, shortNames: shortNames[kind] },
      scope: clusterScoped.includes(kind) ? 'Cluster' : 'Namespaced',
      versions: [
        {
          name: version,
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: 'object',
              properties,
              required: [...required].filter((field) => field !== 'apiVersion' && field !== 'kind'),
            },
          },
          subresources: 'status' in properties ? { status: {} } : undefined,
        },
      ],
    },
  };
}
