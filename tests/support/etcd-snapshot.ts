import { createCipheriv, createHash, pbkdf2Sync, randomBytes } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import { bootstrapKey } from '../../scripts/way-back/snapshot.ts';

const pageSize = 4096;

/** A small snapshot of etcd, of K3s with a token: what etcd itself writes is asked in the area `install`. */
export function etcdSnapshot(token: string | undefined): Buffer {
  const value = token === undefined ? Buffer.from('x') : bootstrapValue(token);
  const key = token === undefined ? '/registry/pods/a' : bootstrapKey(token);
  const meta = Buffer.alloc(pageSize);
  meta.writeUInt16LE(0x04, 8);
  meta.writeUInt32LE(0xed0cdaed, 16);
  meta.writeUInt32LE(2, 20);
  meta.writeUInt32LE(pageSize, 24);
  meta.writeBigUInt64LE(2n, 32);
  const bucket = Buffer.alloc(16);
  bucket.writeBigUInt64LE(3n, 0);
  const revision = Buffer.concat([Buffer.alloc(8), Buffer.from('_'), Buffer.alloc(8)]);
  const record = Buffer.concat([field(1, Buffer.from(key)), Buffer.from([0x10, 1]), field(5, value)]);
  const pages = [meta, meta, leaf(Buffer.from('key'), bucket), leaf(revision, record)];
  return summed(Buffer.concat(pages));
}

/** A zip with one file, as K3s packs snapshots. */
export function zipped(content: Buffer): Buffer {
  const packed = deflateRawSync(content);
  const about = (signature: number, bytes: number, at: number): Buffer => {
    const record = Buffer.alloc(bytes);
    record.writeUInt32LE(signature, 0);
    record.writeUInt16LE(8, at + 4);
    record.writeUInt32LE(crc32(content), at + 10);
    record.writeUInt32LE(packed.length, at + 14);
    record.writeUInt32LE(content.length, at + 18);
    return record;
  };
  const local = about(0x04034b50, 30, 4);
  const central = about(0x02014b50, 46, 6);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  for (const at of [8, 10]) end.writeUInt16LE(1, at);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length + packed.length, 16);
  return Buffer.concat([local, packed, central, end]);
}

function summed(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, createHash('sha256').update(bytes).digest()]);
}

function leaf(key: Buffer, value: Buffer): Buffer {
  const page = Buffer.alloc(pageSize);
  page.writeUInt16LE(0x02, 8);
  page.writeUInt16LE(1, 10);
  page.writeUInt32LE(16, 16 + 4);
  page.writeUInt32LE(key.length, 16 + 8);
  page.writeUInt32LE(value.length, 16 + 12);
  Buffer.concat([key, value]).copy(page, 32);
  return page;
}

function field(number: number, content: Buffer): Buffer {
  const [low, high] = [(content.length & 0x7f) | 0x80, content.length >> 7];
  return Buffer.concat([Buffer.from([(number << 3) | 2, low, high]), content]);
}

function bootstrapValue(token: string): Buffer {
  const [salt, nonce] = [randomBytes(8).toString('hex'), randomBytes(12)];
  const cipher = createCipheriv('aes-256-gcm', pbkdf2Sync(token, salt, 4096, 32, 'sha1'), nonce);
  const sealed = Buffer.concat([nonce, cipher.update('{}'), cipher.final(), cipher.getAuthTag()]);
  return Buffer.from(`${salt}:${sealed.toString('base64')}`);
}
