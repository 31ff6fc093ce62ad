import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { certificatesOf } from '../../../prove/cluster/pki.ts';
import { planCluster, storeOf } from '../../../prove/cluster/plan.ts';
import { credentials, objects } from '../../../prove/stand-ins/object-storage/index.ts';
import { worldAddresses } from '../../../prove/stand-ins/internet/names.ts';
import { testEnvironment, testInput } from '../../support/harness.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-stores-'));
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const plan = planCluster(testEnvironment());
const primary = storeOf(plan, 'backups');
const offsite = storeOf(plan, 'offsite');

function write(key: string, text: string, kind: 'objects' | 'about' = 'objects'): void {
  const file = path.join(folder, 'world/object-storage', primary.host, kind, primary.bucket, key);
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(file, text);
}

describe('the credentials of an object storage', () => {
  test('stay what they are, are others in each store, and are for the owner alone', () => {
    const first = credentials({ folder }, primary);
    expect(credentials({ folder }, primary)).toEqual(first);
    expect(credentials({ folder }, offsite).secretKey).not.toBe(first.secretKey);
    expect(credentials({ folder }, primary, 'reader').accessKey).not.toBe(first.accessKey);
    const { mode } = fs.statSync(path.join(folder, 'world/object-storage', primary.host, 'credentials.json'));
    expect(mode & 0o777).toBe(0o600);
  });
});

describe('the objects of a store', () => {
  test('are listed by prefix, sorted, with their size', () => {
    for (const key of ['postgres/17-1/wal/b', 'postgres/17-1/wal/a', 'postgres/17-1/base/c']) write(key, 'four');
    const found = objects({ folder }, primary, 'postgres/17-1/wal/');
    expect(found.map(({ key, size }) => [key, size])).toEqual([
      ['postgres/17-1/wal/a', 4],
      ['postgres/17-1/wal/b', 4],
    ]);
  });

  test('are neither deleted ones nor parts of uploads', () => {
    write('deleted', 'text');
    write('deleted/meta/delete-marker', 'true', 'about');
    write('.sgwtmp/multipart/part', 'part');
    write('kept', 'text');
    expect(objects({ folder }, primary).map(({ key }) => key)).toEqual(['kept']);
  });
});

describe('the hosts of object storages', () => {
  test.each(plan.stores)('$host has an address in the DNS, and a certificate', ({ host, address }) => {
    expect(worldAddresses(plan)[address]).toEqual([host]);
    const names = certificatesOf(plan).find(({ file }) => file === 'world')?.names;
    expect(names).toEqual(expect.arrayContaining([`DNS:${host}`, `IP:${address}`]));
  });

  test('are one for all buckets of a provider', () => {
    const more = { ...testInput.objectStores, more: { ...testInput.objectStores.backups!, bucket: 'more' } };
    const { stores } = planCluster(testEnvironment({ objectStores: more }));
    expect(stores.map(({ name, address }) => [name, address])).toEqual([
      ['backups', '203.0.113.11'],
      ['offsite', '203.0.113.12'],
      ['more', '203.0.113.11'],
    ]);
  });
});
