import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { loadEnvironment } from '../../../config/index.ts';
import { writeLayer } from '../../../prove/images/layer.ts';
import { databaseImages } from '../../../prove/images/recipes/postgres.ts';

let folder: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-images-'));
  fs.mkdirSync(path.join(folder, 'pki'));
  fs.writeFileSync(path.join(folder, 'pki', 'world-ca.crt'), 'the authority');
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
  delete process.env.WALG;
});

function images() {
  const cluster = { folder, cgroup: 'diptych/test', program: (name: string) => `/built/${name}` };
  return databaseImages('production', cluster);
}

const layersOf = (reference: string) => images().find((each) => each.reference.includes(reference))?.layers ?? [];

describe('images of the database', () => {
  test('have the references of the table', () => {
    const table = loadEnvironment('production');
    const expected = ['spilo', 'postgres-exporter', 'pgbouncer', 'pgbouncer-exporter', 'rclone'].map(
      (name) => `${table.image(name).repository}:${table.image(name).tag}`,
    );
    expect(images().map(({ reference }) => reference)).toEqual(expected);
  });

  test('say what they stand in for', () => {
    expect(images()[0]?.standIn).toBe("Spilo: Debian's PostgreSQL 17, Patroni 4.1.0 from PyPI, WAL-G 1.1.3");
  });

  test('share one system, so that the pooler costs no time to build', () => {
    const [system, ...others] = layersOf('pgbouncer');
    expect([system?.name, others]).toEqual(['postgres', []]);
    expect(system).toEqual(layersOf('spilo')[0]);
    expect(system?.packages).toContain('pgbouncer');
  });

  test('say that the WAL-G is another one where it is', () => {
    process.env.WALG = process.execPath;
    expect(images()[0]?.standIn).toContain('the WAL-G that $WALG names');
  });

  test('trust the authority of the cluster that they are for, and no other', () => {
    for (const name of ['spilo', 'rclone']) {
      const texts = layersOf(name).flatMap((layer) => Object.entries(layer.texts ?? {}));
      expect(texts).toContainEqual(['etc/ssl/certs/ca-certificates.crt', 'the authority']);
    }
  });

  test('bring the functions that WAL-G 1.1.3 calls, in what initdb runs', () => {
    const additions = layersOf('spilo').flatMap((layer) => Object.entries(layer.additions ?? {}));
    expect(additions).toEqual([
      ['usr/share/postgresql/17/system_functions.sql', expect.stringMatching(/pg_start_backup[^]*pg_stop_backup/)],
    ]);
  });
});

describe('a layer', () => {
  test('is refused where it adds to a file that there is not', async () => {
    const layer = { name: 'test', additions: { 'usr/share/none.sql': 'select 1;' } };
    const written = writeLayer(layer, path.join(folder, 'root'), path.join(folder, 'layer.tar'));
    await expect(written).rejects.toThrow('no such file or directory');
  });
});
