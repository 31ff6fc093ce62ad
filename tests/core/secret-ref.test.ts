import { SecretRef } from '../../constructs/core/secret-ref.ts';
import type { SecretRefProps } from '../../constructs/core/secret-ref.ts';
import { manifestsOf, refusal } from '../support/harness.ts';

test.each<[string, SecretRefProps['keys'], string]>([
  ['no keys', {}, 'it has no keys'],
  ['a key that is no name of a file', { 'a/b': { kind: 'ed25519' } }, 'it has a key "a/b"'],
  ['a value that can be guessed', { a: { kind: 'random', bytes: 0, encoding: 'hex' } }, '0 random bytes'],
])('a secret is refused with %s', (_, keys, what) => {
  const make = () => manifestsOf((scope) => new SecretRef(scope, 'secret', { name: 'secret', purpose: 'none', keys }));
  expect(refusal(make)[0]?.what).toBe(what);
});
