import { execFile } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { hasRedis, RedisLab } from './lab.ts';

const run = promisify(execFile);

// Another store than that of processes.test.ts, so that their clocks run at the same time.
(hasRedis ? describe : describe.skip)('another store of real processes', () => {
  let lab: RedisLab;
  beforeAll(async () => {
    lab = new RedisLab();
    await lab.startAll();
  });
  afterAll(() => lab.stop());

  test('a damaged log is replaced by the data of the primary, and kept aside', async () => {
    const replica = 1 - (await lab.whole());
    await lab.written(1 - replica, 'before-damage');
    lab.kill(`member-${replica}`);
    const folder = lab.at(`member-${replica}/data/appendonlydir`);
    const base = fs.readdirSync(folder).find((name) => name.endsWith('.base.rdb')) ?? '';
    fs.truncateSync(path.join(folder, base), 20);
    // So that there is something to keep.
    fs.writeFileSync(path.join(folder, 'large'), Buffer.alloc(65_536));
    lab.start(`member-${replica}`);
    const seen = 'the other member has the data: this one begins with none';
    await lab.said(`member-${replica}`, seen);
    await lab.whole();
    expect(await lab.get(replica, 'before-damage')).toBe('before-damage');
    expect(fs.readdirSync(lab.at(`member-${replica}/data/set-aside/appendonlydir`))).toContain(base);
  });

  test('a primary that is told to stop hands over before, also where the clock of the first Sentinel stood still', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before-stop');
    await lab.tilted(0);
    const { stderr } = await run('bash', [lab.at('member/before-stop.sh')], {
      env: lab.environment(`member-${primary}`),
    });
    expect(stderr).toContain('has handed over to the other member');
    expect(await lab.whole()).toBe(1 - primary);
    expect(await lab.get(1 - primary, 'before-stop')).toBe('before-stop');
  });

  test('after a loss of all power, the replica alone takes over; the old primary follows it', async () => {
    const primary = await lab.whole();
    // What belongs together is one transaction in the log.
    const both = "redis.call('set', 'together-1', '1') redis.call('set', 'together-2', '2')";
    await lab.ask(lab.member(primary), 'app', 'eval', both, '0');
    await lab.written(primary, 'before-power');
    for (const index of [0, 1] as const) {
      lab.kill(`member-${index}`);
      fs.writeFileSync(lab.at(`boot-${index}`), 'second\n');
    }
    for (const index of [0, 1, 2] as const) lab.kill(`sentinel-${index}`);
    lab.start(`member-${1 - primary}`);
    for (const index of [0, 1, 2] as const) lab.start(`sentinel-${index}`);
    expect(await lab.replaced('after-power')).toBe(1 - primary);
    expect(await lab.get(1 - primary, 'before-power')).toBe('before-power');
    expect(await lab.get(1 - primary, 'together-2')).toBe('2');
    lab.start(`member-${primary}`);
    expect(await lab.whole()).toBe(1 - primary);
  });

  test('nobody needed a right that it does not have', async () => {
    expect(await lab.refusedRights()).toEqual([]);
  });
});
