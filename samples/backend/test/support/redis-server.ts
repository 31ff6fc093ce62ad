import { spawn, spawnSync } from 'node:child_process';
import net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';

/** Why tests with a real Redis are left out here; false where there is one. */
export const withoutRedis: string | false =
  spawnSync('redis-server', ['--version']).status === 0 ? false : 'there is no redis-server here';

export interface RunningRedis {
  readonly port: number;
  readonly client: Redis;
  readonly stop: () => Promise<void>;
}

/** A Redis of its own that keeps nothing. */
export async function startRedis(): Promise<RunningRedis> {
  const port = await freePort();
  const options = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
  const server = spawn('redis-server', options, { stdio: 'ignore' });
  const ended = new Promise((resolve) => server.once('exit', resolve));
  const client = new Redis({ host: '127.0.0.1', port, lazyConnect: true, retryStrategy: () => 50 });
  client.on('error', () => undefined);
  for (let tries = 100; client.status !== 'ready'; tries -= 1) {
    if (tries === 0) throw new Error(`redis-server does not answer at port ${port}`);
    if (client.status === 'wait') await client.connect().catch(() => undefined);
    await wait(50);
  }
  const stop = async (): Promise<void> => {
    client.disconnect();
    server.kill();
    await ended;
  };
  return { port, client, stop };
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
