import { createCipheriv, pbkdf2Sync, randomBytes } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { bootstrapKey, provenSnapshot } from '../../../scripts/way-back/snapshot.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { freePorts, Processes } from '../../machine/processes.ts';
import type { Checks } from '../hardware/checks.ts';

const token = 'a token of the drill';

/** More than a page has room for, so that the tree has branches. */
const others = 400;

/** A snapshot of a real etcd, with what K3s would have in it, asked as install/run --restore asks. */
export async function snapshotOf(program: string, folder: string, checks: Checks): Promise<void> {
  const bytes = await realSnapshot(program, folder);
  const asked = (given: Buffer, by = token): string => {
    try {
      return provenSnapshot('drill', given, by, []).equals(bytes) ? 'proven' : 'another one';
    } catch (error) {
      return (error as Error).message;
    }
  };
  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(9000) ^ 1, 9000);
  checks.same('a snapshot of etcd', asked(bytes), 'proven');
  checks.says('the same with another token', asked(bytes, 'another'), 'it was made with another token');
  checks.says('one of 0 bytes', asked(Buffer.alloc(0)), 'it is empty: 0 bytes');
  checks.says('one that was cut off', asked(bytes.subarray(0, bytes.length / 2)), 'it is');
  checks.says('one with a bit that is another', asked(flipped), 'it is damaged');
  const gone = await realSnapshot(program, `${folder}-gone`, 'then deleted');
  checks.says('one whose token was changed since', asked(gone), 'it is no snapshot of K3s');
}

/** By the gateway that etcd has for HTTP. @param then whether what K3s writes is deleted again */
async function realSnapshot(program: string, folder: string, then?: 'then deleted'): Promise<Buffer> {
  fs.rmSync(folder, { recursive: true, force: true });
  const [client = 0, peer = 0] = await freePorts(2);
  const processes = new Processes(path.join(folder, 'logs'));
  const address = `http://127.0.0.1:${client}`;
  const ask = async (what: string, body: object): Promise<string> => {
    const response = await fetch(`${address}/v3/${what}`, { method: 'POST', body: JSON.stringify(body) });
    return response.text();
  };
  return withCleanUp([() => processes.stop()], async () => {
    processes.start('etcd', program, [
      ...[
        `--data-dir=${path.join(folder, 'data')}`,
        '--name=drill',
        `--initial-cluster=drill=http://127.0.0.1:${peer}`,
      ],
      ...[`--listen-client-urls=${address}`, `--advertise-client-urls=${address}`],
      ...[`--listen-peer-urls=http://127.0.0.1:${peer}`, `--initial-advertise-peer-urls=http://127.0.0.1:${peer}`],
    ]);
    await processes.waitFor('etcd', 30, () =>
      fetch(`${address}/health`).then(
        async (response) => (await response.text()).includes('true'),
        () => false,
      ),
    );
    const encoded = (text: string) => Buffer.from(text).toString('base64');
    const put = (key: string, value: string) => ask('kv/put', { key: encoded(key), value: encoded(value) });
    for (let number = 0; number < others; number += 1) await put(`/registry/drill/${number}`, 'x'.repeat(200));
    // More than a page.
    await put(bootstrapKey(token), sealed(randomBytes(6000)));
    if (then !== undefined) await ask('kv/deleterange', { key: encoded(bootstrapKey(token)) });
    const lines = (await ask('maintenance/snapshot', {})).trim().split('\n');
    const blobs = lines.map((line) => (JSON.parse(line) as { result: { blob?: string } }).result.blob ?? '');
    return Buffer.concat(blobs.map((blob) => Buffer.from(blob, 'base64')));
  });
}

/** As K3s encrypts what a server needs to be one. */
function sealed(plain: Buffer): string {
  const salt = randomBytes(8).toString('hex');
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', pbkdf2Sync(token, salt, 4096, 32, 'sha1'), nonce);
  const text = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return `${salt}:${text.toString('base64')}`;
}
