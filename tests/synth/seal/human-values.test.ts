import fs from 'node:fs';
import { valueProblem } from '../../../synth/seal/human-values.ts';
import { partsOf } from '../../../synth/seal/inventory.ts';
import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'controller');
const cert = ['--cert', pair.cert];

const mail = entry('mail', {
  keys: {
    password: { kind: 'human', prompt: 'Password of the mail account', minimumLength: 8 },
    user: { kind: 'human', prompt: 'Name of the mail account' },
  },
  copies: copiesIn('shop', 'data'),
});
const given = '{"mail":{"password":"hunter2hunter2","user":"grüße"}}';
const pulling = (registry: string) =>
  partsOf(entry('pull', { keys: { x: { kind: 'human', prompt: 'X', dockerConfigOf: registry } } }))[0]!;
const leading = (urlAt: string) => partsOf(entry('hook', { keys: { x: { kind: 'human', prompt: 'X', urlAt } } }))[0]!;
let repository: Repository;

beforeEach(() => {
  repository = new Repository(mail, entry('backend'));
});

describe('values in files', () => {
  test('are sealed from JSON that is piped in', async () => {
    await repository.run([...cert, '--values', '-'], { piped: given });
    expect(repository.values(pair, 'data', 'mail')).toEqual({ password: 'hunter2hunter2', user: 'grüße' });
  });

  test('are sealed from a JSON file', async () => {
    await repository.run([...cert, '--values', repository.file('values.json', given)]);
    expect(repository.values(pair, 'shop', 'mail')).toEqual({ password: 'hunter2hunter2', user: 'grüße' });
  });

  test.each([
    ['hunter2hunter2\n', 'hunter2hunter2'],
    ['hunter2hunter2\r\n', 'hunter2hunter2'],
    ['hunter2hunter2\n\n', 'hunter2hunter2\n'],
    ['hunter2hunter2', 'hunter2hunter2'],
  ])('lose one line end of %j', async (content, expected) => {
    const args = ['--value-file', `mail.password=${repository.file('value', content)}`, '--skip-human'];
    await repository.run([...cert, ...args]);
    expect(repository.values(pair, 'shop', 'mail')).toEqual({ password: expected });
  });

  test('lose the mark of UTF-8 that some editors write first', async () => {
    const args = ['--value-file', `mail.password=${repository.file('value', '\uFEFFhunter2hunter2\r\n')}`];
    await repository.run([...cert, ...args, '--skip-human']);
    expect(repository.values(pair, 'shop', 'mail')).toEqual({ password: 'hunter2hunter2' });
  });

  test('are sealed from JSON with such a mark', async () => {
    await repository.run([...cert, '--values', repository.file('values.json', `\uFEFF${given}`)]);
    expect(repository.values(pair, 'shop', 'mail')).toEqual({ password: 'hunter2hunter2', user: 'grüße' });
  });

  test('are refused in UTF-16, as PowerShell writes them', async () => {
    const file = repository.file('value', '');
    fs.writeFileSync(file, Buffer.from('\uFEFFhunter2hunter2', 'utf16le'));
    const { code, err } = await repository.run([...cert, '--value-file', `mail.password=${file}`, '--skip-human']);
    expect([code, err]).toEqual([1, expect.stringContaining('mail.password: its value is no text in UTF-8')]);
  });

  test('come from both kinds of file together', async () => {
    const json = repository.file('values.json', '{"mail":{"user":"alice"}}');
    const args = ['--value-file', `mail.password=${repository.file('value', 'hunter2hunter2')}`, '--values', json];
    await repository.run([...cert, ...args]);
    expect(repository.values(pair, 'shop', 'mail')).toEqual({ password: 'hunter2hunter2', user: 'alice' });
  });

  test('appear in no output and no file', async () => {
    const { out, err } = await repository.run([...cert, '--values', '-'], { piped: given });
    expect(out + err + JSON.stringify(repository.secrets())).not.toMatch(/hunter2|grüße|aHVudGVy/);
  });

  test('change nothing once they are sealed, and say how they would', async () => {
    await repository.run([...cert, '--values', '-'], { piped: given });
    const before = repository.secrets();
    const { out } = await repository.run([...cert, '--values', '-'], { piped: '{"mail":{"user":"bob"}}' });
    expect([out, repository.secrets()]).toEqual([
      'nothing to seal\nkept mail.user as it is sealed; --rotate mail.user takes the new value\n',
      before,
    ]);
  });

  test('are taken by --rotate', async () => {
    await repository.run([...cert, '--values', '-'], { piped: given });
    await repository.run([...cert, '--rotate', 'mail.user', '--values', '-'], { piped: '{"mail":{"user":"bob"}}' });
    expect(repository.values(pair, 'data', 'mail')).toEqual({ password: 'hunter2hunter2', user: 'bob' });
  });

  test.each([
    ['no JSON', 'hunter2', '--values: does not parse as JSON'],
    ['a list', '["hunter2"]', '--values: is not an object of objects'],
    ['a secret that is a text', '{"mail":"hunter2"}', '--values, secret 1: is not an object'],
    ['a value that is not text', '{"mail":{"user":{"hunter2":1}}}', '--values, secret 1, key 1: its value is not text'],
    ['an unknown secret', '{"hunter2":{"user":"x"}}', '--values, secret 1, key 1: names no human value'],
    ['an unknown key', '{"mail":{"user":"x","hunter2":"x"}}', '--values, secret 1, key 2: names no human value'],
    ['a generated key', '{"backend":{"password":"hunter2"}}', '--values, secret 1, key 1: names no human value'],
    ['a short value', '{"mail":{"password":"hunter2"}}', 'mail.password: its value is shorter than 8 characters'],
    ['an empty value', '{"mail":{"user":""}}', 'mail.user: its value is empty'],
  ])('are refused without being repeated: %s', async (_what, piped, expected) => {
    const { code, out, err } = await repository.run([...cert, '--values', '-', '--skip-human'], { piped });
    expect([code, out, err.replace('hunter2', 'LEAK'), repository.secrets()]).toEqual([
      1,
      '',
      expect.stringMatching(new RegExp(`^${expected}(?!.*LEAK)`, 's')),
      {},
    ]);
  });

  test.each(['sec ret-key', 'secret-key\n\nline2', 'secret-k\u00eby', 'secret-key\t'])(
    'of keys are refused that no service would take: %j',
    async (value) => {
      const keys = entry('s3', { keys: { key: { kind: 'human', prompt: 'Key', word: true } } });
      const { code, err } = await new Repository(keys).run([...cert, '--values', '-'], {
        piped: JSON.stringify({ s3: { key: value } }),
      });
      expect([code, err]).toEqual([
        1,
        expect.stringContaining('s3.key: its value has a space, a line end or a letter'),
      ]);
    },
  );
  test.each([
    ['other text', 'hunter2'],
    ['an empty object', '{}'],
    ['no list of registries', '{"auths":["hunter2"]}'],
    ['another registry', '{"auths":{"hunter2.io":{"auth":"hunter2"}}}'],
    ['a registry without a password', '{"auths":{"ghcr.io":{}}}'],
  ])('that nodes pull with are refused without being repeated: %s', (_what, text) => {
    const problem = valueProblem(pulling('ghcr.io'), Buffer.from(text));
    expect(problem).toBe('is no {"auths":{"ghcr.io":{"auth":"..."}}}');
  });

  test.each([
    ['ghcr.io', 'ghcr.io'],
    ['https://ghcr.io/v2/', 'ghcr.io'],
    ['https://index.docker.io/v1/', 'docker.io'],
  ])('that nodes pull with may name %s', (name, registry) => {
    const text = JSON.stringify({ auths: { [name]: { auth: 'dTpw' } } });
    expect(valueProblem(pulling(registry), Buffer.from(text))).toBeUndefined();
  });

  test.each([
    ['a word', 'hunter2hunter2'],
    ['a URL without TLS', 'http://alerts.example.net/hunter2'],
    ['a URL of another host', 'https://alerts.example.net.hunter2.io/'],
    ['a URL of another port', 'https://alerts.example.net:8443/hunter2'],
  ])('that are URLs of a host are refused without being repeated: %s', (_what, text) => {
    const problem = valueProblem(leading('alerts.example.net'), Buffer.from(text));
    expect(problem).toBe('is no URL such as https://alerts.example.net/...');
  });

  test('that are URLs of a host may have any path', () => {
    const value = Buffer.from('https://alerts.example.net/services/T0/x?token=y');
    expect(valueProblem(leading('alerts.example.net'), value)).toBeUndefined();
  });

  test('count characters, not bytes', async () => {
    const { err } = await repository.run([...cert, '--values', '-'], {
      piped: '{"mail":{"password":"ääää","user":"x"}}',
    });
    expect(err).toContain('its value is shorter than 8 characters');
  });

  test('are refused if one is given twice', async () => {
    const args = ['--value-file', `mail.user=${repository.file('value', 'x')}`, '--values', '-'];
    expect((await repository.run([...cert, ...args], { piped: given })).err).toContain('mail.user: is given twice');
  });

  test.each([
    ['--value-file', 'mail.password=hunter2', "the file for mail.password can't be read: ENOENT"],
    ['--value-file', 'hunter2.password=x', '--value-file, number 1: names no human value'],
    ['--value-file', 'backend.password=hunter2', '--value-file, number 1: names no human value'],
    ['--value-file', 'mail=hunter2', '--value-file, number 1: names no human value'],
    ['--values', 'hunter2', "--values: can't be read: ENOENT"],
  ])('are not repeated if they stand in the place of a file: %s %s', async (option, text, expected) => {
    const { code, err } = await repository.run([...cert, option, text]);
    expect([code, err.replace('hunter2', 'LEAK')]).toEqual([1, expect.stringContaining(expected)]);
    expect(err).not.toContain('hunter2');
  });

  test('are not read from a terminal that would echo them', async () => {
    const { err } = await repository.run([...cert, '--values', '-'], { typed: [] });
    expect(err).toContain('--values: would echo what is typed on the terminal');
  });
});

