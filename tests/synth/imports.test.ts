import fs from 'node:fs';
import path from 'node:path';
import { packageTable } from '../../scripts/import/packages.ts';
import type { Table, Type } from '../../scripts/import/table.ts';
import { knownKinds, schemaOf } from '../../synth/schema/index.ts';
import type { Schema } from '../../synth/schema/index.ts';
import { root } from '../support/committed.ts';

/** The schema of `spec.routes[].services[].port` of a kind. */
function at(apiVersion: string, kind: string, place: string): Schema | undefined {
  let schema: Schema | undefined = schemaOf(apiVersion, kind);
  for (const part of place.split('.')) {
    schema = schema?.is === 'object' ? schema.fields.get(part.replace('[]', '')) : undefined;
    if (part.endsWith('[]')) schema = schema?.is === 'list' ? schema.of : undefined;
  }
  return schema;
}

const traefik = (kind: string, place: string) => at('traefik.io/v1alpha1', kind, place);

describe("Traefik's table", () => {
  test('knows every kind of traefik.io', () => {
    const kinds = knownKinds().filter((each) => each.startsWith('traefik.io/'));
    expect(kinds.map((each) => each.split(' ')[1])).toEqual([
      ...['IngressRoute', 'IngressRouteTCP', 'IngressRouteUDP', 'Middleware', 'MiddlewareTCP', 'ServersTransport'],
      ...['ServersTransportTCP', 'TLSOption', 'TLSStore', 'TraefikService'],
    ]);
  });

  test('says what a route must have and of which types its parts are', () => {
    expect(traefik('IngressRoute', 'spec')).toMatchObject({ required: ['routes'] });
    expect(traefik('IngressRoute', 'spec.routes[].match')).toMatchObject({ is: 'scalar', code: 's' });
    expect(traefik('IngressRoute', 'spec.routes[].services[].port')).toMatchObject({ is: 'scalar', code: 'n' });
    expect(traefik('IngressRoute', 'spec.routes[].services[].colour')).toBeUndefined();
  });

  test("leaves a plugin's options to the plugin", () => {
    expect(traefik('Middleware', 'spec.plugin')).toMatchObject({ is: 'map', of: { code: '*' } });
  });

  test('has the fields that the interfaces of @kubernetes-models/traefik have, but for what came after them', () => {
    const own = leavesOf(JSON.parse(fs.readFileSync(path.join(root, 'imports/traefik.json'), 'utf8')) as Table);
    const source = {
      package: '@kubernetes-models/traefik',
      kinds: { 'traefik.io/v1alpha1': 'all' },
      additions: {},
    } as const;
    const theirs = leavesOf(packageTable(source, path.join(root, 'node_modules')));
    expect([...own].filter(([place, type]) => theirs.get(place) !== type)).toEqual([
      // The package lacks it at 2.0.0.
      ['Middleware.spec.errors.errorRequestHeaders', 'list'],
      ['Middleware.spec.errors.errorRequestHeaders[]', 's'],
    ]);
    expect([...theirs.keys()].filter((place) => !own.has(place))).toEqual([]);
  });
});

test("cert-manager's table knows how a renewal may be asked for", () => {
  expect(at('cert-manager.io/v1', 'Certificate', 'spec.renewal.policy')).toMatchObject({
    rules: { enum: ['RenewBefore', 'Disabled'] },
  });
});

/** What each field of each kind is, by its place: its type, whether it must be given, and its rules. */
function leavesOf({ kinds, definitions }: Table): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>();
  const object = (name: string, place: string, outer: readonly string[]): void => {
    if (outer.includes(name)) return;
    for (const [key, type] of Object.entries<Type>(definitions[name] ?? {})) {
      visit(type, `${place}.${key.replace(/!$/, '')}`, key.endsWith('!') ? '!' : '', [...outer, name]);
    }
  };
  const visit = (type: Type, place: string, mark: string, outer: readonly string[]): void => {
    const [code, { of, ...rules }] = typeof type === 'string' ? [type, {} as Record<string, unknown>] : type;
    const inner = (sign: string) =>
      visit([code.slice(1), (of ?? {}) as Record<string, unknown>], place + sign, '', outer);
    // Metadata is Kubernetes' own in both; an integer or string is what both call so.
    if (code === 'M' || /^#.*MetaV1ObjectMeta$/.test(code)) leaves.set(place, `${mark}metadata`);
    else if (code.startsWith('#')) leaves.set(place, `${mark}object`);
    else if (code.startsWith('[')) leaves.set(place, `${mark}list`);
    else if (code.startsWith('{')) leaves.set(place, `${mark}map`);
    else {
      const stated = Object.entries(rules).sort(([a], [b]) => (a < b ? -1 : 1));
      leaves.set(place, [mark + (code === 'p' ? 'n' : code), ...stated.map((each) => JSON.stringify(each))].join(' '));
    }
    if (code.startsWith('[')) inner('[]');
    else if (code.startsWith('{')) inner('{}');
    else if (code.startsWith('#') && leaves.get(place) !== `${mark}metadata`) object(code.slice(1), place, outer);
  };
  for (const [kind, name] of Object.entries(kinds)) object(name, kind.split(' ')[1] ?? '', []);
  return leaves;
}
