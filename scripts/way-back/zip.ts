import { crc32, inflateRawSync } from 'node:zlib';

const [endOfAll, entry] = [0x06054b50, 0x02014b50];
const endBytes = 22;

/** The one file in a zip, as K3s packs a snapshot; undefined for what is no whole zip with one file. */
export function unzipped(bytes: Buffer): Buffer | undefined {
  try {
    const end = bytes.length - endBytes;
    if (bytes.readUInt32LE(end) !== endOfAll || bytes.readUInt16LE(end + 10) !== 1) return undefined;
    const about = bytes.readUInt32LE(end + 16);
    if (bytes.readUInt32LE(about) !== entry) return undefined;
    const [method, sum] = [bytes.readUInt16LE(about + 10), bytes.readUInt32LE(about + 16)];
    const [packed, local] = [bytes.readUInt32LE(about + 20), bytes.readUInt32LE(about + 42)];
    const start = local + 30 + bytes.readUInt16LE(local + 26) + bytes.readUInt16LE(local + 28);
    const content = bytes.subarray(start, start + packed);
    const whole = method === 0 ? content : inflateRawSync(content);
    return crc32(whole) === sum ? whole : undefined;
  } catch {
    return undefined;
  }
}
