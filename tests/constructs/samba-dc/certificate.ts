import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';

/** A certificate for a host, of an authority that is made in the folder as `ca.crt` where there is none. */
export function serverCertificate(
  folder: string,
  host: string,
): { readonly key: string; readonly certificate: string } {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out'];
  if (!fs.existsSync(path.join(folder, 'ca.crt'))) {
    openssl(...key, 'ca.key');
    openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=lab', '-days', '9', '-out', 'ca.crt');
  }
  openssl(...key, `${host}.key`);
  fs.writeFileSync(path.join(folder, `${host}.names`), `subjectAltName=DNS:${host}\n`);
  openssl('req', '-new', '-key', `${host}.key`, '-subj', '/CN=directory', '-out', `${host}.csr`);
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', `${host}.names`];
  openssl('x509', '-req', '-in', `${host}.csr`, ...authority, '-days', '9', '-out', `${host}.crt`);
  const text = (ending: string): string => fs.readFileSync(path.join(folder, `${host}.${ending}`), 'utf8');
  return { key: text('key'), certificate: text('crt') };
}
