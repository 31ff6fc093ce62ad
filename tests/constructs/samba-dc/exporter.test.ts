import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import tls from 'node:tls';
import { freePorts } from '../../../prove/machine/processes.ts';
import { root } from '../../support/committed.ts';
import { until } from '../../support/until.ts';
import { serverCertificate } from './certificate.ts';

const script = path.join(root, 'constructs/samba-dc/files/exporter/exporter.py');
const host = 'samba.identity.svc.cluster.local';

/** The server's own answer: its entry, and that this was all. */
const entry = Buffer.from('300c020101640704003003040100', 'hex');
/** Of Kerberos: an error, with a code. */
const error = (code: number): Buffer => {
  const answer = Buffer.from([0x7e, 7, 0x30, 5, 0xa6, 3, 0x02, 1, code]);
  return Buffer.concat([Buffer.from([0, 0, 0, answer.length]), answer]);
};

let folder: string;
let exporter: ChildProcess;
let said = '';
let port: number;
let own: { readonly key: string; readonly certificate: string };
let other: typeof own;
/** What is answered; undefined for nothing. */
let ldap: Buffer | undefined;
let kerberos: Buffer | undefined;
let asked = Buffer.alloc(0);
let ldaps: tls.Server;
let tickets: net.Server;

const numbers = async (): Promise<string> =>
  (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
    .split('\n')
    .filter((line) => line.startsWith('directory_answers{'))
    .sort()
    .join(' ');
const of = (bits: { readonly kerberos: 0 | 1; readonly ldaps: 0 | 1 }): string =>
  `directory_answers{protocol="kerberos"} ${bits.kerberos} directory_answers{protocol="ldaps"} ${bits.ldaps}`;
/** Waits until it shows that. @returns what it shows */
async function shows(bits: Parameters<typeof of>[0]): Promise<string> {
  await until(
    async () => (last = await numbers().catch(String)) === of(bits),
    () => `${of(bits)}, but ${last}`,
  );
  return last;
}
let last = '';

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'directory-exporter-'));
  own = serverCertificate(folder, host);
  other = serverCertificate(folder, 'elsewhere.example');
  ldaps = tls.createServer({ key: own.key, cert: own.certificate }, (socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', () => ldap && socket.write(ldap));
  });
  tickets = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      asked = data;
      if (kerberos) socket.write(kerberos);
    });
  });
  [ldap, kerberos] = [entry, error(25)];
  for (const server of [ldaps, tickets]) await once(server.listen(0, '127.0.0.1'), 'listening');
  [port = 0] = await freePorts(1);
  const environment = {
    ...{
      REALM: 'AD.EXAMPLE.COM',
      HOST: host,
      AUTHORITY: path.join(folder, 'ca.crt'),
      PERIOD_SECONDS: '0.1',
      TIMEOUT_SECONDS: '2',
    },
    LDAPS_PORT: String((ldaps.address() as net.AddressInfo).port),
    KERBEROS_PORT: String((tickets.address() as net.AddressInfo).port),
    PORT: String(port),
  };
  exporter = spawn('python3', ['-B', script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  exporter.stdout?.on('data', (text) => (said += String(text)));
});

afterAll(async () => {
  exporter.kill('SIGKILL');
  await once(exporter, 'exit');
  ldaps.close();
  tickets.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  ldaps.setSecureContext({ key: own.key, cert: own.certificate });
  [ldap, kerberos] = [entry, error(25)];
  await shows({ ldaps: 1, kerberos: 1 });
});

test('a directory that answers both is said to', () => {
  expect(said).toContain('directory: ldaps answers\n');
  // A request for a ticket, in a frame of its length.
  expect([asked.readUInt32BE(0), asked[4]]).toEqual([asked.length - 4, 0x6a]);
  expect(asked.toString('latin1')).toContain('AD.EXAMPLE.COM');
});

test('one that answers LDAPS and gives out no tickets is seen', async () => {
  kerberos = undefined;
  expect(await shows({ ldaps: 1, kerberos: 0 })).toBe(of({ ldaps: 1, kerberos: 0 }));
  expect(said).toContain('directory: kerberos is silent: timed out\n');
});

test.each([
  ['can not look into its database', error(60)],
  ['is no service', error(29)],
  ['is another server', Buffer.from([0, 0, 0, 2, 0x30, 0])],
])('one whose Kerberos %s is seen', async (_, answer) => {
  kerberos = answer;
  expect(await shows({ ldaps: 1, kerberos: 0 })).toBe(of({ ldaps: 1, kerberos: 0 }));
});

test('one that knows nobody by that name gives out tickets all the same', async () => {
  kerberos = error(6);
  expect(await shows({ ldaps: 1, kerberos: 1 })).toBe(of({ ldaps: 1, kerberos: 1 }));
});

test('one whose LDAPS is silent is seen', async () => {
  ldap = undefined;
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
});

test('one whose LDAPS refuses every search is seen', async () => {
  ldap = Buffer.from('300c02010165070a010204000400', 'hex');
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
});

test('one with a certificate for another name is seen', async () => {
  ldaps.setSecureContext({ key: other.key, cert: other.certificate });
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
  expect(said).toContain('directory: ldaps is silent: ');
});
