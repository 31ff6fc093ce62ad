import { execFileSync } from 'node:child_process';
import { createDecipheriv, createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import { looksSealed, open, seal } from '../../../synth/seal/crypto.ts';
import { makePair, temporaryFolder } from './fixture.ts';

const folder = temporaryFolder();
const load = (name: string, algorithm: string) => {
  const { cert, key } = makePair(folder, name, algorithm);
  return {
    publicKey: new X509Certificate(fs.readFileSync(cert)).publicKey,
    keyFile: key,
    privateKey: createPrivateKey(fs.readFileSync(key)),
  };
};
const small = load('small', 'rsa:2048');
const large = load('large', 'rsa:4096');
const value = Buffer.from('grüße "quoted"\n$x');

describe('sealing', () => {
  test.each([
    ['2048', small],
    ['4096', large],
  ])('gives the value back with the private key, RSA %s', (_bits, { publicKey, privateKey }) => {
    expect(open([privateKey], 'shop/backend', seal(publicKey, 'shop/backend', value))).toEqual(value);
  });

  test('finds the right one of several private keys', () => {
    const keys = [large.privateKey, small.privateKey];
    expect(open(keys, 'shop/backend', seal(small.publicKey, 'shop/backend', value))).toEqual(value);
  });

  test.each(['shop/other', 'data/backend', 'shop', ''])('does not open under the label "%s"', (label) => {
    expect(open([small.privateKey], label, seal(small.publicKey, 'shop/backend', value))).toBeUndefined();
  });

  test('does not open with another private key', () => {
    expect(open([large.privateKey], 'a/b', seal(small.publicKey, 'a/b', value))).toBeUndefined();
  });

  test('does not open what was changed', () => {
    const bytes = Buffer.from(seal(small.publicKey, 'a/b', value), 'base64');
    bytes[bytes.length - 17]! ^= 1;
    expect(open([small.privateKey], 'a/b', bytes.toString('base64'))).toBeUndefined();
  });

  test('gives another text each time', () => {
    expect(seal(small.publicKey, 'a/b', value)).not.toBe(seal(small.publicKey, 'a/b', value));
  });

  test('wraps a key of AES-256-GCM without nonce by OAEP with SHA-256, as OpenSSL reads it', () => {
    const bytes = Buffer.from(seal(small.publicKey, 'shop/backend', value), 'base64');
    const oaep = [
      'rsa_padding_mode:oaep',
      'rsa_oaep_md:sha256',
      `rsa_oaep_label:${Buffer.from('shop/backend').toString('hex')}`,
    ];
    const args = ['pkeyutl', '-decrypt', '-inkey', small.keyFile, ...oaep.flatMap((option) => ['-pkeyopt', option])];
    const sessionKey = execFileSync('openssl', args, { input: bytes.subarray(2, 258) });
    const decipher = createDecipheriv('aes-256-gcm', sessionKey, Buffer.alloc(12)).setAuthTag(bytes.subarray(-16));
    expect(Buffer.concat([decipher.update(bytes.subarray(258, -16)), decipher.final()])).toEqual(value);
  });

  test('writes the length of the RSA part first, big endian', () => {
    expect(Buffer.from(seal(large.publicKey, 'a/b', value), 'base64').readUInt16BE(0)).toBe(512);
  });
});

describe('the shape of a sealed value', () => {
  test('is that of what seal() makes, even of an empty value', () => {
    expect(looksSealed(seal(small.publicKey, 'a/b', Buffer.alloc(0)))).toBe(true);
  });

  test.each([
    ['a password', 'correct horse battery staple'],
    ['a password in base64', Buffer.from('hunter2').toString('base64')],
    ['long plain text in base64', Buffer.from('A plain private key. '.repeat(40)).toString('base64')],
    ['a sealed value cut short', seal(small.publicKey, 'a/b', value).slice(0, 200)],
    ['nothing', ''],
  ])('is not that of %s', (_what, text) => {
    expect(looksSealed(text)).toBe(false);
  });
});
