import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from '../../support/committed.ts';

const script = path.join(root, 'constructs/samba-dc/files/dc/certificate.sh');
const files = ['tls.key', 'tls.crt', 'ca.crt'];

let folder: string;
const at = (name: string): string => path.join(folder, name);

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-certificate-'));
  // As the kubelet lays a Secret: what is renewed is another folder, to which one link leads from then on.
  for (const version of ['old', 'new']) {
    fs.mkdirSync(at(`certificate/..${version}`), { recursive: true });
    for (const file of files) fs.writeFileSync(at(`certificate/..${version}/${file}`), version);
  }
  fs.symlinkSync('..old', at('certificate/..data'));
  for (const file of files) fs.symlinkSync(`..data/${file}`, at(`certificate/${file}`));
  fs.mkdirSync(at('bin'));
});
afterEach(() => fs.rmSync(folder, { recursive: true, force: true }));

const take = () =>
  spawnSync('bash', ['-c', '. "$0" && take_certificate', script], {
    encoding: 'utf8',
    env: { PATH: `${at('bin')}:${process.env.PATH ?? ''}`, CERTIFICATE: at('certificate'), RUN: at('run') },
  });
const taken = (): string[] => files.map((file) => fs.readFileSync(at(`run/tls/${file}`), 'utf8'));

test('is taken over with a key that Samba takes', () => {
  expect(take()).toMatchObject({ status: 0, stdout: '' });
  expect(taken()).toEqual(['old', 'old', 'old']);
  expect(fs.statSync(at('run/tls/tls.key')).mode & 0o777).toBe(0o600);
});

test('that is renewed between two of its files is taken over as one: a key is of no other certificate', () => {
  const exchange = `ln -s ..new "$CERTIFICATE/..next"; mv -T "$CERTIFICATE/..next" "$CERTIFICATE/..data"`;
  const text = `#!/bin/bash\ncommand -p install "$@"\n${exchange}\n`;
  fs.writeFileSync(at('bin/install'), text, { mode: 0o755 });
  expect(take().status).toBe(0);
  expect(new Set(taken()).size).toBe(1);
});

test('without one of its files is refused, with the page that says what to do', () => {
  fs.rmSync(at('certificate/..old/ca.crt'));
  expect(take()).toMatchObject({
    status: 1,
    stdout: 'directory: refuses to start: the certificate has no ca.crt: docs/runbooks/directory-certificate.md\n',
  });
});
