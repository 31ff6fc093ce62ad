import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { RecordedRequest } from '../../../prove/instruments/recorder.ts';
import { changed, momentOf } from '../../../prove/components/backups.ts';
import { differences } from '../../../prove/drills/redis-persist/contents.ts';
import type { Contents } from '../../../prove/drills/redis-persist/contents.ts';
import { span } from '../../../prove/drills/redis-persist/crash.ts';
import { objects, truncateObject } from '../../../prove/stand-ins/object-storage/index.ts';

const contents = (keys: Readonly<Record<string, object>>): Contents =>
  new Map(Object.entries(keys).map(([name, each]) => [name, { type: 'list', end: undefined, checksum: 'a', ...each }]));
const now = new Date(1000);

describe('what a store has after a recovery', () => {
  test('is the same where type, end and contents are', () => {
    const before = contents({ '0 a': {}, '3 a': { end: 2000 } });
    expect(differences(before, contents({ '3 a': { end: 2000 }, '0 a': {} }), now)).toEqual([]);
  });

  test.each([
    ['another type', { a: { type: 'set' } }, 'a has another type'],
    ['another end', { a: { end: 5000 } }, 'a has another end'],
    ['other contents', { a: { checksum: 'b' } }, 'a has another checksum'],
    ['a key less', {}, 'a is missing'],
    ['a key more', { a: {}, b: {} }, 'b should not be there'],
  ])('differs by %s', (_, after, difference) => {
    expect(differences(contents({ a: {} }), contents(after), now)).toEqual([difference]);
  });

  test('lacks what has ended since, and differs where it does not', () => {
    const before = contents({ a: { end: 999 } });
    expect(differences(before, contents({}), now)).toEqual([]);
    expect(differences(before, before, now)).toEqual(['a should not be there']);
  });
});

describe('a backup in its bucket', () => {
  const stored = (size: number) => ({ key: `redis/redis-1/20261129T140503Z-${'0'.repeat(64)}.rdb`, size });

  test('is recovered to the moment in its name', () => {
    expect(momentOf(stored(1))).toBe('2026-11-29T14:05:03Z');
    expect(momentOf({ ...stored(1), key: stored(1).key.replace('.rdb', '.tar.bz2') })).toBe('2026-11-29T14:05:03Z');
    expect(() => momentOf({ key: 'redis/redis-1/other', size: 1 })).toThrow('is not named as a backup');
  });

  test('is changed where it is gone or has another size', () => {
    expect(changed([stored(1)], [stored(1)])).toBe('none');
    expect(changed([stored(1)], [stored(2)])).toBe(stored(1).key);
    expect(changed([stored(1)], [])).toBe(stored(1).key);
  });

  test('is cut to half, and put back as it was', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-cut-'));
    const store = {
      name: 'backups',
      host: 's3.example.com',
      region: 'r',
      bucket: 'b',
      holdsCopies: false,
      address: '',
    };
    const file = path.join(folder, 'world/object-storage/s3.example.com/objects/b/redis/one');
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, 'whole!');
    const putBack = truncateObject({ folder }, store, 'redis/one');
    expect(objects({ folder }, store).map(({ size }) => size)).toEqual([3]);
    putBack();
    expect(fs.readFileSync(file, 'utf8')).toBe('whole!');
    fs.rmSync(folder, { recursive: true });
  });
});

test('writes that are lost span the time from the first to the end of the last', () => {
  const write = (at: number): RecordedRequest => ({ at: new Date(at), ok: true, milliseconds: 20, text: '' });
  expect(span([])).toBe(0);
  expect(span([write(1000), write(1400), write(1200)])).toBe(0.42);
});
