import { execFileSync } from 'node:child_process';
import { createHash, createPublicKey } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { fingerprintOf, readCertificate, readPrivateKeys } from '../../../synth/seal/sealing-keys.ts';
import { makePair, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const pair = makePair(folder, 'first');
const other = makePair(folder, 'second');
const now = new Date('2026-11-23T12:00:00Z');
const write = (name: string, content: string): string => {
  fs.writeFileSync(path.join(folder, name), content);
  return path.join(folder, name);
};
const messageOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    return `${(error as Error).name}: ${(error as Error).message}`;
  }
  return 'nothing was thrown';
};

describe('the certificate', () => {
  test('is known by the SHA-256 of its public key', () => {
    const der = createPublicKey(fs.readFileSync(pair.cert)).export({ format: 'der', type: 'spki' });
    const digest = createHash('sha256').update(der).digest('hex').slice(0, 16);
    expect(readCertificate(pair.cert, now).fingerprint).toBe(digest);
  });

  test('has the fingerprint of its private key', () => {
    expect(readPrivateKeys([pair.key]).map(fingerprintOf)).toEqual([readCertificate(pair.cert, now).fingerprint]);
  });

  test('is refused once it has expired', () => {
    expect(messageOf(() => readCertificate(pair.cert, new Date('2126-01-01')))).toMatch(
      /^InputError: --cert: expired on 20/,
    );
  });

  test('is refused if its key is not RSA', () => {
    const { cert } = makePair(folder, 'curve', 'ec');
    expect(messageOf(() => readCertificate(cert, now))).toMatch(
      /^InputError: --cert: carries a key of type ec, not RSA/,
    );
  });

  test('is refused if its key is short', () => {
    const { cert } = makePair(folder, 'short', 'rsa:1024');
    expect(messageOf(() => readCertificate(cert, now))).toMatch(/^InputError: --cert: carries an RSA key of 1024 bits/);
  });

  test('is refused if it is a private key', () => {
    expect(messageOf(() => readCertificate(pair.key, now))).toMatch(/^InputError: --cert: is a private key/);
  });

  test('is refused if a private key stands beside it', () => {
    const both = write('both.pem', fs.readFileSync(pair.cert, 'utf8') + fs.readFileSync(pair.key, 'utf8'));
    expect(messageOf(() => readCertificate(both, now))).toMatch(/^InputError: --cert: is a private key/);
  });

  test('that is a private key is not repeated', () => {
    const line = fs.readFileSync(pair.key, 'utf8').split('\n')[1]!;
    expect(messageOf(() => readCertificate(pair.key, now))).not.toContain(line);
  });

  test.each(['hunter2', '-----BEGIN CERTIFICATE-----\nhunter2\n-----END CERTIFICATE-----\n', ''])(
    'is refused if it does not parse, and not repeated: %j',
    (content) => {
      const message = messageOf(() => readCertificate(write('broken.pem', content), now));
      expect(message.replace('hunter2', 'LEAK')).toMatch(
        /^InputError: --cert: does not parse as a certificate\n(?!.*LEAK)/s,
      );
    },
  );

  test('is refused if there is no such file', () => {
    expect(messageOf(() => readCertificate(path.join(folder, 'none'), now))).toMatch(
      /^InputError: --cert: can't be read: ENOENT/,
    );
  });
});

describe('private keys', () => {
  test('are read from several files and several blocks of one file', () => {
    const both = write('keys.pem', fs.readFileSync(pair.key, 'utf8') + fs.readFileSync(other.key, 'utf8'));
    const fingerprints = [pair, other, pair].map(({ cert }) => readCertificate(cert, now).fingerprint);
    expect(readPrivateKeys([both, pair.key]).map(fingerprintOf)).toEqual(fingerprints);
  });

  test.each([
    ['a certificate', () => pair.cert, /number 1: holds no private key/],
    ['something else', () => write('text.pem', 'hunter2'), /number 1: holds no private key in PEM/],
    ['a key on a curve', () => makePair(folder, 'curve', 'ec').key, /number 1: holds a key of type ec, not RSA/],
    ['an encrypted key', () => encrypted(), /number 1: holds a private key that does not parse, or is encrypted/],
    ['no file', () => path.join(folder, 'none'), /number 1: can't be read: ENOENT/],
  ])('are refused if the file holds %s', (_what, file, expected) => {
    expect(messageOf(() => readPrivateKeys([file()]))).toMatch(expected);
  });

  test('given in place of a file name are not repeated', () => {
    expect(messageOf(() => readPrivateKeys(['MIIEvQIBADANBgkq']))).not.toContain('MIIEv');
  });
});

function encrypted(): string {
  const file = path.join(folder, 'encrypted.pem');
  execFileSync('openssl', ['pkcs8', '-topk8', '-in', pair.key, '-out', file, '-passout', 'pass:abcd']);
  return file;
}
