import fs from 'node:fs';
import path from 'node:path';
import { consumers } from '../../../constructs/patroni-cluster/config-files.ts';
import { root } from '../../support/committed.ts';

const textOf = (file: string): string =>
  fs.readFileSync(path.join(root, 'constructs/patroni-cluster/files', file), 'utf8');

test.each(Object.entries(consumers))('the pods of %s have every script that theirs call', (_, paths) => {
  const called = paths.flatMap((file) => [...textOf(file).matchAll(/(?:\$here|\$\(dirname "\$0"\))\/([\w.-]+)/g)]);
  const names = paths.map((file) => path.basename(file));
  expect(names).toEqual(expect.arrayContaining(called.map(([, name]) => name)));
});

test('the pods of members have scripts that call others', () => {
  expect(consumers.members.map(textOf).join('')).toMatch(/\$\(dirname "\$0"\)\/walg\.sh/);
});
