import fs from 'node:fs';
import path from 'node:path';
import { kinds } from '../../scripts/recover/kinds.ts';
import { parseOptions } from '../../scripts/recover/options.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { root } from '../support/committed.ts';
import { dry, Recovery } from './recovery.ts';

const text = fs.readFileSync(path.join(root, kinds.pg.runbook), 'utf8');
const inBlocks = [...text.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].flatMap(([, block = '']) => block.split('\n'));
const lines = inBlocks.map((line) => line.trim()).filter((line) => line !== '');
/** Every command that the page names, in blocks and in the text. */
const commands = [
  ...lines,
  ...[...text.matchAll(/`((?:npm|kubectl|argocd|git) [^`\n]*)`/g)].map(([, line = '']) => line),
];

test('names only scripts that package.json has', () => {
  const { scripts } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8')) as { scripts: object };
  const named = commands.flatMap((line) => [...line.matchAll(/npm run (\S+)/g)].map(([, script = '']) => script));
  expect(new Set(named)).toEqual(new Set(['archives', 'recover', 'release', 'synth']));
  expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
});

test('names only options that the command takes', () => {
  const calls = commands.filter((line) => line.startsWith('npm run recover -- ') && !line.endsWith('--help'));
  const now = new Date('2030-01-01T00:00:00Z');
  const read = calls.map((line) => parseOptions(line.split(' ').slice(4), now));
  expect(calls.length).toBeGreaterThan(3);
  expect(read).toContainEqual(expect.objectContaining({ beside: true, to: '2026-11-22 10:00:00+00' }));
  expect(read).toContainEqual(expect.objectContaining({ from: 1, to: undefined }));
});

describe('with the names of the example', () => {
  let recovery: Recovery;
  beforeEach(() => {
    recovery = new Recovery();
  });
  afterEach(() => {
    recovery.repository.remove();
  });

  test.each(['pg --to 2025-11-22T10:00:00Z', 'pg --to latest', 'pg --to 2025-11-22T10:00:00Z --beside'])(
    'has each command that "%s" prints',
    async (args) => {
      const printed = (await recovery.steps(args)).flatMap((step) => step.commands);
      expect(printed.length).toBeGreaterThan(10);
      // The page has one database for all that there may be.
      const asExample = printed.map((command) => command.replace(/ -d \w+$/, ' -d shop'));
      expect(asExample.filter((command) => !commands.includes(command))).toEqual([]);
    },
  );

  test('has the lines that the log is said to have', async () => {
    const [watch] = (await recovery.steps('pg --to latest')).filter((step) => step.text.startsWith('Watch'));
    const logged = watch!.notes
      .filter((note) => note.startsWith('  '))
      .map((note) => note.trim().split('"')[0]!.trim());
    expect(logged.length).toBeGreaterThan(3);
    const other = /^(starting|bootstrap)/;
    expect(logged.filter((line) => !other.test(line) && !text.includes(line))).toEqual([]);
  });
});

test('names containers that the members have', () => {
  const { dist } = dry({ generations: {}, copies: {} }).collection;
  const { manifest } = dist.find(({ path: name }) => name === 'data/statefulset-postgres.yaml')!;
  const containers = podTemplateOf(manifest)!.spec!.containers.map(({ name }) => name);
  const named = commands.flatMap((line) =>
    [...line.matchAll(/ -c (agent|postgres|exporter|\w+) (?:--|$)/g)].map(([, name = '']) => name),
  );
  expect(new Set(named)).toEqual(new Set(['agent', 'postgres']));
  expect([...new Set(named)].filter((name) => !containers.includes(name))).toEqual([]);
});
