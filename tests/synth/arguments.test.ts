import fs from 'node:fs';
import path from 'node:path';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import { root } from '../support/committed.ts';

const options = {
  environment: { type: 'string' },
  accept: { type: 'string', multiple: true },
  'dry-run': { type: 'boolean' },
} as const;

function said(...args: readonly string[]): readonly [number, string] {
  let text = '';
  const output = { write: (part: string) => (text += part) };
  const code = runCommand(
    'HELP',
    () => {
      text = JSON.stringify(parseArguments({ args: [...args], options }).values);
      return 0;
    },
    { stdout: output, stderr: output },
  );
  return [code, text];
}

test('an option that is given twice is refused: the last would win without a word', () => {
  const twice = "Option '--environment' is given twice\n\nHELP";
  expect(said('--environment', 'production', '--environment=three-node')).toEqual([2, twice]);
  expect(said('--dry-run', '--dry-run')).toEqual([2, "Option '--dry-run' is given twice\n\nHELP"]);
});

test('what may be there several times, and all others once, are taken', () => {
  const [code, text] = said('--accept', 'a', '--accept', 'b', '--dry-run');
  expect([code, JSON.parse(text)]).toEqual([0, { accept: ['a', 'b'], 'dry-run': true }]);
});

test('what is not declared is told with the help', () => {
  expect(
    [said('-x'), said('foo'), said('--from', '-1')].map(([code, text]) => [code, text.split('\n').at(-1)]),
  ).toEqual([
    [2, 'HELP'],
    [2, 'HELP'],
    [2, 'HELP'],
  ]);
});

test('the help that a command asks for is printed as what it was called for', async () => {
  for (const command of [() => 'help' as const, () => Promise.resolve('help' as const)]) {
    const [out, error]: [string[], string[]] = [[], []];
    const output = {
      stdout: { write: (text: string) => out.push(text) },
      stderr: { write: (text: string) => error.push(text) },
    };
    expect([await runCommand('HELP', command as () => Promise<'help'>, output), out, error]).toEqual([0, ['HELP'], []]);
  }
});

test('every command reads its arguments so, or tells of them itself', () => {
  const sources = ['scripts', 'synth', 'prove', 'bench'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .map((file) => `${folder}/${file}`),
  );
  const direct = sources.filter((file) => /\bparseArgs\(/.test(fs.readFileSync(path.join(root, file), 'utf8')));
  expect(direct.sort()).toEqual(['synth/arguments.ts', 'synth/seal/options.ts']);
});
