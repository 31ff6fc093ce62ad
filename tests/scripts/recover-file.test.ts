import fs from 'node:fs';
import path from 'node:path';
import { check } from 'prettier';
import type { Options } from 'prettier';
import { EnvironmentFile, NotUnderstood } from '../../scripts/recover/environment-file.ts';
import { root } from '../support/committed.ts';

const style = {
  ...(JSON.parse(fs.readFileSync(path.join(root, '.prettierrc.json'), 'utf8')) as Options),
  parser: 'typescript',
} satisfies Options;

const to = '2025-11-22 10:00:00+00';
const second = { number: 2, recovery: { from: 1, to } };

/** A file of config/environments with these lines in its object. */
const file = (...lines: readonly string[]): string =>
  [
    "import type { EnvironmentInput } from '../schema.ts';",
    '',
    '/** Ours. */',
    'export const production: EnvironmentInput = {',
    "  domain: 'example.com', // bought in 2019",
    ...lines,
    "  releases: 'tags', // not branch",
    '  // The end.',
    '};',
    '',
  ].join('\n');

const plain = file();
const written = file(
  '  generations: {',
  '    // Since the fire.',
  '    postgres: { number: 2, recovery: { from: 1 } }, // beside it',
  "    'other-one': { number: 4 },",
  '  },',
);

async function expectClean(text: string): Promise<void> {
  expect([text, await check(text, style)]).toEqual([text, true]);
}

test('a file without generations gets them at its end, and keeps every other byte', async () => {
  const text = new EnvironmentFile(plain).with('generations', 'postgres', second);
  const added = [
    '',
    '  /** Which life each database cluster is in, and what it began from: npm run recover writes it. */',
    '  generations: {',
    '    postgres: {',
    '      number: 2,',
    "      recovery: { from: 1, to: '2025-11-22 10:00:00+00' },",
    '    },',
    '  },',
  ].join('\n');
  expect(text.replace(`\n${added}`, '')).toBe(plain);
  expect(text).toContain(`'tags', // not branch\n${added}\n  // The end.\n};`);
  await expectClean(text);
});

test('the generation of a cluster is replaced, and comments and other clusters stay', async () => {
  const next = { number: 5, recovery: { from: 2, to } };
  const text = new EnvironmentFile(written).with('generations', 'postgres', next);
  expect(text).toBe(
    written.replace(
      '{ number: 2, recovery: { from: 1 } }',
      "{\n      number: 5,\n      recovery: { from: 2, to: '2025-11-22 10:00:00+00' },\n    }",
    ),
  );
  await expectClean(text);
});

test('a recovery to all there is has no moment', () => {
  const text = new EnvironmentFile(plain).with('generations', 'postgres', { number: 2, recovery: { from: 1 } });
  expect(text).toContain('      recovery: { from: 1 },\n');
});

test.each([
  ['an empty table', file('  generations: {},')],
  ['a table on one line', file("  generations: { other: { number: 3 }, 'other-one': { number: 4 } },")],
  ['a table that has another cluster', file('  generations: {', '    other: { number: 3 }, // third', '  },')],
  ['a table without the last comma or a comment', file('  generations: {', '    other: { number: 3 }', '  },')],
  ['a table without the last comma', file('  generations: {', '    other: { number: 3 } // third', '  },')],
  ['its own entry on the line of the table', file('  generations: { postgres: { number: 1 }, other: { number: 3 } },')],
  ['its own entry on several lines', new EnvironmentFile(plain).with('generations', 'postgres', second)],
  [
    'an object that satisfies the type',
    plain.replace(': EnvironmentInput', '').replace('};', '} satisfies EnvironmentInput;'),
  ],
])('%s takes a generation, and all others stay what they are', async (_, text) => {
  const before = new EnvironmentFile(text).table('generations');
  const third = { number: 7, recovery: { from: 3, to } };
  const changed = new EnvironmentFile(text).with('generations', 'postgres', third);
  expect(new EnvironmentFile(changed).table('generations')).toEqual({ ...before, postgres: third });
  // What prettier would do to a file that it has never seen is not ours to guess.
  if (await check(text, style)) await expectClean(changed);
});

test('comments beside the entries of a table stay', () => {
  const text = file('  generations: {', '    other: { number: 3 }, // third', '  },');
  expect(new EnvironmentFile(text).with('generations', 'postgres', second)).toContain('number: 3 }, // third\n');
});

test('a name that needs quotes gets them', async () => {
  const text = new EnvironmentFile(plain).with('copies', 'shop-postgres', second);
  expect(text).toContain("    'shop-postgres': {\n");
  await expectClean(text);
});

test('copies are a table of their own', () => {
  const text = new EnvironmentFile(written).with('copies', 'postgres', { number: 5, recovery: { from: 2, to } });
  const changed = new EnvironmentFile(text);
  expect([changed.table('generations').postgres?.number, changed.table('copies').postgres?.number]).toEqual([2, 5]);
});

test.each([
  ['a syntax error', plain.replace('};', '}}')],
  ['no exported object', plain.replace('export ', '')],
  ['two exported objects', `${plain}export const staging = { domain: 'b.example.com' };\n`],
  ['a function that makes the object', plain.replace('= {', '= make({').replace('};', '});')],
  ['properties of another object', file('  ...others,')],
  ['a computed name', file("  ['generations']: {},")],
  ['a generation that is computed', file('  generations: { postgres: { number: 1 + 1 } },')],
  ['a generation from elsewhere', file('  generations: { postgres },')],
  ['a table from elsewhere', file('  generations: table,')],
  [
    'a comment that would be lost',
    file('  generations: {', '    postgres: {', '      number: 1, // first', '    },', '  },'),
  ],
  ['a comment on the line of the table', file('  generations: { other: { number: 3 /* third */ } },')],
])('%s is left to a person', (_, text) => {
  expect(() => new EnvironmentFile(text).with('generations', 'postgres', second)).toThrow(NotUnderstood);
});

test('the file of this repository is understood', () => {
  const text = fs.readFileSync(path.join(root, 'config/environments/production.ts'), 'utf8');
  const changed = new EnvironmentFile(text).with('generations', 'postgres', second);
  expect(new EnvironmentFile(changed).table('generations').postgres).toEqual(second);
});
