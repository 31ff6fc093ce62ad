import { spawnSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import { fingerprintOf } from './sealing-keys.ts';

const configuration = path.join(import.meta.dirname, 'authority.cnf');

/** A subject has 64 characters at most, of which 17 are the fingerprint's. */
const longestName = 47;

/**
 * The certificate of an authority, in PEM. openssl writes it: it is what makes the sealing key, too. Its subject follows
 * from the key, so that a verifier tells an old authority from the new one of the same name.
 * @throws InputError without openssl
 */
export function selfSigned(name: string, privateKey: Buffer): string {
  const subject = `/CN=${name.slice(0, longestName)} ${fingerprintOf(createPrivateKey(privateKey))}`;
  // Through a pipe of the shell: openssl can't open a standard input that is a socket, and the key never is a file.
  const { status, stdout, stderr, error } = spawnSync(
    'sh',
    [
      ...['-c', 'cat | openssl req -x509 -new -key /dev/stdin "$@"', 'sh'],
      ...['-config', configuration, '-days', '3650', '-subj', subject],
    ],
    { input: privateKey, encoding: 'utf8' },
  );
  if (error === undefined && status === 0) return stdout;
  throw new InputError({
    where: name,
    what: `openssl made no certificate: ${(error?.message ?? stderr).trim()}`,
    allowed: 'openssl 1.1.1 or newer',
    remedy: 'install openssl, and run the same command again',
  });
}