describe('values that nobody gives, without a terminal', () => {
  test('are listed by name, and nothing is sealed', async () => {
    const { code, err } = await repository.run(cert);
    expect([code, err, repository.secrets()]).toEqual([
      1,
      expect.stringMatching(/^mail\.password, mail\.user: human values are missing, and there is no terminal/),
      {},
    ]);
  });

  test('are reported by --skip-human, which seals the rest', async () => {
    const { code, out } = await repository.run([...cert, '--skip-human']);
    expect([code, out, Object.keys(repository.secrets())]).toEqual([
      0,
      'wrote secrets/production/shop/backend.yaml\n' +
        'skipped mail.password: a human value that is still missing\n' +
        'skipped mail.user: a human value that is still missing\n',
      ['production/shop/backend.yaml'],
    ]);
  });

  test('keep what is sealed if --rotate is skipped', async () => {
    await repository.run([...cert, '--values', '-'], { piped: given });
    await repository.run([...cert, '--rotate', 'mail', '--skip-human']);
    expect(repository.values(pair, 'shop', 'mail')).toEqual({ password: 'hunter2hunter2', user: 'grüße' });
  });
});

describe('values asked for on a terminal', () => {
  const typed = ['hunter2hunter2', 'hunter2hunter2', 'alice', 'alice'];

  test('are sealed in all copies', async () => {
    await repository.run(cert, { typed });
    const expected = { password: 'hunter2hunter2', user: 'alice' };
    expect([repository.values(pair, 'shop', 'mail'), repository.values(pair, 'data', 'mail')]).toEqual([
      expected,
      expected,
    ]);
  });

  test('are asked for twice each, on stderr, without echo', async () => {
    expect((await repository.run(cert, { typed })).err).toBe(
      'Password of the mail account (mail.password): \nonce more: \nName of the mail account (mail.user): \nonce more: \n',
    );
  });

  test('are asked for again if the two differ', async () => {
    const { err } = await repository.run(cert, { typed: ['differs-once', 'differs-twice', ...typed] });
    expect([err, repository.values(pair, 'shop', 'mail').password]).toEqual([
      expect.stringContaining('once more: \nThe two differ. Password of the mail account (mail.password): '),
      'hunter2hunter2',
    ]);
  });

  test('are asked for again if they are too short', async () => {
    const { err } = await repository.run(cert, { typed: ['hunter2', ...typed] });
    expect(err).toContain('\nThe value is shorter than 8 characters. Password of the mail account');
  });

  test('are asked for only if no file gives them', async () => {
    const args = ['--value-file', `mail.password=${repository.file('value', 'hunter2hunter2')}`];
    expect((await repository.run([...cert, ...args], { typed: ['alice', 'alice'] })).err).toBe(
      'Name of the mail account (mail.user): \nonce more: \n',
    );
  });

  test('are not asked for with --skip-human', async () => {
    expect((await repository.run([...cert, '--skip-human'], { typed: [] })).err).toBe('');
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
  ])('leave everything as it was on %s', async (_what, key) => {
    const { code, err } = await repository.run(cert, { typed: ['hunter2hunter2', 'hunter2hunter2', key] });
    expect([code, err, repository.secrets()]).toEqual([
      130,
      expect.stringMatching(/interrupted: nothing was written\n$/),
      {},
    ]);
  });

  test('are not asked for if the run would be refused for another reason', async () => {
    await repository.run([...cert, '--skip-human']);
    repository.inventory = [mail, entry('backend', { copies: copiesIn('shop', 'data') })];
    expect((await repository.run(cert, { typed: [] })).err).toMatch(/^backend\.password: password of data\/backend/);
  });
});
