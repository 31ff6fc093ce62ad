import { spawnSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { issue, renewalTime, validityOf } from '../../../prove/stand-ins/cert-manager/certificates.ts';
import type { CertificateSpec, Issued } from '../../../prove/stand-ins/cert-manager/certificates.ts';

const ecdsa = { algorithm: 'ECDSA', size: 256 };
const authoritySpec: CertificateSpec = {
  secretName: 'ca',
  issuerRef: { name: 'self-signed' },
  isCA: true,
  commonName: 'the authority',
  privateKey: ecdsa,
  duration: '87600h',
};
const serverSpec: CertificateSpec = {
  secretName: 'tls',
  issuerRef: { name: 'ca' },
  commonName: 'database',
  dnsNames: ['database', 'database.data.svc'],
  ipAddresses: ['10.43.0.5'],
  usages: ['digital signature', 'server auth', 'client auth'],
  privateKey: ecdsa,
};

describe('certificates of the stand-in for cert-manager', () => {
  let authority: Issued;
  let server: Issued;

  beforeAll(async () => {
    authority = await issue(authoritySpec);
    server = await issue(serverSpec, authority);
  });

  test('sign themselves without a signer, and may sign others', () => {
    const certificate = new X509Certificate(authority.certificate);
    expect([certificate.ca, certificate.verify(certificate.publicKey)]).toEqual([true, true]);
  });

  test('are signed by the authority that stands beside them', () => {
    const signed = new X509Certificate(server.certificate);
    const signer = new X509Certificate(server.authority);
    expect([signed.verify(signer.publicKey), signed.checkIssued(signer), signed.ca]).toEqual([true, true, false]);
  });

  test('belong to their key', () => {
    const { certificate, key } = server;
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key))).toBe(true);
  });

  test('have the names, addresses and usages of their spec', () => {
    const certificate = new X509Certificate(server.certificate);
    expect([certificate.subject, certificate.subjectAltName, certificate.keyUsage]).toEqual([
      'CN=database',
      'DNS:database, DNS:database.data.svc, IP Address:10.43.0.5',
      ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'],
    ]);
  });

  test('are valid as long as their spec says, and 90 days without a word', () => {
    const days = ({ certificate }: Issued) => {
      const [from, until] = validityOf(certificate);
      return (until.getTime() - from.getTime()) / 86_400_000;
    };
    expect([days(authority), days(server)]).toEqual([3650, 90]);
  });

  test('are renewed a third of their time before the end, or as long before as their spec says', () => {
    const [, until] = validityOf(server.certificate);
    const hoursBefore = (spec: CertificateSpec) =>
      (until.getTime() - renewalTime(spec, server.certificate).getTime()) / 3_600_000;
    expect([hoursBefore(serverSpec), hoursBefore({ ...serverSpec, renewBefore: '1h30m' })]).toEqual([720, 1.5]);
  });

  test.each([
    ['with a common name', serverSpec],
    ['with other names alone', { ...serverSpec, commonName: undefined }],
  ])('hold %s for clients that are as strict as the standard', async (_, spec) => {
    const { certificate } = await issue(spec, authority);
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-test-'));
    const [own, signer] = ['own.crt', 'signer.crt'].map((name) => path.join(folder, name)) as [string, string];
    fs.writeFileSync(own, certificate);
    fs.writeFileSync(signer, authority.certificate);
    const { stdout, stderr } = spawnSync('openssl', ['verify', '-x509_strict', '-CAfile', signer, own]);
    fs.rmSync(folder, { recursive: true });
    expect(`${String(stdout)}${String(stderr)}`).toBe(`${own}: OK\n`);
  });

  test('have an RSA key where the spec names none', async () => {
    const { key } = await issue({ ...serverSpec, privateKey: undefined }, authority);
    expect(createPrivateKey(key).asymmetricKeyType).toBe('rsa');
  });
});
