import { another, apart } from '../../../prove/drills/admission/asking.ts';
import { isInner } from '../../../prove/drills/admission/index.ts';
import { mistakesOf } from '../../../prove/drills/admission/mistakes.ts';
import { podOf } from '../../../prove/drills/admission/spoiled.ts';
import { updatesOf, verdictOfSynthOn } from '../../../prove/drills/admission/updates.ts';
import { expectedVerdicts, variantsOf, verdictOfSynth } from '../../../prove/drills/admission/variants.ts';
import { changeable, groupKind, immutable } from '../../../synth/immutable/fields.ts';
import { stricter, valuesIn, whyStricter } from '../../../prove/drills/admission/values.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { objectFindings } from '../../../synth/api-server/index.ts';
import { schemaFindings } from '../../../synth/schema/index.ts';
import { committed } from '../../support/committed.ts';

const manifests = ['dist', 'argocd'].flatMap((folder) => committed(folder)).map(({ manifest }) => manifest);
const mistakes = mistakesOf(manifests);

test('the Service that is asked to become a way in is none yet', () => {
  const service = (spec: object): Manifest => ({ apiVersion: 'v1', kind: 'Service', metadata: { name: 'a' }, spec });
  const ports = [{ port: 80 }];
  expect(isInner(service({ ports }))).toBe(true);
  const others = [{ type: 'NodePort', ports }, { clusterIP: 'None', ports }, {}];
  expect(others.map(service).filter(isInner)).toEqual([]);
});

describe('an object that the server is asked of beside the committed one', () => {
  const services = manifests.filter(({ kind }) => kind === 'Service');
  const nodePorts = (service: Manifest): unknown[] =>
    ((service.spec as { ports?: { nodePort?: number }[] }).ports ?? []).flatMap(({ nodePort }) => nodePort ?? []);
  const asked = (port: object): Manifest =>
    another(
      { apiVersion: 'v1', kind: 'Service', metadata: { name: 'a', namespace: 'edge' }, spec: { ports: [port] } },
      'b',
    );

  test('wants no port of the nodes that a committed Service holds', () => {
    const held = services.flatMap(nodePorts);
    expect(held.length).toBeGreaterThan(0);
    const wanted = services.flatMap((service) => nodePorts(another(service, 'b')));
    expect(wanted.filter((port) => held.includes(port))).toEqual([]);
    expect(new Set(wanted).size).toBe(new Set(held).size);
  });

  test.each([[-1], [0], [29_999], [32_768], [undefined]])('keeps %s, which is no port of the nodes', (nodePort) => {
    expect(asked({ port: 80, nodePort }).spec).toEqual({ ports: [{ port: 80, nodePort }] });
  });

  test('is in a namespace that no committed quota counts in', () => {
    expect(asked({ port: 80 }).metadata).toEqual({ name: 'b', namespace: 'apart' });
    expect(manifests.filter(({ metadata }) => metadata.namespace === apart.metadata.name)).toEqual([]);
  });

  test('is in no namespace where the committed one is in none', () => {
    expect(another(apart, 'b').metadata).toEqual({ name: 'b' });
  });
});

test('mistakes are made in an object of every committed kind', () => {
  const kinds = (of: readonly { readonly kind: string }[]) => [...new Set(of.map(({ kind }) => kind))].sort();
  expect(kinds(mistakes.map(({ manifest }) => manifest))).toEqual(kinds(manifests));
});

test('mistakes are made at places that only a smaller object of its kind fills in', () => {
  const places = mistakes.map(({ what }) => what.replace(/^(\w+) \S+/, '$1'));
  const ofServices = ['externalTrafficPolicy', 'clusterIP'].map((field) => `Service spec.${field}: another type`);
  expect(places).toEqual(expect.arrayContaining(ofServices));
  expect(new Set(places).size).toBe(places.length);
});

test('synth refuses every mistake that the API server is asked to refuse', () => {
  expect(mistakes.filter(({ manifest }) => schemaFindings(manifest).length === 0).map(({ what }) => what)).toEqual([]);
});

test('a mistake is each of unknown, missing, of another type and not in the list', () => {
  const of = mistakes.filter(({ what }) => what.startsWith('Certificate '));
  const forms = of.map(({ what }) => what.replace(/^.*: spec/, 'spec'));
  expect(forms).toEqual(
    expect.arrayContaining([
      'spec: an unknown field',
      'spec.secretName: a missing field',
      'spec.secretName: another type',
      'spec.issuerRef.name: a missing field',
      'spec.usages[]: a value that is not in the list',
    ]),
  );
});

describe('what synth says of a pod that Pod Security is asked of too', () => {
  const variants = variantsOf(podOf(manifests.find(({ kind }) => kind === 'Deployment')!));

  test.each(variants.map((variant) => [variant.what, variant] as const))('with %s', (_, variant) => {
    expect(verdictOfSynth(variant.pod)).toBe(expectedVerdicts(variant).synth);
  });

  test('each is another pod', () => {
    expect(new Set(variants.map(({ pod }) => JSON.stringify(pod))).size).toBe(variants.length);
  });

  test('it admits nothing that Pod Security refuses', () => {
    const laxer = variants
      .map(expectedVerdicts)
      .filter(({ synth, server }) => synth === 'admitted' && server === 'refused');
    expect(laxer).toEqual([]);
  });
});

describe('what synth says of a change of what is there, which the API server is asked of too', () => {
  const updates = updatesOf(manifests);

  test.each(updates.map((update) => [update.what, update] as const))('%s', (_, update) => {
    expect(verdictOfSynthOn(update, manifests)).toBe(update.verdict);
  });

  test('is asked of every committed kind of Kubernetes that synth knows something of', () => {
    const known = new Set([...Object.keys(immutable), ...changeable]);
    const kinds = new Set(
      manifests
        .filter((each) => known.has(groupKind(each)) && !/^(cert-manager|traefik)\.io\//.test(each.apiVersion))
        .map(({ kind }) => kind),
    );
    const asked = new Set(updates.map(({ manifest }) => manifest.kind));
    expect([...kinds].filter((kind) => !asked.has(kind) && kind !== 'Namespace')).toEqual([]);
  });
});

describe('values that synth and the API server are asked of', () => {
  const values = valuesIn(manifests);

  test('are tried in an object of every committed kind that has fields of its own', () => {
    const kinds = new Set(values.map(({ manifest }) => manifest.kind));
    const without = [...new Set(manifests.map(({ kind }) => kind))].filter((kind) => !kinds.has(kind));
    expect(without.filter((kind) => !/^(Application|ValidatingAdmission.*)$/.test(kind))).toEqual(['Namespace']);
  });

  test('are tried at places that only a smaller object of its kind fills in', () => {
    const places = new Set(values.map(({ place }) => place));
    expect([...places]).toEqual(
      expect.arrayContaining(['Service: spec.externalTrafficPolicy', 'Service: spec.clusterIP']),
    );
  });

  test('are each another one', () => {
    expect(new Set(values.map(({ place, value }) => `${place} ${value}`)).size).toBe(values.length);
  });

  test('never end in anything but a finding', () => {
    expect(() => values.map(({ manifest }) => objectFindings(manifest))).not.toThrow();
  });

  test('are refused by synth at least once for each reason to be stricter than the server', () => {
    const excused = values.filter((value) => whyStricter(value) !== undefined);
    const refused = excused.filter(({ manifest }) => objectFindings(manifest).length > 0);
    expect(new Set(refused.map(whyStricter)).size).toBe(stricter.length);
  });
});
