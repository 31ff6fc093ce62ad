import { X509Certificate } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../constructs/core/error.ts';

/** `secrets/production/postgres-ca.crt`: what clients verify a server with, in the clear. */
export function authorityPath(environment: string, name: string): string {
  return `secrets/${environment}/${name}.crt`;
}

/**
 * The certificates of an environment's authorities, in PEM, by name; several of one while a new one replaces it, the new
 * one first.
 * @param root of the repository
 * @throws InputError naming the file that holds something else
 */
export function readAuthorities(root: string, environment: string): Map<string, string> {
  const folder = path.join(root, 'secrets', environment);
  if (!fs.existsSync(folder)) return new Map();
  const names = fs.readdirSync(folder).flatMap((file) => (file.endsWith('.crt') ? path.basename(file, '.crt') : []));
  return new Map(
    names.sort().map((name) => {
      const file = authorityPath(environment, name);
      const text = fs.readFileSync(path.join(root, file), 'utf8');
      if (!isAuthority(text)) {
        throw new InputError({
          where: file,
          what: 'holds no certificate of an authority, or something beside it',
          allowed: 'certificates in PEM that npm run seal wrote',
          remedy: `restore it from git, or have a new one made: npm run seal -- --cert FILE --rotate ${name}`,
        });
      }
      return [name, text];
    }),
  );
}

/** The certificates of a text, each with its line end. */
export function certificatesOf(text: string): string[] {
  return text.match(/-----BEGIN CERTIFICATE-----\n[\s\S]+?-----END CERTIFICATE-----\n/g) ?? [];
}

/** Whether a text is certificates in PEM and nothing else. */
export function isCertificates(text: string, what: (certificate: X509Certificate) => boolean = () => true): boolean {
  const certificates = certificatesOf(text);
  if (certificates.length === 0 || certificates.join('') !== text) return false;
  try {
    return certificates.every((certificate) => what(new X509Certificate(certificate)));
  } catch {
    return false;
  }
}

function isAuthority(text: string): boolean {
  return isCertificates(text, ({ ca }) => ca);
}
