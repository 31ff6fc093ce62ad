import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../../support/committed.ts';
import { until } from '../../support/until.ts';

const files = ['tls.key', 'tls.crt', 'ca.crt'];

let folder: string;
const at = (name: string): string => path.join(folder, name);

/** As the kubelet does: a folder with all files, and a link that is replaced at once. */
function renew(which: string): void {
  fs.mkdirSync(at(`certificate/..${which}`));
  for (const file of files) fs.writeFileSync(at(`certificate/..${which}/${file}`), which);
  fs.symlinkSync(`..${which}`, at('certificate/..new'));
  fs.renameSync(at('certificate/..new'), at('certificate/..data'));
}

const served = (): string[] => files.map((file) => fs.readFileSync(at(`run/tls/${file}`), 'utf8'));

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-keep-'));
  for (const name of ['bin', 'certificate', 'data', 'run', 'told', 'volume/domain']) {
    fs.mkdirSync(at(name), { recursive: true });
  }
  fs.cpSync(path.join(root, 'constructs/samba-dc/files/dc'), at('scripts'), { recursive: true });
  renew('first');
  for (const file of files) fs.symlinkSync(`..data/${file}`, at(`certificate/${file}`));
  fs.writeFileSync(at('data/directory.json'), '{}');
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

const environment = (): NodeJS.ProcessEnv => ({
  PATH: `${at('bin')}:${process.env.PATH ?? ''}`,
  ...{ CERTIFICATE: at('certificate'), DATA: at('data'), RUN: at('run'), TOLD: at('told'), VOLUME: at('volume') },
  ...{ KEEP_SECONDS: '0.1', HERE: at('scripts'), FOLDER: folder },
});
const program = (name: string, text: string): void =>
  fs.writeFileSync(at(name), `#!/bin/bash\n${text}\n`, { mode: 0o755 });
const take = () =>
  spawnSync('bash', ['-c', '. "$HERE/certificate.sh"; take_certificate'], { env: environment(), encoding: 'utf8' });

test('a certificate is taken as a whole where another one comes in the middle of it', () => {
  fs.mkdirSync(at('certificate/..second'));
  for (const file of files) fs.writeFileSync(at(`certificate/..second/${file}`), 'second');
  program('bin/install', '/usr/bin/install "$@" && ln -sfn ..second "$FOLDER/certificate/..data"');
  expect(take().status).toBe(0);
  expect(served()).toEqual(['first', 'first', 'first']);
});

test('a certificate of which a file is missing is not taken, and said', () => {
  fs.rmSync(at('certificate/..first/tls.key'));
  const { status, stdout } = take();
  expect(status).toBe(1);
  expect(stdout).toContain('the certificate has no tls.key');
});

describe('beside the server', () => {
  let said = '';
  let child: ReturnType<typeof spawn>;
  const says = (words: string): Promise<void> =>
    until(
      () => said.includes(words),
      () => `"${words}" in:\n${said}`,
    );

  beforeEach(() => {
    said = '';
    program('bin/smbcontrol', 'echo "$*"; [ ! -e "$FOLDER/deaf" ]');
    fs.writeFileSync(
      at('scripts/reconcile.py'),
      'import os, sys\nfrom pathlib import Path\nbroken = (Path(os.environ["FOLDER"]) / "broken").exists()\n' +
        'print("failed" if broken else "applied", flush=True)\nsys.exit(1 if broken else 0)\n',
    );
    take();
    child = spawn('bash', [at('scripts/keep.sh')], { env: environment(), detached: true });
    child.stdout?.on('data', (text) => (said += String(text)));
    child.stderr?.on('data', (text) => (said += String(text)));
  });
  afterEach(async () => {
    const ended = new Promise((resolve) => child.once('close', resolve));
    process.kill(-child.pid!, 'SIGKILL');
    await ended;
  });

  test('a renewed certificate is taken, and the server told until it has heard', async () => {
    await says('applied');
    fs.writeFileSync(at('deaf'), '');
    renew('second');
    await says('ldap_server reload-certs\nldap_server reload-certs\n');
    expect(said).not.toContain('was renewed');
    fs.rmSync(at('deaf'));
    await says('directory: the certificate was renewed');
    expect(served()).toEqual(['second', 'second', 'second']);
  });

  test('data that was applied once is applied again when it changes, and not before', async () => {
    await says('applied');
    await until(
      () => fs.existsSync(at('volume/domain/applied')),
      () => said,
    );
    fs.writeFileSync(at('data/directory.json'), '{"zone": "x"}');
    await says('applied\napplied\n');
    expect(said).toBe('applied\napplied\n');
  });

  test('data that can not be applied is tried again, and the exporter told until it is', async () => {
    await says('applied');
    fs.writeFileSync(at('broken'), '');
    fs.writeFileSync(at('data/directory.json'), '{"zone": "x"}');
    await says('failed\nfailed\n');
    expect(fs.existsSync(at('told/not-applied'))).toBe(true);
    fs.rmSync(at('broken'));
    await until(
      () => !fs.existsSync(at('told/not-applied')),
      () => said,
    );
  });
});
