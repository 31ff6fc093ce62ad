import { execFile, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import dgram from 'node:dgram';
import { once } from 'node:events';
import process from 'node:process';
import { promisify } from 'node:util';
import { freePorts } from '../../prove/machine/processes.ts';
import { built } from '../support/built.ts';

const run = promisify(execFile);

const program = built('probe');

(process.platform === 'linux' && program !== undefined ? describe : describe.skip)('probe', () => {
  const probe = (...args: readonly string[]) => run(program!, args);
  let server: ChildProcess;
  let silent: dgram.Socket;
  let way: Readonly<Record<'tcp' | 'udp' | 'closed' | 'mute', string>>;

  beforeAll(async () => {
    const [tcp = 0, udp = 0, closed = 0] = await freePorts(3);
    silent = dgram.createSocket('udp4').bind(0, '127.0.0.1');
    await once(silent, 'listening');
    const at = (port: number) => `127.0.0.1:${port}`;
    way = { tcp: at(tcp), udp: at(udp), closed: at(closed), mute: at(silent.address().port) };
    server = spawn(program!, ['serve', way.tcp, `udp/${way.udp}`], { stdio: 'ignore' });
    for (let tries = 0; tries < 50; tries += 1) {
      const { stdout } = await probe('ways', '100ms', `tcp/${way.tcp}`, `udp/${way.udp}`);
      if (stdout.match(/open/g)?.length === 2) return;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('the server does not answer');
  });

  afterAll(async () => {
    silent.close();
    server.kill('SIGTERM');
    await once(server, 'exit');
  });

  test.each(['tcp', 'udp'] as const)('tells an open port by %s', async (network) => {
    expect((await probe(network, way[network])).stdout).toBe('open\n');
  });

  test.each(['tcp', 'udp'] as const)('tells a refused one by %s, with exit code 1', async (network) => {
    await expect(probe(network, way.closed)).rejects.toMatchObject({ code: 1, stdout: 'refused\n' });
  });

  test('sends several datagrams to one who does not answer', async () => {
    let datagrams = 0;
    silent.on('message', () => (datagrams += 1));
    await expect(probe('udp', way.mute, '400ms')).rejects.toMatchObject({ code: 1, stdout: 'no answer\n' });
    // Four, if the machine has time for each.
    expect(datagrams).toBeGreaterThan(1);
  });

  test('hears an answer to a later datagram', async () => {
    let first = true;
    const answer = (message: Buffer, { port, address }: dgram.RemoteInfo) => {
      if (!first) silent.send(message, port, address);
      first = false;
    };
    silent.on('message', answer);
    const { stdout } = await probe('udp', way.mute, '400ms');
    silent.off('message', answer);
    expect(stdout).toBe('open\n');
  });

  test('tries many ways at once, and tells them in their order', async () => {
    const ways = [`udp/${way.closed}`, `tcp/${way.tcp}`, `udp/${way.mute}`, `udp/${way.udp}`, 'tcp/nowhere'];
    const { stdout } = await probe('ways', '1s', ...ways);
    expect(stdout.trimEnd().split('\n')).toEqual([
      `udp/${way.closed} refused`,
      `tcp/${way.tcp} open`,
      `udp/${way.mute} no answer`,
      `udp/${way.udp} open`,
      expect.stringMatching(/^tcp\/nowhere failed: /),
    ]);
  });

  test.each(['ways 1s', 'ways 1s icmp/127.0.0.1', 'udp', 'serve'])('refuses "%s" as a wrong call', async (words) => {
    await expect(probe(...words.split(' '))).rejects.toMatchObject({ code: 2 });
  });
});
