import { consumers, scripts } from '../../../constructs/patroni-cluster/scripts.ts';

test.each(Object.entries(consumers))('the pods of %s have every script that theirs call', (_, paths) => {
  const files = scripts(paths);
  const called = Object.values(files).flatMap((text) => [
    ...text.matchAll(/(?:\$here|\$\(dirname "\$0"\))\/([\w.-]+)/g),
  ]);
  expect(Object.keys(files)).toEqual(expect.arrayContaining(called.map(([, name]) => name)));
});

test('the pods of member have scripts that call others', () => {
  expect(Object.values(scripts(consumers.member)).join('')).toMatch(/\$\(dirname "\$0"\)\/walg\.sh/);
});
