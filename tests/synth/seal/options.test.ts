import { parseOptions } from '../../../synth/seal/options.ts';

const messageOf = (...args: string[]): string => {
  try {
    parseOptions(args);
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
};

describe('the command line', () => {
  test('gives every option its place', () => {
    const files = ['--private-key', 'a', '--private-key=b', '--value-file', 'mail.password=c=d', '--values', '-'];
    expect(
      parseOptions(['--cert', 'c.pem', ...files, '--rotate', 'x', '--skip-human', '--environment', 'staging']),
    ).toEqual({
      mode: 'seal',
      environment: 'staging',
      cert: 'c.pem',
      privateKeys: ['a', 'b'],
      valueFiles: [{ selector: 'mail.password', file: 'c=d' }],
      values: '-',
      rotate: ['x'],
      skipHuman: true,
      check: false,
      json: false,
    });
  });

  test('means production if it names no environment', () => {
    expect(parseOptions(['--status']).environment).toBe('production');
  });

  test.each([
    ['a positional argument', ['--cert', 'c', 'hunter2'], 3],
    ['--value VALUE', ['--cert', 'c', '--value', 'hunter2'], 3],
    ['--value=VALUE', ['--cert', 'c', '--value=hunter2'], 3],
    ['--password VALUE', ['--password', 'hunter2', '--cert', 'c'], 1],
    ['--password=VALUE', ['--cert', 'c', '--password=hunter2'], 3],
    ['any other --NAME=VALUE', ['--cert', 'c', '--mail=hunter2'], 3],
    ['NAME.KEY=VALUE', ['--cert', 'c', 'mail.password=hunter2'], 3],
    ['a text after --', ['--cert', 'c', '--', 'hunter2'], 4],
    ['a short option', ['--cert', 'c', '-p', 'hunter2'], 4],
  ])('refuses %s as a value, with the reason', (_what, args, position) => {
    expect(messageOf(...args)).toContain(
      `argument ${position}: looks like a value; as an argument it stands in the process list`,
    );
  });

  test.each([
    [['--cert', 'c', 'hunter2']],
    [['--cert', 'c', '--hunter2']],
    [['--cert', 'c', '--value=hunter2', '-hunter2']],
    [['--cert', 'c', '--value-file', 'hunter2']],
    [['--cert', 'c', '--value-file', 'mail.password=', '--skip-human=hunter2']],
    [['--cert', 'c', '--environment', 'Hunter2 hunter2']],
  ])('never repeats what it refuses: %j', (args) => {
    expect(messageOf(...args)).toMatch(/^InputError(?!.*hunter2)/s);
  });

  test('tells all that is wrong at once', () => {
    expect(messageOf('--bogus', '--status', '--value', 'x').match(/^(InputError: )?argument/gm)).toHaveLength(3);
  });

  test.each([
    ['an option that does not exist', ['--cert', 'c', '--certificates'], 'argument 3: is no option of this command'],
    ['an option without its text', ['--cert', '--status'], '--cert needs a text'],
    ['an option without its text at the end', ['--cert'], '--cert needs a text'],
    ['an empty text', ['--cert='], '--cert needs a text'],
    ['a text for a switch', ['--status=yes'], '--status takes nothing'],
    ['an option given twice', ['--cert', 'a', '--cert', 'b'], '--cert is given twice'],
    ['no certificate', [], 'the certificate to seal with is not given'],
    ['two modes', ['--status', '--prune'], '--prune has no meaning with --status'],
    ['an option of another mode', ['--cert', 'c', '--json'], '--json has no meaning for sealing'],
    ['a value file without a file', ['--cert', 'c', '--value-file', 'mail.password'], 'number 1, is not NAME.KEY=FILE'],
    ['an environment that leaves its folder', ['--status', '--environment', '../x'], '--environment is not a name'],
  ])('refuses %s', (_what, args, expected) => {
    expect(messageOf(...args)).toContain(expected);
  });

  test('names kubeseal --re-encrypt if --reseal has no private key', () => {
    expect(messageOf('--reseal', '--cert', 'c')).toMatch(/no private key is given[^]*kubeseal --re-encrypt/);
  });
});
