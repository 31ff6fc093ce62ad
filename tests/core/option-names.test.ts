import { Size } from 'cdk8s';
import { checkOptions } from '../../constructs/core/option-names.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import type { NestBackendProps } from '../../constructs/nest-backend/index.ts';
import { NextFrontend } from '../../constructs/next-frontend/index.ts';
import { PatroniCluster } from '../../constructs/patroni-cluster/index.ts';
import { RedisSentinel } from '../../constructs/redis-sentinel/index.ts';
import { TraefikWaf } from '../../constructs/traefik-waf/index.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { manifestsOf, refusal } from '../support/harness.ts';

interface Props {
  readonly endpoint?: string;
  readonly port?: number;
}
const known = { endpoint: true, port: true } as const;

interface Guarded {
  readonly authority: string | false;
  readonly image: string;
  readonly name?: string;
}
const guarded = { authority: 'required', image: 'required', name: true } as const;
const refused = (props: object) => refusal(() => checkOptions<Props>('Store a', props, known));

test('an option that is misspelt is refused with the one that is most likely meant', () => {
  expect(refused({ endpiont: 'x', port: 1 })).toEqual([
    {
      where: 'Store a',
      what: 'it has no option endpiont',
      allowed: 'endpoint, port',
      remedy: 'write endpoint, if that is meant',
    },
  ]);
  expect(refused({ whatever: 'x' })[0]?.remedy).toBe('leave it out, or name one of these');
});

test('what is there, and what is left undefined, is not', () => {
  expect(() => checkOptions<Props>('Store a', { port: 1, ...{ none: undefined } }, known)).not.toThrow();
});

test('all that have to be given, and are left out, are named at once; one that is switched off is given', () => {
  const given = (props: object) => checkOptions<Guarded>('Store a', props as Guarded, guarded);
  expect(refusal(() => given({ name: 'a', image: undefined })).map(({ what }) => what)).toEqual([
    'authority is left out',
    'image is left out',
  ]);
  expect(() => given({ authority: false, image: 'a' })).not.toThrow();
});

test('a size is one with its unit: text, a number and null are told how it is written', () => {
  interface Sized {
    readonly storage: Size;
    readonly limit?: Size | false;
  }
  const given = (props: object) => () =>
    checkOptions<Sized>('Store a', props as Sized, { storage: 'required size', limit: 'size' });
  const said = (props: object) => refusal(given(props)).map(({ what }) => what);
  expect(said({ storage: '20Gi', limit: 5 })).toEqual(['storage is "20Gi"', 'limit is 5']);
  expect(said({ storage: null })).toEqual(['storage is null']);
  expect(said({})).toEqual(['storage is left out']);
  expect(given({ storage: Size.gibibytes(20), limit: false })).not.toThrow();
});

interface Kept {
  readonly backups: { readonly store: string } | false;
  readonly users?: readonly { readonly name: string; readonly rules: string }[];
}

test('so are options of options, of each one in a list by its name', () => {
  const given = (props: object) => () =>
    checkOptions<Kept>(
      'Store a',
      props as Kept,
      { backups: 'required', users: true },
      { backups: { store: 'required' }, users: { name: 'required', rules: 'required' } },
    );
  const said = (props: object) => refusal(given(props)).map(({ what }) => what);
  expect(said({ backups: { stor: 'a' } })).toEqual(['backups has no option stor']);
  expect(said({ backups: true })).toEqual(['backups is true']);
  expect(said({ backups: false, users: [{ name: 'a', rules: '', rule: '' }, {}, null] })).toEqual([
    'users: a has no option rule',
    'users: number 2 has no name',
    'users: number 2 has no rules',
    'users: number 3 is null',
  ]);
  expect(given({ backups: false })).not.toThrow();
});

test.each([
  ['NestBackend', NestBackend, 'directroy', 'directory'],
  ['NextFrontend', NextFrontend, 'apii', 'api'],
  ['PatroniCluster', PatroniCluster, 'poolr', 'pooler'],
  ['RedisSentinel', RedisSentinel, 'exportr', 'exporter'],
  ['TraefikWaf', TraefikWaf, 'bannd', 'banned'],
  ['Workload', Workload, 'prioritty', 'priority'],
] as const)('a %s refuses a misspelt one before it looks at anything else', (name, Kind, wrong, meant) => {
  const props = { name: 'a', [wrong]: false } as unknown as NestBackendProps;
  const make = Kind as unknown as new (scope: object, id: string, props: object) => object;
  expect(refusal(() => manifestsOf((scope) => new make(scope, 'a', props)))).toMatchObject([
    { where: `${name} a`, what: `it has no option ${wrong}`, remedy: `write ${meant}, if that is meant` },
  ]);
});
