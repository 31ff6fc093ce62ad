import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { describe, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { KeytabTickets, NotAccepted } from '../src/auth/tickets.js';
import { readableLog } from './support/application.js';
import { temporaryFolder } from './support/certificate.js';

const realm = 'AD.EXAMPLE.COM';
const port = 18_088;

/** Debian's krb5-kdc, krb5-user; and the package kerberos, built. */
async function missing(): Promise<string | false> {
  const programs = ['krb5kdc', 'kdb5_util', 'kadmin.local', 'kinit'];
  const absent = programs.filter((name) => spawnSync('which', [name]).status !== 0);
  if (absent.length > 0) return `there is no ${absent.join(', ')} here`;
  return import('kerberos').then(
    () => false,
    () => 'the package kerberos is not built',
  );
}

describe('tickets of a real KDC', { skip: await missing() }, () => {
  test('are accepted once, name the person, and prove the server; NTLM is refused by the library too', async () => {
    const folder = temporaryFolder();
    const write = (name: string, text: string): string => {
      fs.writeFileSync(path.join(folder, name), text);
      return path.join(folder, name);
    };
    const own = {
      KRB5_CONFIG: write(
        'krb5.conf',
        `[libdefaults]\n default_realm = ${realm}\n rdns = false\n dns_canonicalize_hostname = false\n` +
          ` udp_preference_limit = 1\n[realms]\n ${realm} = {\n  kdc = 127.0.0.1:${port}\n }\n`,
      ),
      KRB5_KDC_PROFILE: write(
        'kdc.conf',
        `[kdcdefaults]\n kdc_ports = ${port}\n kdc_tcp_ports = ${port}\n[realms]\n ${realm} = {\n` +
          `  database_name = ${folder}/principal\n  key_stash_file = ${folder}/stash\n` +
          '  supported_enctypes = aes256-cts-hmac-sha1-96:normal aes128-cts-hmac-sha1-96:normal\n }\n',
      ),
      KRB5CCNAME: path.join(folder, 'cache'),
      KRB5_KTNAME: path.join(folder, 'keytab'),
      KRB5RCACHEDIR: folder,
    };
    // Libraries read them from the process itself.
    Object.assign(process.env, own);
    const run = (program: string, args: readonly string[], input = ''): void => {
      execFileSync(program, args, { input, stdio: ['pipe', 'ignore', 'ignore'], timeout: 30_000 });
    };
    run('kdb5_util', ['create', '-s', '-P', 'master', '-r', realm]);
    for (const question of [
      'addprinc -randkey HTTP/api.example.com',
      `ktadd -k ${own.KRB5_KTNAME} HTTP/api.example.com`,
      'addprinc -pw of-anna anna',
    ]) {
      run('kadmin.local', ['-r', realm, '-q', question]);
    }
    const kdc = spawn('krb5kdc', ['-n'], { stdio: 'ignore' });
    try {
      for (let tries = 100; !(await isOpen()); tries -= 1) {
        assert.ok(tries > 0, 'the KDC does not answer');
        await wait(100);
      }
      run('kinit', ['anna'], 'of-anna\n');
      const kerberos = (await import('kerberos')).default;
      const options = { mechOID: kerberos.GSS_MECH_OID_SPNEGO };
      const token = await (await kerberos.initializeClient('HTTP@api.example.com', options)).step('');
      const tickets = await KeytabTickets.load(readableLog().log);
      const accepted = await tickets.accept(token);
      assert.equal(accepted.principal, `anna@${realm}`);
      assert.ok(accepted.answer);
      await assert.rejects(tickets.accept(token), /replay/);
      await assert.rejects(tickets.accept(Buffer.from('no ticket').toString('base64')), NotAccepted);
      const ntlm = Buffer.from('NTLMSSP\0\u0001').toString('base64');
      await assert.rejects((await kerberos.initializeServer('HTTP')).step(ntlm), /unsupported mechanism/i);
    } finally {
      kdc.kill();
    }
  });
});

async function isOpen(): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
