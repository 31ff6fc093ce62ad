import { execFileSync } from 'node:child_process';

/** An authority and a certificate of it, both for nine days, in a folder. */
export function makeCertificate(folder: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const key = ['ecparam', '-genkey', '-name', 'prime256v1', '-noout', '-out'];
  openssl(...key, 'ca.key');
  openssl('req', '-x509', '-new', '-key', 'ca.key', '-subj', '/CN=lab', '-days', '9', '-out', 'ca.crt');
  openssl(...key, 'tls.key');
  openssl('req', '-new', '-key', 'tls.key', '-subj', '/CN=redis', '-out', 'tls.csr');
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  openssl('x509', '-req', '-in', 'tls.csr', ...authority, '-days', '9', '-out', 'tls.crt');
}
