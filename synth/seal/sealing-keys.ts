import { createHash, createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import fs from 'node:fs';
import { InputError } from '../../constructs/core/error.ts';

/** The public half of the controller's key pair, as its certificate carries it. */
export interface SealingKey {
  readonly publicKey: KeyObject;
  /** First 16 hexadecimal digits of the SHA-256 of the public key (SPKI, DER). */
  readonly fingerprint: string;
}

const MINIMUM_BITS = 2048;
const FETCH = 'get the current one: kubeseal --fetch-cert --controller-namespace sealed-secrets > sealing.crt';

/** Reads the controller's certificate. Neither the path nor the content is repeated in errors: it may be a private key. */
export function readCertificate(file: string, now: Date): SealingKey {
  const fail = (what: string, remedy = FETCH): never => {
    throw new InputError({
      where: '--cert',
      what,
      allowed: 'a PEM file with the valid RSA certificate of the sealed-secrets controller',
      remedy,
    });
  };
  const pem = readText(file, fail);
  if (pem.includes('PRIVATE KEY-----')) {
    fail('is a private key', `sealing needs the certificate only; keep the private key off this machine; ${FETCH}`);
  }
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(pem);
  } catch {
    return fail('does not parse as a certificate');
  }
  const { publicKey, validTo } = certificate;
  if (publicKey.asymmetricKeyType !== 'rsa') fail(`carries a key of type ${publicKey.asymmetricKeyType}, not RSA`);
  const bits = publicKey.asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < MINIMUM_BITS) fail(`carries an RSA key of ${bits} bits, fewer than ${MINIMUM_BITS}`);
  if (Date.parse(validTo) < now.getTime()) fail(`expired on ${isoDate(new Date(validTo))}`);
  return { publicKey, fingerprint: fingerprintOf(publicKey) };
}

/** Reads backups of the controller's private keys: each file holds one or more PEM blocks. */
export function readPrivateKeys(files: readonly string[]): KeyObject[] {
  return files.flatMap((file, index) => {
    const fail = (what: string): never => {
      throw new InputError({
        where: `--private-key, number ${index + 1}`,
        what,
        allowed: 'a PEM file with one or more RSA private keys, not encrypted',
        remedy: 'from a backup in YAML take the field tls.key of each Secret and decode it: base64 -d',
      });
    };
    const blocks = readText(file, fail).match(/-----BEGIN ([A-Z ]*PRIVATE KEY)-----[\s\S]+?-----END \1-----/g);
    return (blocks ?? fail('holds no private key in PEM')).map((block) => {
      try {
        const key = createPrivateKey(block);
        return key.asymmetricKeyType === 'rsa' ? key : fail(`holds a key of type ${key.asymmetricKeyType}, not RSA`);
      } catch (error) {
        if (error instanceof InputError) throw error;
        return fail('holds a private key that does not parse, or is encrypted');
      }
    });
  });
}

export function fingerprintOf(key: KeyObject): string {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  return createHash('sha256')
    .update(publicKey.export({ format: 'der', type: 'spki' }))
    .digest('hex')
    .slice(0, 16);
}

/** `2026-11-23`, in UTC. */
export function isoDate(date: Date): string {
  return date.toISOString().slice(0, 10);
}

function readText(file: string, fail: (what: string) => never): string {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    return fail(`can't be read: ${(error as NodeJS.ErrnoException).code}`);
  }
}
