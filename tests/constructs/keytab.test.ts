import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const script = path.resolve(import.meta.dirname, '../../constructs/nest-backend/files/keytab.mjs');

/** What a few lines print that use the script's own functions. */
function printed(lines: string): string {
  const code = `import { keyOf } from ${JSON.stringify(script)}; ${lines}`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', code], { encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout.trim();
}

// RFC 3962, appendix B.
test.each([
  [16, 'aes-128-ecb', 1, '42263c6e89f4fc28b8df68ee09799f15'],
  [32, 'aes-256-ecb', 1, 'fe697b52bc0d3ce14432ba036a92e65bbb52280990a2fa27883998d72af30161'],
  [16, 'aes-128-ecb', 1200, '4c01cd46d632d01e6dbe230a01ed642a'],
  [32, 'aes-256-ecb', 1200, '55a6ac740ad17b4846941051e1e8b0a7548d93b0ab30a8bc3ff16280382b8c2a'],
])(
  'a key of %i bytes follows from password and salt as everybody computes it (%s, %i times)',
  (bytes, cipher, times, key) => {
    const size = JSON.stringify({ bytes, cipher });
    expect(printed(`console.log(keyOf(${size}, 'password', 'ATHENA.MIT.EDUraeburn', ${times}).toString('hex'))`)).toBe(
      key,
    );
  },
);

describe('the keytab', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'keytab-'));
  const file = path.join(folder, 'keytab');
  fs.writeFileSync(path.join(folder, 'password'), 'of the account\n');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, file], {
    encoding: 'utf8',
    env: {
      ...process.env,
      KERBEROS_PRINCIPALS: 'HTTP/api.example.com,HTTP/shop.example.com',
      KERBEROS_REALM: 'AD.EXAMPLE.COM',
      KERBEROS_SALT: 'AD.EXAMPLE.COMbackend',
      KEYTAB_PASSWORD_FILE: path.join(folder, 'password'),
    },
  });
  const bytes = status === 0 ? fs.readFileSync(file) : Buffer.alloc(0);
  const mode = status === 0 ? fs.statSync(file).mode & 0o777 : 0;
  fs.rmSync(folder, { recursive: true });

  /** Of each entry: service, host, realm, and type of the key. */
  function entries(): string[] {
    const found: string[] = [];
    for (let at = 2; at < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
      let place = at + 4;
      const count = bytes.readUInt16BE(place);
      place += 2;
      const texts = Array.from({ length: count + 1 }, () => {
        const length = bytes.readUInt16BE(place);
        place += 2 + length;
        return bytes.toString('utf8', place - length, place);
      });
      found.push([...texts.slice(1), texts[0], bytes.readUInt16BE(place + 9)].join(' '));
    }
    return found;
  }

  test('has a key of AES256 and one of AES128 for each service, and no other', () => {
    expect(bytes.readUInt16BE(0)).toBe(0x0502);
    expect(entries()).toEqual([
      'HTTP api.example.com AD.EXAMPLE.COM 18',
      'HTTP api.example.com AD.EXAMPLE.COM 17',
      'HTTP shop.example.com AD.EXAMPLE.COM 18',
      'HTTP shop.example.com AD.EXAMPLE.COM 17',
    ]);
  });

  test('is for its owner alone, and nothing of the password is printed', () => {
    expect(mode).toBe(0o400);
    expect(stdout + stderr).toBe('keytab: HTTP/api.example.com, HTTP/shop.example.com\n');
  });
});
