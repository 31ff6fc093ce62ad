import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import crypto from 'node:crypto';
import dgram from 'node:dgram';
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
const entry = Buffer.from('300c020101640704003003040100' + '300c02010165070a010004000400', 'hex');
/** What comes of a sign-in: refused by name or password, which is 49, or another code. */
const signIn = (code: number): Buffer => Buffer.from([0x30, 12, 0x02, 1, 2, 0x61, 7, 0x0a, 1, code, 0x04, 0, 0x04, 0]);
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
/** Flags and how many records; undefined for nothing. */
let names: readonly [flags: number, records: number] | undefined;
let named = '';
let bind: Buffer | undefined;
let bound = '';
let asked = Buffer.alloc(0);
let ldaps: tls.Server;
let tickets: net.Server;
let nameServer: dgram.Socket;

const numbers = async (): Promise<string> =>
  (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text())
    .split('\n')
    .filter((line) => line.startsWith('directory_answers{'))
    .sort()
    .join(' ');
const of = (bits: { readonly dns?: 0 | 1; readonly kerberos: 0 | 1; readonly ldaps: 0 | 1 }): string =>
  Object.entries({ dns: 1, ...bits })
    .sort(([one], [two]) => (one < two ? -1 : 1))
    .map(([protocol, bit]) => `directory_answers{protocol="${protocol}"} ${bit}`)
    .join(' ');
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
    socket.on('data', (data: Buffer) => {
      // The kind of a request follows the message's number.
      const isSignIn = data[5] === 0x60;
      if (isSignIn) bound = data.toString('latin1');
      const answer = isSignIn ? bind : ldap;
      if (answer) socket.write(answer);
    });
  });
  tickets = net.createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.on('data', (data) => {
      asked = data;
      if (kerberos) socket.write(kerberos);
    });
  });
  nameServer = dgram.createSocket('udp4', (question, { port: asker }) => {
    named = question.toString('latin1');
    if (names === undefined) return;
    const answer = Buffer.from(question);
    answer.writeUInt16BE(names[0], 2);
    answer.writeUInt16BE(names[1], 6);
    nameServer.send(answer, asker, '127.0.0.1');
  });
  await new Promise<void>((resolve) => nameServer.bind(0, '127.0.0.1', resolve));
  [ldap, kerberos, bind, names] = [entry, error(25), signIn(49), [0x8580, 1]];
  for (const server of [ldaps, tickets]) await once(server.listen(0, '127.0.0.1'), 'listening');
  [port = 0] = await freePorts(1);
  const environment = {
    ...{
      REALM: 'AD.EXAMPLE.COM',
      HOST: host,
      AUTHORITY: path.join(folder, 'ca.crt'),
      PERIOD_SECONDS: '0.1',
      TIMEOUT_SECONDS: '2',
      TOLD: folder,
    },
    LDAPS_PORT: String((ldaps.address() as net.AddressInfo).port),
    KERBEROS_PORT: String((tickets.address() as net.AddressInfo).port),
    DNS_PORT: String(nameServer.address().port),
    PORT: String(port),
  };
  exporter = spawn('python3', ['-B', script], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  exporter.stdout?.on('data', (text) => (said += String(text)));
});

afterAll(async () => {
  if (exporter.exitCode === null && exporter.kill('SIGKILL')) await once(exporter, 'exit');
  ldaps.close();
  tickets.close();
  nameServer.close();
  fs.rmSync(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  ldaps.setSecureContext({ key: own.key, cert: own.certificate });
  [ldap, kerberos, bind, names] = [entry, error(25), signIn(49), [0x8580, 1]];
  await shows({ ldaps: 1, kerberos: 1 });
});

test('a directory that answers all is said to', () => {
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

test('one is asked for the names that computers look for', () => {
  expect(named).toContain('\x09_kerberos\x04_tcp\x02ad\x07example\x03com\0\0\x21\0\x01');
});

test.each([
  ['is silent', undefined],
  ['knows no such name', [0x8583, 0]],
  ['has no record of it', [0x8580, 0]],
  ['only repeats the question', [0x0100, 1]],
] as const)('one whose name server %s is seen', async (_, answer) => {
  names = answer;
  expect(await shows({ ldaps: 1, kerberos: 1, dns: 0 })).toBe(of({ ldaps: 1, kerberos: 1, dns: 0 }));
});

test('one whose LDAPS is silent is seen', async () => {
  ldap = undefined;
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
});

test('one whose LDAPS refuses every search is seen', async () => {
  ldap = Buffer.from('300c02010165070a010204000400', 'hex');
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
});

test.each([
  ['lets everybody in', signIn(0)],
  ['can not look into its database', signIn(1)],
  ['is too busy', signIn(51)],
  ['says nothing', undefined],
])('one that answers LDAPS and, asked to let nobody in, %s is seen', async (_, answer) => {
  bind = answer;
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
  expect(bound).toContain('nobody@ad.example.com');
});

test('the end of the certificate that is served is shown, and what could not be brought to its data', async () => {
  const all = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const ends = /^directory_certificate_expires_timestamp_seconds (\d+)$/m.exec(await all())?.[1];
  expect(Number(ends) * 1000).toBe(Date.parse(new crypto.X509Certificate(own.certificate).validTo));
  expect(await all()).toContain('\ndirectory_data_applied 1\n');
  fs.writeFileSync(path.join(folder, 'not-applied'), '');
  expect(await all()).toContain('\ndirectory_data_applied 0\n');
});

test('one whose answer is cut off in the middle is seen, and asked again', async () => {
  kerberos = Buffer.from([0, 0, 0, 1, 0x7e]);
  expect(await shows({ ldaps: 1, kerberos: 0 })).toBe(of({ ldaps: 1, kerberos: 0 }));
  kerberos = error(25);
  expect(await shows({ ldaps: 1, kerberos: 1 })).toBe(of({ ldaps: 1, kerberos: 1 }));
});

test('one with a certificate for another name is seen', async () => {
  ldaps.setSecureContext({ key: other.key, cert: other.certificate });
  expect(await shows({ ldaps: 0, kerberos: 1 })).toBe(of({ ldaps: 0, kerberos: 1 }));
  expect(said).toContain('directory: ldaps is silent: ');
});

// The last one: it is not started again.
test('it ends when it is told to, by a handler of its own: the first process of a container gets no signal without one', async () => {
  exporter.kill('SIGTERM');
  expect(await once(exporter, 'exit')).toEqual([0, null]);
});
