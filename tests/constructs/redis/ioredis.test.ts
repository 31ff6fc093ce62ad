import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { installNpmPackages } from '../../../prove/images/npm.ts';
import { ioredisLayer, ioredisPackages } from '../../../prove/images/recipes/ioredis.ts';
import { parseRequest } from '../../../prove/instruments/recorder.ts';
import type { RecordedRequest } from '../../../prove/instruments/recorder.ts';
import { until } from '../../support/until.ts';
import { hasRedis, RedisLab } from './lab.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'redis-ioredis-'));
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

/** Whether npm can be asked for packages: by its registry, or its cache. */
const hasPackages = await installNpmPackages(path.join(folder, 'root'), ioredisPackages).then(
  () => true,
  (error: unknown) => {
    if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/.test(String(error))) return false;
    throw error;
  },
);

(hasPackages ? describe : describe.skip)('a package of npm', () => {
  test('with another digest is refused', async () => {
    const [{ name, version }] = ioredisPackages;
    const other = { name, version, integrity: `sha512-${Buffer.alloc(64).toString('base64')}` };
    await expect(installNpmPackages(path.join(folder, 'other'), [other])).rejects.toThrow('EINTEGRITY');
  });
});

(hasRedis && hasPackages ? describe : describe.skip)('ioredis', () => {
  let lab: RedisLab;
  let child: ReturnType<typeof spawn> | undefined;
  let printed = '';
  beforeAll(async () => {
    for (const [file, text] of Object.entries(ioredisLayer.texts ?? {})) {
      fs.writeFileSync(path.join(folder, 'root', file), text);
    }
    lab = new RedisLab();
    await lab.begin();
    child = spawn(process.execPath, ['writer.js', '1000000', '50'], {
      cwd: path.join(folder, 'root/app'),
      env: {
        REDIS_SENTINELS: [0, 1, 2].map((each) => `${lab.sentinel(each)}:26379`).join(','),
        ...{ REDIS_PRIMARY_NAME: 'redis', REDIS_USER: 'app', REDIS_TLS_NAME: 'redis' },
        ...{ REDIS_PASSWORD_FILE: lab.at('secrets/app'), REDIS_CA_FILE: lab.at('tls/ca.crt') },
      },
    });
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (printed += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (printed += text));
  });
  afterAll(() => {
    child?.kill('SIGKILL');
    lab.stop();
  });

  const writes = (): RecordedRequest[] => printed.split('\n').flatMap((line) => parseRequest(line) ?? []);
  const acknowledged = (since: Date): RecordedRequest[] => writes().filter(({ ok, at }) => ok && at >= since);
  /** Waits for ten writes that were begun after a moment. @returns the last one's number */
  async function writtenSince(since: Date): Promise<string> {
    await until(
      () => acknowledged(since).length >= 10,
      () => `ten writes: ${printed.slice(-2000)}`,
    );
    return acknowledged(since).at(-1)!.text;
  }

  test('finds the primary by Sentinels, and writes as the applications do, by TLS', async () => {
    const number = await writtenSince(new Date());
    expect(await lab.get(await lab.whole(), `drill:${number}`)).toBe(number);
  });

  // How long it takes is measured by a drill: this machine may be busy.
  test.each(['killed', 'frozen'])('writes to the other member where the primary is %s', async (how) => {
    const old = await lab.whole();
    await writtenSince(new Date());
    const lost = new Date();
    if (how === 'killed') lab.kill(`member-${old}`);
    else lab.signal(`member-${old}`, 'SIGSTOP');
    const number = await writtenSince(lost);
    expect(await lab.get(1 - old, `drill:${number}`)).toBe(number);
    if (how === 'killed') lab.start(`member-${old}`);
    else lab.signal(`member-${old}`, 'SIGCONT');
    expect(await lab.whole()).toBe(1 - old);
  });
});
