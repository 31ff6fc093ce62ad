import { constants, createCipheriv, createDecipheriv, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

// The format of sealed-secrets: 2 bytes length of the RSA part (big endian), an AES session key under RSA-OAEP with
// SHA-256 and a label, then AES-256-GCM. The nonce is zero because each session key seals exactly one value.
const NONCE = Buffer.alloc(12);
const TAG_BYTES = 16;

/** What binds a value to one namespace and name (the strict scope): it opens nowhere else. */
export function encryptionLabel(namespace: string, name: string): string {
  return `${namespace}/${name}`;
}

/** Seals `value` for the holder of the private key; base64. Each call gives another text. */
export function seal(publicKey: KeyObject, label: string, value: Buffer): string {
  const sessionKey = randomBytes(32);
  const wrapped = publicEncrypt({ key: publicKey, ...padding(label) }, sessionKey);
  const cipher = createCipheriv('aes-256-gcm', sessionKey, NONCE);
  sessionKey.fill(0);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(wrapped.length);
  return Buffer.concat([length, wrapped, cipher.update(value), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** The value sealed under `label`, or undefined if none of the keys opens it. */
export function open(privateKeys: readonly KeyObject[], label: string, ciphertext: string): Buffer | undefined {
  const bytes = Buffer.from(ciphertext, 'base64');
  const start = 2 + bytes.readUInt16BE(0);
  for (const key of privateKeys) {
    try {
      const sessionKey = privateDecrypt({ key, ...padding(label) }, bytes.subarray(2, start));
      const decipher = createDecipheriv('aes-256-gcm', sessionKey, NONCE, { authTagLength: TAG_BYTES });
      sessionKey.fill(0);
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(start, -TAG_BYTES)), decipher.final()]);
    } catch {
      // Another key or label sealed it. OpenSSL's reasons say no more than that.
    }
  }
  return undefined;
}

/** Whether the text has the shape of a sealed value, which a plain one has not. */
export function looksSealed(ciphertext: string): boolean {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(ciphertext) || ciphertext.length % 4 !== 0) return false;
  const bytes = Buffer.from(ciphertext, 'base64');
  const wrapped = bytes.length > 2 ? bytes.readUInt16BE(0) : 0;
  return wrapped >= 256 && wrapped <= 1024 && bytes.length >= 2 + wrapped + TAG_BYTES;
}

function padding(label: string) {
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256', oaepLabel: Buffer.from(label) };
}
