import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import {
  certManagerGroups,
  customResourceDefinitions,
  packageVersion,
  traefikGroups,
} from '../../../prove/stand-ins/internet/upstream/custom-resource-definitions.ts';
import { schemaOfTable, schemaOfValidator } from '../../../prove/stand-ins/internet/upstream/structural-schema.ts';
import type { StructuralSchema } from '../../../prove/stand-ins/internet/upstream/structural-schema.ts';
import { Validators } from '../../../scripts/schema-validators.ts';
import type { Schema } from '../../../synth/schema/tables.ts';
import { root } from '../../support/committed.ts';

interface Definition extends Manifest {
  readonly spec: {
    readonly group: string;
    readonly names: Readonly<Record<string, string>> & { readonly categories?: readonly string[] };
    readonly scope: string;
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: StructuralSchema };
      readonly subresources?: unknown;
    }[];
  };
}

const traefik = customResourceDefinitions(traefikGroups) as readonly Definition[];
const certManager = customResourceDefinitions(certManagerGroups) as readonly Definition[];
const all = [...traefik, ...certManager];
const byName = new Map(all.map((each) => [each.metadata.name, each]));

const schemaOf = ({ spec }: Definition): StructuralSchema => spec.versions[0]!.schema.openAPIV3Schema;

/** The schema of `spec.routes[].services[].port`. */
function at(name: string, place: string): StructuralSchema | undefined {
  let schema: StructuralSchema | undefined = schemaOf(byName.get(name)!);
  for (const part of place.split('.')) {
    schema = schema?.properties?.[part.replace('[]', '')];
    if (part.endsWith('[]')) schema = schema?.items;
  }
  return schema;
}

const keywords = [
  ...['type', 'format', 'nullable', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'enum'],
  ...['maximum', 'maxItems', 'maxLength', 'minimum', 'minItems', 'minLength', 'pattern'],
  ...['x-kubernetes-int-or-string', 'x-kubernetes-preserve-unknown-fields'],
];
const types = ['array', 'boolean', 'integer', 'number', 'object', 'string'];

/** What an API server would refuse in a schema, or report of a definition as `NonStructuralSchema`. */
function violations(schema: StructuralSchema, place = 'schema'): string[] {
  const { type, properties = {}, required = [], additionalProperties, items, anyOf } = schema;
  const isFree = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const isIntegerOrText = schema['x-kubernetes-int-or-string'] === true;
  const typed = isIntegerOrText ? type === undefined : type === undefined ? isFree : types.includes(type);
  return [
    ...Object.keys(schema).filter((key) => !keywords.includes(key)),
    ...(typed ? [] : [`the type is ${type ?? 'missing'}`]),
    ...((type === 'array') === (items !== undefined) ? [] : ['items without a list, or a list without items']),
    ...(schema.properties !== undefined && type !== 'object' ? ['properties of no object'] : []),
    ...(schema.properties !== undefined && additionalProperties !== undefined ? ['both an object and a map'] : []),
    ...(isIntegerOrText === (anyOf !== undefined) ? [] : ['anyOf that is not an integer or text']),
    ...required.filter((name) => !(name in properties)).map((name) => `requires ${name}, which it has not`),
  ]
    .map((what) => `${place}: ${what}`)
    .concat(
      ...Object.entries(properties).map(([name, each]) => violations(each, `${place}.${name}`)),
      items === undefined ? [] : violations(items, `${place}[]`),
      additionalProperties === undefined ? [] : violations(additionalProperties, `${place}{}`),
    );
}

describe("Traefik's definitions", () => {
  test('are those of every kind of traefik.io, all in namespaces', () => {
    expect(traefik.map(({ metadata, spec }) => `${metadata.name} ${spec.names.kind!} ${spec.scope}`)).toEqual([
      'ingressroutes.traefik.io IngressRoute Namespaced',
      'ingressroutetcps.traefik.io IngressRouteTCP Namespaced',
      'ingressrouteudps.traefik.io IngressRouteUDP Namespaced',
      'middlewares.traefik.io Middleware Namespaced',
      'middlewaretcps.traefik.io MiddlewareTCP Namespaced',
      'serverstransports.traefik.io ServersTransport Namespaced',
      'serverstransporttcps.traefik.io ServersTransportTCP Namespaced',
      'tlsoptions.traefik.io TLSOption Namespaced',
      'tlsstores.traefik.io TLSStore Namespaced',
      'traefikservices.traefik.io TraefikService Namespaced',
    ]);
  });

  test('say what a route must have and of which types its parts are', () => {
    expect(at('ingressroutes.traefik.io', 'spec')?.required).toEqual(['routes']);
    expect(at('ingressroutes.traefik.io', 'spec.routes[].match')).toEqual({ type: 'string' });
    expect(at('ingressroutes.traefik.io', 'spec.routes[].services[].port')).toMatchObject({
      'x-kubernetes-int-or-string': true,
    });
    expect(at('ingressroutes.traefik.io', 'spec.routes[].services[].colour')).toBeUndefined();
  });

  test("leave a plugin's options to the plugin", () => {
    expect(at('middlewares.traefik.io', 'spec.plugin')).toEqual({
      type: 'object',
      additionalProperties: { 'x-kubernetes-preserve-unknown-fields': true },
    });
  });
});

