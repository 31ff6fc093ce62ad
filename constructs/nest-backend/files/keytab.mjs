// Writes the keys that tickets are opened by: keytab.mjs FILE, before the server begins. In Active Directory the keys of an
// account follow from its password and a salt, so nobody has to be asked for them, and the directory may be away. Principals,
// realm, salt and the file of the password come by variables; AES256 and AES128 and nothing weaker (RFC 3962, RFC 8429).
import crypto from 'node:crypto';
import fs from 'node:fs';
import process from 'node:process';

const sizes = [
  { type: 18, bytes: 32, cipher: 'aes-256-ecb' },
  { type: 17, bytes: 16, cipher: 'aes-128-ecb' },
];

/** "kerberos", folded to a block: RFC 3961, section 5.1. */
const constant = Buffer.from('6b65726265726f737b9b5b2b93132b93', 'hex');

/** The key of a password: RFC 3962, section 4. Both sides count on these iterations. */
export function keyOf({ bytes, cipher }, password, salt, iterations = 4096) {
  const first = crypto.pbkdf2Sync(password.normalize('NFC'), salt, iterations, bytes, 'sha1');
  const parts = [constant];
  while ((parts.length - 1) * 16 < bytes) {
    const block = crypto.createCipheriv(cipher, first, null).setAutoPadding(false);
    parts.push(Buffer.concat([block.update(parts.at(-1)), block.final()]));
  }
  return Buffer.concat(parts.slice(1)).subarray(0, bytes);
}

const uint = (bytes, value) => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeUIntBE(value, 0, bytes);
  return buffer;
};
const counted = (value) => Buffer.concat([uint(2, Buffer.byteLength(value)), Buffer.from(value)]);

/**
 * MIT's format of a keytab, the second version. The number of the key is 1: whoever accepts for any of its services tries all
 * keys, whatever number a ticket has, and another password makes another keytab.
 */
export function keytabOf({ principals, realm, salt, password }) {
  const entries = principals.flatMap((principal) =>
    sizes.map((size) => {
      const components = principal.split('/');
      const entry = Buffer.concat([
        uint(2, components.length),
        ...[realm, ...components].map(counted),
        uint(4, 1),
        uint(4, 0),
        uint(1, 1),
        uint(2, size.type),
        counted(keyOf(size, password, salt)),
        uint(4, 1),
      ]);
      return Buffer.concat([uint(4, entry.length), entry]);
    }),
  );
  return Buffer.concat([Buffer.from([5, 2]), ...entries]);
}

if (import.meta.filename === fs.realpathSync(process.argv[1] ?? '')) {
  const { KERBEROS_PRINCIPALS, KERBEROS_REALM: realm, KERBEROS_SALT: salt, KEYTAB_PASSWORD_FILE } = process.env;
  const principals = KERBEROS_PRINCIPALS.split(',');
  const password = fs.readFileSync(KEYTAB_PASSWORD_FILE, 'utf8').trim();
  fs.writeFileSync(process.argv[2], keytabOf({ principals, realm, salt, password }), { mode: 0o400 });
  console.log(`keytab: ${principals.join(', ')}`);
}
