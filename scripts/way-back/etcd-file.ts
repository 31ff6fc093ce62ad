import { createHash } from 'node:crypto';

// The file of etcd's store, as bbolt keeps it: pages of a B+ tree, numbers in little endian. Only what reading needs.
// @see https://github.com/etcd-io/bbolt/tree/v1.4.3/internal/common (page.go, meta.go, bucket.go)

const magic = 0xed0cdaed;
const header = 16;
const element = 16;
const [branchPage, leafPage] = [0x01, 0x02];
/** Of a snapshot's end: etcd writes the SHA-256 of all before it. */
const sumBytes = 32;
const sector = 512;

/** Why bytes are no whole snapshot of etcd; undefined where they are one. */
export function damageOf(bytes: Buffer): string | undefined {
  if (bytes.length === 0) return 'it is empty: 0 bytes';
  if (bytes.length < 4 * sector || bytes.readUInt32LE(header) !== magic) return "it is no file of etcd's";
  if (bytes.length % sector !== sumBytes) return 'it is cut off: the sum at its end is missing';
  const sum = createHash('sha256').update(bytes.subarray(0, -sumBytes)).digest();
  return sum.equals(bytes.subarray(-sumBytes)) ? undefined : 'it is damaged: it has another sum than it says';
}

/** Keys that etcd has now, with their values. @throws RangeError, TypeError for what is no whole file */
export function etcdKeys(bytes: Buffer): ReadonlyMap<string, Buffer> {
  const found = new Map<string, Buffer>();
  const file = new BoltFile(bytes);
  // By revision: what is written later comes later. A mark behind the revision says that it was deleted.
  for (const [revision, record] of file.bucket('key')) {
    const { key, value } = keyValue(record);
    if (revision.length > 17) found.delete(key);
    else found.set(key, value);
  }
  return found;
}

class BoltFile {
  private readonly bytes: Buffer;
  private readonly pageSize: number;
  private readonly root: bigint;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
    this.pageSize = bytes.readUInt32LE(header + 8);
    const metas = [0, this.pageSize].map((at) => at + header).filter((at) => bytes.readUInt32LE(at) === magic);
    const transaction = (at: number) => bytes.readBigUInt64LE(at + 48);
    const newest = metas.reduce((a, b) => (transaction(b) > transaction(a) ? b : a));
    this.root = bytes.readBigUInt64LE(newest + 16);
  }

  *bucket(name: string): Generator<readonly [Buffer, Buffer]> {
    for (const [key, value] of this.page(this.root)) {
      if (key.toString() !== name) continue;
      const root = value.readBigUInt64LE(0);
      // A small one stands in its parent.
      yield* root === 0n ? this.elements(value.subarray(header)) : this.page(root);
    }
  }

  private page(number: bigint): Generator<readonly [Buffer, Buffer]> {
    const at = Number(number) * this.pageSize;
    const more = this.bytes.readUInt32LE(at + 12);
    return this.elements(this.bytes.subarray(at, at + (1 + more) * this.pageSize));
  }

  private *elements(page: Buffer): Generator<readonly [Buffer, Buffer]> {
    const [flags, count] = [page.readUInt16LE(8), page.readUInt16LE(10)];
    if ((flags & (branchPage | leafPage)) === 0) throw new RangeError('a page that is neither branch nor leaf');
    for (let index = 0; index < count; index += 1) {
      const at = header + index * element;
      if ((flags & branchPage) !== 0) {
        yield* this.page(page.readBigUInt64LE(at + 8));
        continue;
      }
      const key = at + page.readUInt32LE(at + 4);
      const value = key + page.readUInt32LE(at + 8);
      yield [page.subarray(key, value), page.subarray(value, value + page.readUInt32LE(at + 12))];
    }
  }
}

/** The first and the fifth field of etcd's KeyValue. @see https://github.com/etcd-io/etcd/blob/v3.6.12/api/mvccpb/kv.proto */
function keyValue(record: Buffer): { readonly key: string; readonly value: Buffer } {
  const fields = new Map<number, Buffer>();
  let at = 0;
  const number = (): number => {
    for (let [result, factor] = [0, 1]; ; factor *= 128) {
      const byte = record.readUInt8(at++);
      result += (byte & 0x7f) * factor;
      if (byte < 128) return result;
    }
  };
  while (at < record.length) {
    const tag = number();
    if ((tag & 7) === 0) {
      number();
      continue;
    }
    const length = number();
    fields.set(tag >> 3, record.subarray(at, at + length));
    at += length;
  }
  return { key: fields.get(1)?.toString() ?? '', value: fields.get(5) ?? Buffer.alloc(0) };
}
