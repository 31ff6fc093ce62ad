import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { freePorts } from '../../prove/machine/processes.ts';
import { root } from '../support/committed.ts';

const script = path.join(root, 'constructs/nest-backend/files/let-in.mjs');

/** A migration, as most are: it tries once. */
const migration = `
  const { DATABASE_HOST: host, DATABASE_PORT: port } = process.env;
  require('node:net').connect({ host, port }).once('error', ({ code }) => { console.log(code); process.exit(3); })
    .once('connect', () => { console.log('done'); process.exit(0); });`;

/** What a program of a pod says, and ends with, where the database answers after its first refusal, or never. */
async function run(command: readonly string[], answers: boolean): Promise<string> {
  const [port = 0] = await freePorts(1);
  const server = net.createServer((socket) => socket.resume());
  const env = { ...process.env, DATABASE_HOST: '127.0.0.1', DATABASE_PORT: String(port) };
  const child = spawn(process.execPath, command, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  child.stdout.on('data', (text) => (said += String(text)));
  child.stderr.on('data', (text) => {
    said += String(text);
    if (answers && !server.listening && String(text).includes('waiting')) server.listen(port, '127.0.0.1');
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  server.close();
  return `${said.replaceAll(String(port), 'PORT')}${String(code)}`;
}

test('a migration that tries once fails in a pod that is not let in yet, and does not behind let-in.mjs', async () => {
  const waiting = 'let-in: 127.0.0.1:PORT says ECONNREFUSED: waiting\n';
  expect(await run(['-e', migration], true)).toBe('ECONNREFUSED\n3');
  expect(await run([script, '60', process.execPath, '-e', migration], true)).toBe(`${waiting}done\n0`);
});

test('a migration says itself that the database is away, and ends as it wants to', async () => {
  const said = await run([script, '0', process.execPath, '-e', migration], false);
  expect(said).toMatch(/still says ECONNREFUSED after 0 s: going on\nECONNREFUSED\n3$/);
});

test('a migration that cannot be started is told', async () => {
  expect(await run([script, '0', '/no/program'], false)).toMatch(/let-in: spawn \/no\/program ENOENT\n127$/);
});
