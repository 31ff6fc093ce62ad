import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const standalone = path.resolve(import.meta.dirname, '../../.next/standalone');

export const withoutBuild: string | false = fs.existsSync(path.join(standalone, 'start.mjs'))
  ? false
  : 'it is not built: npm run build';

export const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sample-frontend-'));
process.once('exit', () => fs.rmSync(folder, { recursive: true, force: true }));

/** As the platform makes keys. */
export function keyFile(name: string, bytes = 32): string {
  const file = path.join(folder, name);
  fs.writeFileSync(file, `${randomBytes(bytes).toString('base64url')}\n`);
  return file;
}

export interface Pod {
  readonly url: string;
  readonly metrics: string;
  readonly output: () => string;
  /** @returns the status it ended with */
  readonly stop: () => Promise<number | null>;
}

async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts what the image starts, with the variables that the platform sets. */
export async function startPod(variables: Readonly<Record<string, string>>): Promise<Pod> {
  const [port, metricsPort] = [await freePort(), await freePort()];
  const child = spawn(process.execPath, ['start.mjs'], {
    cwd: standalone,
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'production',
      HOSTNAME: '127.0.0.1',
      PORT: String(port),
      METRICS_PORT: String(metricsPort),
      METRICS_PATH: '/metrics',
      PUBLIC_URL: 'https://shop.example.com',
      KEEP_ALIVE_TIMEOUT: '65000',
      SHUTDOWN_TIMEOUT_MS: '20000',
      NEXT_TELEMETRY_DISABLED: '1',
      ...variables,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}`;
  const stop = (): Promise<number | null> => {
    child.kill('SIGTERM');
    return ended;
  };
  // Somebody may be waiting for what never comes.
  const deadline = Date.now() + 120_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${output}`);
    const alive = await fetch(`${url}/api/health`).then(
      (response) => response.ok,
      () => false,
    );
    if (alive) return { url, metrics: `http://127.0.0.1:${metricsPort}/metrics`, output: () => output, stop };
    if (Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new Error(`the server at ${url} does not answer: ${output}`);
    }
    await wait(200);
  }
}
