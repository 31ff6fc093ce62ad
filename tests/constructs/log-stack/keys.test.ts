import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { root } from '../../support/committed.ts';

const script = path.join(root, 'constructs/log-stack/files/write-credentials.sh');

function run(keys: Readonly<Record<string, string>>) {
  const folder = fs.mkdtempSync(path.join(process.env.TMPDIR ?? '/tmp', 'diptych-keys-'));
  for (const [name, value] of Object.entries(keys)) fs.writeFileSync(path.join(folder, name), value);
  const { status } = spawnSync('sh', [script], {
    env: {
      PATH: process.env.PATH,
      CREDENTIALS: path.join(folder, 'credentials'),
      ACCESS_KEY_ID_FILE: path.join(folder, 'id'),
      SECRET_ACCESS_KEY_FILE: path.join(folder, 'secret'),
    },
  });
  const file = path.join(folder, 'credentials');
  const written = fs.existsSync(file)
    ? { text: fs.readFileSync(file, 'utf8'), mode: (fs.statSync(file).mode & 0o777).toString(8) }
    : undefined;
  fs.rmSync(folder, { recursive: true });
  return { status, written };
}

test('the keys of the bucket become a file that only Loki may read', () => {
  expect(run({ id: 'AKIA%s', secret: 'se\\nc/ret+' })).toEqual({
    status: 0,
    written: { text: '[default]\naws_access_key_id = AKIA%s\naws_secret_access_key = se\\nc/ret+\n', mode: '600' },
  });
});

test('nothing is written where a key is missing', () => {
  expect(run({ id: 'AKIA' })).toEqual({ status: 1, written: undefined });
});
