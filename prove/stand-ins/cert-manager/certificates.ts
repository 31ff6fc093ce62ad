import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { adminKubeconfig, pkiFolder } from '../../cluster/handle.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { fabricProcesses, startInFabric } from '../../cluster/nodes.ts';
import { must } from '../../machine/run.ts';

/** What stands in for what. */
export const standIn = "cert-manager's controller: certificates are signed by openssl";

/** The fields of a Certificate's `spec` that the stand-in for cert-manager's controller knows. */
export interface CertificateSpec {
  readonly secretName: string;
  readonly issuerRef: { readonly name: string; readonly kind?: string };
  readonly isCA?: boolean;
  readonly commonName?: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
  readonly usages?: readonly string[];
  /** As Go writes them, such as `2160h` or `1h30m0s`. */
  readonly duration?: string;
  readonly renewBefore?: string;
  readonly privateKey?: { readonly algorithm?: string; readonly size?: number };
  readonly secretTemplate?: { readonly annotations?: object; readonly labels?: object };
}

/** Texts in PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** What stands in a Secret: the pair, and the certificate that it is verified with. */
export interface Issued extends KeyPair {
  readonly authority: string;
}

const keyUsages: Readonly<Record<string, string>> = {
  'digital signature': 'digitalSignature',
  'key encipherment': 'keyEncipherment',
  'cert sign': 'keyCertSign',
};

const extendedKeyUsages: Readonly<Record<string, string>> = {
  'server auth': 'serverAuth',
  'client auth': 'clientAuth',
};

/**
 * Makes a key and lets openssl sign a certificate for it.
 * @param signer that signs; undefined for a certificate that signs itself
 */
export async function issue(spec: CertificateSpec, signer?: KeyPair): Promise<Issued> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-'));
  const file = (name: string): string => path.join(folder, name);
  try {
    fs.writeFileSync(file('openssl.cnf'), '[req]\ndistinguished_name = name\n[name]\n');
    if (signer !== undefined) {
      fs.writeFileSync(file('signer.crt'), signer.certificate);
      fs.writeFileSync(file('signer.key'), signer.key, { mode: 0o600 });
    }
    await must('openssl', [
      ...['req', '-x509', '-nodes', '-config', file('openssl.cnf'), '-days', String(daysOf(spec))],
      // In a subject openssl takes a slash as the end of the value.
      ...['-subj', `/CN=${(spec.commonName ?? '').replaceAll('/', '\\/')}`],
      ...keyArguments(spec),
      ...['-keyout', file('new.key'), '-out', file('new.crt')],
      ...extensionsOf(spec).flatMap((extension) => ['-addext', extension]),
      ...(signer === undefined ? [] : ['-CA', file('signer.crt'), '-CAkey', file('signer.key')]),
    ]);
    const [certificate, key] = [fs.readFileSync(file('new.crt'), 'utf8'), fs.readFileSync(file('new.key'), 'utf8')];
    return { certificate, key, authority: signer?.certificate ?? certificate };
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}

/** openssl counts in days. */
function daysOf({ duration = '2160h' }: CertificateSpec): number {
  return Math.max(1, Math.round(secondsOf(duration) / 86_400));
}

/** When a certificate is made anew: a third of its time before its end, or as long before as its spec says. */
export function renewalTime({ renewBefore }: CertificateSpec, certificate: string): Date {
  const [from, until] = validityOf(certificate);
  const before = renewBefore === undefined ? (until.getTime() - from.getTime()) / 3 : secondsOf(renewBefore) * 1000;
  return new Date(until.getTime() - before);
}

/** From when and until when a certificate is valid. */
export function validityOf(certificate: string): readonly [Date, Date] {
  const { validFrom, validTo } = new X509Certificate(certificate);
  return [new Date(validFrom), new Date(validTo)];
}

/** Seconds of a duration as Go writes it, in hours, minutes and seconds. */
function secondsOf(duration: string): number {
  const units: Readonly<Record<string, number>> = { h: 3600, m: 60, s: 1 };
  const parts = [...duration.matchAll(/([\d.]+)([hms])/g)];
  return parts.reduce((sum, [, number = '', unit = '']) => sum + Number(number) * (units[unit] ?? 0), 0);
}

function keyArguments({ privateKey: { algorithm = 'RSA', size } = {} }: CertificateSpec): readonly string[] {
  if (algorithm === 'Ed25519') return ['-newkey', 'ed25519'];
  if (algorithm === 'ECDSA') {
    const curve = { 384: 'secp384r1', 521: 'secp521r1' }[size ?? 256] ?? 'prime256v1';
    return ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`];
  }
  return ['-newkey', `rsa:${size ?? 2048}`];
}

/** As cert-manager sets them: names are critical where there is no subject, or strict clients refuse them. */
function extensionsOf(spec: CertificateSpec): readonly string[] {
  const { isCA = false, usages, commonName = '', dnsNames = [], ipAddresses = [] } = spec;
  const all = [...(usages ?? ['digital signature', 'key encipherment']), ...(isCA ? ['cert sign'] : [])];
  const known = (table: Readonly<Record<string, string>>) => [...new Set(all.flatMap((usage) => table[usage] ?? []))];
  const names = [...dnsNames.map((name) => `DNS:${name}`), ...ipAddresses.map((address) => `IP:${address}`)];
  const extended = known(extendedKeyUsages);
  return [
    `basicConstraints=critical,CA:${String(isCA)}`,
    `keyUsage=critical,${known(keyUsages).join(',')}`,
    ...(extended.length === 0 ? [] : [`extendedKeyUsage=${extended.join(',')}`]),
    ...(names.length === 0 ? [] : [`subjectAltName=${commonName === '' ? 'critical,' : ''}${names.join(',')}`]),
  ];
}

/** Starts what makes the cluster's certificates, unless it runs: it ends with the cluster. */
export function startCertificateController(cluster: Cluster): void {
  const program = 'prove/stand-ins/cert-manager/controller.ts';
  if (fabricProcesses(cluster).some(({ command }) => command.includes(program))) return;
  const launcher = path.join(import.meta.dirname, '..', '..', '..', 'scripts', 'run.cjs');
  const log = path.join(cluster.folder, 'logs', 'certificates.log');
  const acme = ['world-ca.crt', 'world-ca.key'].map((file) => path.join(pkiFolder(cluster), file));
  startInFabric(cluster, [process.execPath, launcher, program, adminKubeconfig(cluster), ...acme], log);
}
