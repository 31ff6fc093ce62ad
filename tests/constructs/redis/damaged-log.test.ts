import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { promisify } from 'node:util';
import { hasRedis, RedisLab } from './lab.ts';

const run = promisify(execFile);

(hasRedis ? describe : describe.skip)('a log that only this member has', () => {
  let lab: RedisLab;
  beforeAll(() => {
    lab = new RedisLab();
  });
  afterAll(() => lab.stop());

  const record = (key: string): string => `*3\r\n$3\r\nSET\r\n$${key.length}\r\n${key}\r\n$1\r\n1\r\n`;

  /** A log with that at its end. @returns whether it was mended, what is left of it, and what was said */
  async function mend(end: string, repairBytes = '1024', before = '') {
    const data = fs.mkdtempSync(lab.at('alone-'));
    fs.mkdirSync(path.join(data, 'appendonlydir'));
    const file = path.join(data, 'appendonlydir', 'appendonly.aof.1.incr.aof');
    const whole = record('a') + record('b');
    fs.writeFileSync(file, whole + end);
    fs.writeFileSync(
      path.join(data, 'appendonlydir/appendonly.aof.manifest'),
      'file appendonly.aof.1.incr.aof seq 1 type i\n',
    );
    const script = `cd ${lab.at('member')}; data=${data}; run=${data}; . ./ask.sh; run=${data} state=${data}/state why= copied= unreadable=; . ./know.sh; . ./damage.sh; ${before}damaged && { mend || echo "$why"; }`;
    const { stdout, stderr } = await run('bash', ['-c', script], {
      env: { PATH: process.env.PATH, REPAIR_BYTES: repairBytes },
    });
    const left = fs.readFileSync(file, 'utf8');
    const aside = path.join(data, 'set-aside/appendonlydir/appendonly.aof.1.incr.aof');
    const seen = (): string => fs.readFileSync(path.join(data, 'seen'), 'utf8');
    return {
      left,
      whole,
      seen,
      said: stdout + stderr,
      aside: fs.existsSync(aside) ? fs.readFileSync(aside, 'utf8') : '',
    };
  }

  test.each([
    ['cut in the middle of a command', '*3\r\n$3\r\nSET\r\n$1'],
    ['followed by zeros of a file system', '\0'.repeat(5000)],
    ['followed by other bytes', 'damaged'],
  ])('is cut back to its last whole command where it is %s, with a copy', async (_, end) => {
    const { left, whole, aside } = await mend(end);
    expect(left).toBe(whole);
    expect(aside).toBe(whole + end);
  });

  test('stays as it is where no copy can be kept, as on a volume that is full', async () => {
    const { left, whole, said } = await mend('damaged', '1024', 'cp() { echo No space left >&2; return 1; }; ');
    expect(left).toBe(`${whole}damaged`);
    expect(said).toMatch(/no copy of it can be kept in .*set-aside.part: No space left/);
  });

  test('is alive to the probes for as long as it is copied', async () => {
    const slow = 'cp() { rm "$data/waiting"; sleep 3; command cp "$data/waiting" "$data/seen"; command cp "$@"; }; ';
    const { seen } = await mend('damaged', '1024', slow);
    expect(seen()).toBe('the damaged log is copied\n');
  });

  test('keeps the copy of how it was, where the repair fails and is tried again', async () => {
    const fails =
      'redis-check-aof() { if [ "$1" = --fix ]; then echo x >>"$2"; return 1; fi; command redis-check-aof "$@"; }; ';
    const { whole, aside } = await mend('damaged', '1024', `${fails}damaged; mend; `);
    expect(aside).toBe(`${whole}damaged`);
  });

  test('stays as it is where more would be cut than is allowed', async () => {
    const end = `X${record('c')}`;
    const { left, whole, said } = await mend(end, '20');
    expect(left).toBe(whole + end);
    expect(said).toContain(
      `the log is damaged so far from its end that ${end.length} bytes would be cut, more than 20`,
    );
  });

  /** Of data of 20,000 bytes, with an older copy beside. @returns where which of both are */
  async function setAside(before: string) {
    const data = fs.mkdtempSync(lab.at('aside-'));
    for (const [folder, bytes] of [
      ['appendonlydir', 'new'],
      ['set-aside/appendonlydir', 'old'],
    ] as const) {
      fs.mkdirSync(path.join(data, folder), { recursive: true });
      fs.writeFileSync(path.join(data, folder, 'log'), bytes + ' '.repeat(20_000));
    }
    const script = `cd ${lab.at('member')}; . ./ask.sh; data=${data} run=${data} state=${data}/state why=; . ./know.sh; . ./damage.sh; state=${data}/state; ${before}set_aside; echo "$why"`;
    const { stdout } = await run('bash', ['-c', script], { env: { PATH: process.env.PATH } });
    const held = (folder: string): string | undefined => {
      const file = path.join(data, folder, 'log');
      return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : undefined;
    };
    return { why: stdout.trim(), log: held('appendonlydir'), aside: held('set-aside/appendonlydir'), held };
  }

  test('takes the place of an older one when it is set aside', async () => {
    expect(await setAside('')).toMatchObject({ why: '', log: undefined, aside: 'new' });
  });

  test('stays, and so does the older one, where it cannot be moved', async () => {
    const { why, log, aside } = await setAside('mv() { echo No space left >&2; return 1; }; ');
    expect([log, aside]).toEqual(['new', 'old']);
    expect(why).toMatch(/can't be moved to .*set-aside.new: No space left/);
  });

  test('takes no room of what was damaged, where it is half a copy of the primary', async () => {
    const { aside, held } = await setAside(': >"$state"; ');
    expect([aside, held('set-aside-half/appendonlydir')]).toEqual(['old', 'new']);
  });
});
