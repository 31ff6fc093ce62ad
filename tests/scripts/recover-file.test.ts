import fs from 'node:fs';
import path from 'node:path';
import { check } from 'prettier';
import { InputError } from '../../constructs/core/error.ts';
import { generationsText, parseGenerations, withGeneration } from '../../scripts/recover/generations-file.ts';
import { root } from '../support/committed.ts';

const to = '2025-11-22 10:00:00+00';
const second = { number: 2, recovery: { from: 1, to } };
const third = { number: 3, recovery: { from: 2 } };
const other = { generations: { postgres: { number: 5 }, orders: { number: 4 } }, copies: { orders: third } };

const after = (text: string): string =>
  generationsText(withGeneration(parseGenerations(text), 'production', 'generations', 'postgres', second));

test('an environment without an entry gets one', () => {
  expect(parseGenerations(after('{}'))).toEqual({ production: { generations: { postgres: second } } });
});

test('the generation of a cluster is replaced, and other clusters stay', () => {
  const production = { generations: { postgres: { number: 1 }, orders: { number: 4 } } };
  expect(parseGenerations(after(generationsText({ production })))).toEqual({
    production: { generations: { postgres: second, orders: { number: 4 } } },
  });
});

test('another environment stays, byte for byte', () => {
  const before = generationsText({ staging: other, production: { generations: { postgres: { number: 1 } } } });
  const part = (text: string): string => text.slice(0, text.indexOf('"production"'));
  expect(part(after(before))).toBe(part(before));
  expect(part(before)).toContain('"staging"');
});

test('copies are a table of their own', () => {
  const all = withGeneration({ production: other }, 'production', 'copies', 'postgres', second);
  expect(all.production).toEqual({ ...other, copies: { orders: third, postgres: second } });
});

test('the text is as prettier would leave it, and the same for the same generations', async () => {
  const text = after(generationsText({ production: other }));
  expect(await check(text, { parser: 'json' })).toBe(true);
  expect(after(text)).toBe(text);
});

test.each([
  ['no JSON', '{ "production": {} '],
  ['marks of a merge', `<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> work\n`],
  ['no object', '5'],
  ['a key that no environment has', '{ "production": { "generation": {} } }'],
  ['a number that is none', '{ "production": { "generations": { "postgres": { "number": "2" } } } }'],
  ['a copy of nothing', '{ "production": { "copies": { "postgres": { "number": 2 } } } }'],
  [
    'a recovery from itself',
    '{ "production": { "generations": { "postgres": { "number": 2, "recovery": { "from": 2 } } } } }',
  ],
])('%s is left to a person', (_, text) => {
  expect(() => parseGenerations(text)).toThrow(InputError);
});

test('the file of this repository is understood', () => {
  const text = fs.readFileSync(path.join(root, 'config/generations.json'), 'utf8');
  expect(parseGenerations(after(text)).production?.generations?.postgres).toEqual(second);
});
