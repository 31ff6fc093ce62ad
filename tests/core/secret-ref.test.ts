import { SecretRef } from '../../constructs/core/secret-ref.ts';
import type { SecretRefProps } from '../../constructs/core/secret-ref.ts';
import { manifestsOf, refusal } from '../support/harness.ts';

test.each<[string, SecretRefProps['keys'], string]>([
  ['no keys', {}, 'it has no keys'],
  ['a key that is no name of a file', { 'a/b': { kind: 'ed25519' } }, 'it has a key "a/b"'],
  ['a value of no kind', { a: { kind: 'randm' } as never }, 'its value is of the kind "randm"'],
  ['a value itself', { a: 'hunter2' as never }, 'its value is of the kind null'],
  [
    'an encoding that nobody writes',
    { a: { kind: 'random', bytes: 32, encoding: 'base64' as never } },
    'its encoding is "base64"',
  ],
  ['an encoding left out', { a: { kind: 'random', bytes: 32 } as never }, 'encoding is left out'],
  ['an option of another kind', { a: { kind: 'ed25519', bytes: 32 } as never }, 'it has no option bytes'],
  ['a value that can be guessed', { a: { kind: 'random', bytes: 0, encoding: 'hex' } }, '0 random bytes'],
])('a secret is refused with %s', (_, keys, what) => {
  const make = () => manifestsOf((scope) => new SecretRef(scope, 'secret', { name: 'secret', purpose: 'none', keys }));
  expect(refusal(make)[0]?.what).toBe(what);
});

test.each<[string, object, string]>([
  ['an option that is misspelt', { rotationDay: 90 }, 'it has no option rotationDay'],
  ['a time that is no number', { rotationDays: '90d' }, 'rotationDays: "90d"'],
  ['no time', { rotationDays: 0 }, 'rotationDays: 0'],
  ['no purpose', { purpose: undefined }, 'purpose is left out'],
])('a secret is refused with %s', (_, changes, what) => {
  const props = { name: 'secret', purpose: 'none', keys: { a: { kind: 'ed25519' } } } as const;
  const make = () => manifestsOf((scope) => new SecretRef(scope, 'secret', { ...props, ...changes }));
  expect(refusal(make).map((finding) => finding.what)).toEqual([what]);
});
