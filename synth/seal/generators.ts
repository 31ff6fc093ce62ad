import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { SecretSource } from '../../constructs/core/secret.ts';
import { selfSigned } from './authority.ts';
import type { SecretPart } from './inventory.ts';

/** A new value. The caller overwrites the buffer once it is sealed. */
export function generateValue(source: SecretSource): Buffer {
  switch (source.kind) {
    case 'random':
      return Buffer.from(randomBytes(source.bytes).toString(source.encoding));
    case 'rsa':
      return privatePem(generateKeyPairSync('rsa', { modulusLength: source.bits }).privateKey);
    case 'ed25519':
      return privatePem(generateKeyPairSync('ed25519').privateKey);
    case 'authority':
      return privatePem(generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey);
    case 'fixed':
      return Buffer.from(source.value);
    case 'human':
      throw new Error('a human value is asked for, not generated');
  }
}

/** Value by key: the part's own, and the public half derived from it where the inventory wants one. */
export function valuesByKey({ entry, key, publicKey, source }: SecretPart, value: Buffer): Map<string, Buffer> {
  const values = new Map([[key, value]]);
  if (publicKey === undefined) return values;
  const publicHalf =
    source.kind === 'authority'
      ? selfSigned(entry.name, value)
      : createPublicKey(value).export({ format: 'pem', type: 'spki' });
  return values.set(publicKey, Buffer.from(publicHalf));
}

function privatePem(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: 'pem', type: 'pkcs8' }));
}