describe("cert-manager's definitions", () => {
  test('are those of both groups, of which only ClusterIssuer is in no namespace', () => {
    expect(certManager.map(({ metadata, spec }) => `${metadata.name} ${spec.names.kind!} ${spec.scope}`)).toEqual([
      'certificaterequests.cert-manager.io CertificateRequest Namespaced',
      'certificates.cert-manager.io Certificate Namespaced',
      'challenges.acme.cert-manager.io Challenge Namespaced',
      'clusterissuers.cert-manager.io ClusterIssuer Cluster',
      'issuers.cert-manager.io Issuer Namespaced',
      'orders.acme.cert-manager.io Order Namespaced',
    ]);
  });

  test('are found under the name cert-manager, those of ACME under a name of their own too', () => {
    const categories = certManager.map(({ spec }) => spec.names.categories?.join(' '));
    const [both, one] = ['cert-manager cert-manager-acme', 'cert-manager'];
    expect(categories).toEqual([one, one, both, one, one, both]);
  });

  test('have a status that is written apart, with what the package says of it', () => {
    expect(certManager.map(({ spec }) => spec.versions[0]!.subresources)).toEqual(
      certManager.map(() => ({ status: {} })),
    );
    expect(at('certificates.cert-manager.io', 'status.notAfter')).toEqual({ type: 'string', format: 'date-time' });
  });

  test('know what upstream has and the package lacks', () => {
    expect(at('certificates.cert-manager.io', 'spec.renewal.policy')?.enum).toEqual(['RenewBefore', 'Disabled']);
  });

  test('know the kinds that synth has no table of', () => {
    expect(at('certificaterequests.cert-manager.io', 'spec')?.required).toEqual(['issuerRef', 'request']);
    expect(at('orders.acme.cert-manager.io', 'spec.dnsNames')).toEqual({ type: 'array', items: { type: 'string' } });
  });
});

test.each(all.map((each) => [each.metadata.name, each] as const))('the schema of %s is structural', (_, each) => {
  expect(violations(schemaOf(each))).toEqual([]);
});

test.each(all.map((each) => [each.metadata.name, each] as const))(
  '%s bears the names of its kind',
  (name, { spec }) => {
    const { kind = '', listKind, plural, singular } = spec.names;
    expect([`${plural!}.${spec.group}`, listKind, singular]).toEqual([name, `${kind}List`, kind.toLowerCase()]);
  },
);

test('the version of a package is what is installed', () => {
  const lock = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  const name = '@kubernetes-models/traefik';
  expect(packageVersion(name)).toBe(lock.packages[`node_modules/${name}`]!.version);
});

describe('a schema made from a table', () => {
  const scalar = (code: 's' | 'l', rules = {}): Schema => ({ is: 'scalar', code, nullable: false, rules });

  test('is any object where it would hold itself', () => {
    const fields = new Map<string, Schema>();
    const own: Schema = { is: 'object', fields, required: [], nullable: false };
    fields.set('inner', { is: 'list', of: own, holds: undefined, nullable: true });
    const inner = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    expect(schemaOfTable(own)).toEqual({
      type: 'object',
      properties: { inner: { type: 'array', items: inner, nullable: true } },
    });
  });

  test('keeps the rules, but for bounds that JSON would round', () => {
    expect(schemaOfTable(scalar('s', { pattern: /^a\/b$/u, maxLength: 3 }))).toEqual({
      type: 'string',
      pattern: '^a\\/b$',
      maxLength: 3,
    });
    expect(schemaOfTable(scalar('l', { minimum: 0, maximum: 2 ** 63 }))).toEqual({
      type: 'integer',
      format: 'int64',
      minimum: 0,
    });
  });
});

describe('a schema made from a validator', () => {
  let modules: string;
  beforeEach(() => {
    modules = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-validators-'));
  });
  afterEach(() => {
    fs.rmSync(modules, { recursive: true, force: true });
  });
  const schemaOfText = (text: string): StructuralSchema => {
    fs.writeFileSync(path.join(modules, 'own.js'), `export const validate=validate0;${text}`);
    return schemaOfValidator({ file: 'own.js' }, new Validators(modules));
  };

  test('is any object where it would hold itself', () => {
    const own = 'import{validate as validate1}from"./own.js";';
    const list = 'for(let i0=0;i0<9;i0++)validate1(data[i0]);report({keyword:"type",params:{type:"array"}})';
    expect(
      schemaOfText(`${own}function validate0(data){validate2(data.inner)}function validate2(data){${list}}`),
    ).toEqual({
      type: 'object',
      properties: {
        inner: { type: 'array', items: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    });
  });

  test('is anything where the value is of several types', () => {
    const text = '{keyword:"type",params:{type:"array"}},{keyword:"type",params:{type:"string"}}';
    expect(schemaOfText(`function validate0(data){report(${text})}`)).toEqual({
      'x-kubernetes-preserve-unknown-fields': true,
    });
  });

  test('is not made where a rule has no place in it', () => {
    const text = 'function validate0(data){report({keyword:"oneOf",params:{passingSchemas:0}})}';
    expect(() => schemaOfText(text)).toThrow('a structural schema has no rule oneOf');
  });
});
