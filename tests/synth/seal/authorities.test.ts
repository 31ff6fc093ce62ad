import { execFileSync } from 'node:child_process';
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { certificatesOf, readAuthorities } from '../../../config/authorities.ts';
import { InputError } from '../../../constructs/core/error.ts';
import { selfSigned } from '../../../synth/seal/authority.ts';
import { copiesIn, entry, makePair, Repository, temporaryFolder } from './fixture.ts';

const pair = makePair(temporaryFolder(), 'controller');
const cert = ['--cert', pair.cert];
const file = 'production/postgres-ca.crt';
const authority = entry('postgres-ca', {
  type: 'kubernetes.io/tls',
  keys: { 'tls.key': { kind: 'authority', certificate: 'tls.crt' } },
  copies: copiesIn('data'),
});

async function sealed(...args: readonly string[]): Promise<Repository> {
  const repository = new Repository(authority);
  await repository.run([...cert, ...args]);
  return repository;
}

const values = (repository: Repository) => repository.values(pair, 'data', 'postgres-ca');
const inTheClear = (repository: Repository): string => repository.secrets()[file] ?? '';
const daysLater = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);

describe('an authority', () => {
  let repository: Repository;

  beforeAll(async () => {
    repository = await sealed();
  });

  test('is a private key and the certificate that it signed itself', () => {
    const certificate = new X509Certificate(values(repository)['tls.crt']!);
    const key = createPrivateKey(values(repository)['tls.key']!);
    expect([certificate.ca, certificate.checkPrivateKey(key), certificate.verify(certificate.publicKey)]).toEqual([
      true,
      true,
      true,
    ]);
  });

  test('lasts ten years', () => {
    const { validFrom, validTo } = new X509Certificate(inTheClear(repository));
    expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(3650 * 86_400_000);
  });

  test('has its certificate in the clear, where clients get it from', () => {
    expect(inTheClear(repository)).toBe(values(repository)['tls.crt']);
    expect(readAuthorities(repository.root, 'production')).toEqual(new Map([['postgres-ca', inTheClear(repository)]]));
  });

  test('has no private key in the clear', () => {
    expect(Object.values(repository.secrets()).join('')).not.toContain('PRIVATE KEY');
  });

  test('is left as it is by the next run', async () => {
    const before = repository.secrets();
    expect((await repository.run(cert)).out).toBe('nothing to seal\n');
    expect(repository.secrets()).toEqual(before);
  });

  test('is listed with both halves', async () => {
    const { out } = await repository.run(['--status']);
    expect(out).toMatch(/postgres-ca +tls\.key +authority +data +sealed/);
    expect(out).toMatch(/postgres-ca +tls\.crt +public half of tls\.key +data +sealed/);
  });
});

describe('a new authority', () => {
  let repository: Repository;
  let before: string;

  beforeEach(async () => {
    repository = await sealed();
    before = inTheClear(repository);
    await repository.run([...cert, '--rotate', 'postgres-ca']);
  });

  test('is trusted beside the old one, whose servers are still there', () => {
    const [first, ...others] = certificatesOf(inTheClear(repository));
    expect([first, others]).toEqual([values(repository)['tls.crt'], [before]]);
    expect(first).not.toBe(before);
  });

  test('has another subject: a verifier tells them apart', () => {
    const [first, second] = certificatesOf(inTheClear(repository)).map((each) => new X509Certificate(each).subject);
    expect(first).toMatch(/^CN=postgres-ca [0-9a-f]{16}$/);
    expect(second).not.toBe(first);
  });

  test('stays beside the old one when somebody prunes while servers have certificates of that', async () => {
    const { out } = await repository.run(['--prune'], { now: daysLater(89) });
    expect([out, certificatesOf(inTheClear(repository)).length]).toEqual(['nothing to prune\n', 2]);
  });

  test('is the only one after --prune, once nothing of the old one is valid', async () => {
    const { out } = await repository.run(['--prune'], { now: daysLater(92) });
    expect(out).toBe('wrote secrets/production/postgres-ca.crt, without what is no longer in use\n');
    expect(inTheClear(repository)).toBe(values(repository)['tls.crt']);
  });
});

test('--prune removes the certificate of an authority that is gone', async () => {
  const repository = await sealed();
  repository.inventory = [];
  await repository.run(['--prune']);
  expect(repository.secrets()).toEqual({});
});

describe('the certificate', () => {
  test('fits its name into a subject', () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
    const pem = Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(new X509Certificate(selfSigned('a'.repeat(253), pem)).subject).toHaveLength('CN='.length + 64);
  });

  test('is refused in words when openssl makes none', () => {
    const { privateKey } = generateKeyPairSync('x25519');
    const pem = Buffer.from(privateKey.export({ format: 'pem', type: 'pkcs8' }));
    expect(() => selfSigned('postgres-ca', pem)).toThrow(InputError);
  });
});

describe('reading', () => {
  test.each([
    ['nothing', () => ''],
    ['a private key beside it', (text: string) => `${text}-----BEGIN PRIVATE KEY-----\n`],
    ['a certificate that is cut off', (text: string) => text.replace(/\n.{64}\n/, '\n')],
    ["a server's certificate", () => fs.readFileSync(makeLeaf(), 'utf8')],
  ])('refuses %s', async (_, change) => {
    const repository = await sealed();
    repository.file(`secrets/${file}`, change(inTheClear(repository)));
    expect(() => readAuthorities(repository.root, 'production')).toThrow(InputError);
  });

  test('finds none where nothing was sealed', () => {
    expect(readAuthorities(temporaryFolder(), 'production')).toEqual(new Map());
  });
});

/** As openssl makes it without being asked for an authority. */
function makeLeaf(): string {
  const folder = temporaryFolder();
  const out = path.join(folder, 'leaf.crt');
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-keyout', `${folder}/leaf.key`];
  const args = ['req', '-x509', ...key, '-subj', '/CN=leaf', '-addext', 'basicConstraints=critical,CA:false'];
  execFileSync('openssl', [...args, '-out', out], { stdio: 'ignore' });
  return out;
}
