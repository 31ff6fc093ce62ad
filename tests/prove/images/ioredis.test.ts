import fs from 'node:fs';
import path from 'node:path';
import { ioredisLayer, ioredisPackages } from '../../../prove/images/recipes/ioredis.ts';
import { root } from '../../support/committed.ts';

const page = fs.readFileSync(path.join(root, 'docs/constructs/redis-sentinel.md'), 'utf8');

test('the drill runs the client that the documentation shows, to the letter', () => {
  const shown = [...page.matchAll(/^```js\n(.*?)^```$/gms)].map(([, code]) => code);
  expect(shown).toEqual([ioredisLayer.texts?.['app/client.js']]);
});

test('the documentation names the version of ioredis that it was measured with', () => {
  const [{ name, version }] = ioredisPackages;
  expect(name).toBe('ioredis');
  expect(page).toContain(`faults with ${version}`);
  expect(page).toContain(`as it is by itself (${version})`);
});

test('packages of npm are pinned by the digest of their archive, each once', () => {
  expect(ioredisPackages.filter(({ integrity }) => !/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity))).toEqual([]);
  expect(new Set(ioredisPackages.map(({ name }) => name)).size).toBe(ioredisPackages.length);
});
