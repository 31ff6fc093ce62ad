import { createDecipheriv, createHash, pbkdf2Sync } from 'node:crypto';
import { InputError } from '../../constructs/core/error.ts';
import { damageOf, etcdKeys } from './etcd-file.ts';
import { unzipped } from './zip.ts';

/** Where K3s keeps what a server needs to be one, encrypted with the token; behind it stands the token's sum. */
const bootstrapFolder = '/bootstrap/';

/**
 * What etcd wrote, of a snapshot that K3s uploaded.
 * @param token of the servers, as it stands in the folder of secrets
 * @throws InputError for one that is empty, damaged, not of K3s, or of another cluster
 */
export function provenSnapshot(name: string, uploaded: Buffer, token: string, others: readonly string[]): Buffer {
  const refuse = (what: string): InputError =>
    new InputError({
      where: `the snapshot ${name}`,
      what,
      allowed: 'a whole snapshot of this cluster, made with the token in k3s/token of the folder',
      remedy: others.length > 0 ? `take another one by --snapshot: ${others.join(', ')}` : 'restore without --snapshot',
    });
  if (uploaded.length === 0) throw refuse('it is empty: 0 bytes');
  const bytes = name.endsWith('.zip') ? unzipped(uploaded) : uploaded;
  if (bytes === undefined) throw refuse('it is damaged: no whole zip with one file');
  const damage = damageOf(bytes);
  if (damage !== undefined) throw refuse(damage);
  const bootstrap = [...keysOf(bytes, refuse)].filter(([key]) => key.startsWith(bootstrapFolder));
  if (bootstrap.length === 0) throw refuse('it is no snapshot of K3s, but of another etcd');
  const own = bootstrap.find(([key]) => key === bootstrapKey(token));
  if (own === undefined)
    throw refuse("it was made with another token: it is another cluster's, or the token is not its");
  if (!opens(own[1], token)) throw refuse('the token does not open what K3s has in it');
  return bytes;
}

function keysOf(bytes: Buffer, refuse: (what: string) => InputError): ReadonlyMap<string, Buffer> {
  try {
    return etcdKeys(bytes);
  } catch (error) {
    // Its sum is right, so whoever wrote it wrote another format.
    throw refuse(`it can't be read: ${(error as Error).message}`);
  }
}

/** Without what K3s may write before a token that it shows. */
const passwordOf = (token: string): string => token.trim().replace(/^K10[0-9a-f]*::(?:[^:]*:)?/, '');

/** @see https://github.com/k3s-io/k3s/blob/v1.36.4%2Bk3s1/pkg/cluster/encrypt.go (storageKey, keyHash) */
export function bootstrapKey(token: string): string {
  return bootstrapFolder + createHash('sha256').update(passwordOf(token)).digest('hex').slice(0, 12);
}

/** @see https://github.com/k3s-io/k3s/blob/v1.36.4%2Bk3s1/pkg/cluster/encrypt.go (decrypt): salt, nonce, AES-GCM */
function opens(value: Buffer, token: string): boolean {
  const [salt = '', text = ''] = value.toString().split(':');
  const sealed = Buffer.from(text, 'base64');
  if (sealed.length < 28) return false;
  const key = pbkdf2Sync(passwordOf(token), salt, 4096, 32, 'sha1');
  const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12));
  decipher.setAuthTag(sealed.subarray(-16));
  decipher.update(sealed.subarray(12, -16));
  try {
    decipher.final();
    return true;
  } catch {
    return false;
  }
}
