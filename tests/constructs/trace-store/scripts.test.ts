import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../../support/committed.ts';

const files = path.join(root, 'constructs/trace-store/files');
let folder: string;
let traces: string;

beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-traces-'));
  traces = path.join(folder, 'traces');
});

afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

const variables = (health = 'http://127.0.0.1:9/status') => ({
  ...process.env,
  TRACES: traces,
  MOST_KIBIBYTES: '100',
  HEALTH: health,
});

function fill(kibibytes: number): void {
  fs.mkdirSync(traces, { recursive: true });
  fs.writeFileSync(path.join(traces, '000001.sst'), Buffer.alloc(kibibytes * 1024, 1));
}

/** Starts a program in the place of Jaeger, which says what it finds. */
function start() {
  const args = [
    path.join(files, 'start.sh'),
    'sh',
    '-c',
    'ls "$TRACES" 2>/dev/null; echo "started $1"',
    'sh',
    'jaeger',
  ];
  const { status, stdout } = spawnSync('sh', args, { env: variables(), encoding: 'utf8' });
  return { status, lines: stdout.trim().split('\n') };
}

/** Whether it is alive, beside a Jaeger that answers so. */
async function alive(answer: number | 'nobody'): Promise<boolean> {
  const server = http.createServer((_, response) => response.writeHead(answer === 'nobody' ? 500 : answer).end('{}'));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/status`;
  const env = answer === 'nobody' ? variables() : variables(url);
  const child = spawn('sh', [path.join(files, 'alive.sh')], { env, stdio: 'ignore' });
  const status = await new Promise((resolve) => child.once('exit', resolve));
  await new Promise((resolve) => server.close(resolve));
  return status === 0;
}

describe('who starts Jaeger', () => {
  test('leaves traces where they are, and becomes it', () => {
    fill(50);
    expect(start()).toEqual({ status: 0, lines: ['000001.sst', 'started jaeger'] });
  });

  test('begins on an empty volume', () => {
    expect(start()).toEqual({ status: 0, lines: ['started jaeger'] });
  });

  test('removes all traces where they take more than they may, and says so', () => {
    fill(200);
    expect(start().lines).toEqual([
      '{"level":"warn","msg":"more than 100 KiB of traces: all of them are removed"}',
      'started jaeger',
    ]);
    expect(fs.existsSync(traces)).toBe(false);
  });

  test('counts what is on the disk, not what a file could have', () => {
    fs.mkdirSync(traces);
    const file = path.join(traces, '000001.vlog');
    fs.writeFileSync(file, '');
    // As the program makes one, of which most is nowhere.
    fs.truncateSync(file, 2 ** 30);
    expect(start().lines).toEqual(['000001.vlog', 'started jaeger']);
  });
});

describe('Jaeger is alive', () => {
  test('while it answers and its traces fit', async () => {
    fill(50);
    expect(await alive(200)).toBe(true);
  });

  test('not where its traces take more than they may', async () => {
    fill(200);
    expect(await alive(200)).toBe(false);
  });

  test.each([503, 'nobody'] as const)('not where the answer is %s', async (answer) => {
    expect(await alive(answer)).toBe(false);
  });
});
