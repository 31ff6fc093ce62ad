import fs from 'node:fs';
import { hasRedis, RedisLab } from './lab.ts';

// One store for all: each leaves it whole. How long production's takes is measured by drills.
(hasRedis ? describe : describe.skip)('a store of real processes', () => {
  let lab: RedisLab;
  beforeAll(async () => {
    lab = new RedisLab();
    await lab.startAll();
  });
  afterAll(() => lab.stop());

  test('a primary whose process was killed is the primary again, with what was acknowledged', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before-kill');
    lab.killServer(`member-${primary}`);
    expect(await lab.writable('after-kill')).toBe(primary);
    expect(await lab.get(primary, 'before-kill')).toBe('before-kill');
  });

  test('a primary that comes back empty before anybody noticed serves nothing until the other one is promoted', async () => {
    const old = await lab.whole();
    await lab.written(old, 'kept');
    lab.kill(`member-${old}`);
    fs.rmSync(lab.at(`member-${old}/data`), { recursive: true });
    lab.start(`member-${old}`);
    expect(await lab.replaced('after-empty')).toBe(1 - old);
    expect(await lab.whole()).toBe(1 - old);
    expect([await lab.get(old, 'kept'), await lab.get(1 - old, 'kept')]).toEqual(['kept', 'kept']);
    expect(lab.log(`member-${old}`)).toContain('begins as replica: data empty');
  });

  test('two members that follow each other, and Sentinels that agree on one of them: it becomes the primary', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before-circle');
    await lab.admin(`member-${primary}`, 'replicaof', lab.member(1 - primary), '6379');
    const now = await lab.writable('after-circle');
    expect(await lab.get(now, 'before-circle')).toBe('before-circle');
    expect(lab.log(`member-${now}`)).toContain('nobody is: it becomes that');
  });

  test('a replica whose copy was just complete is promoted where its primary is lost that moment', async () => {
    const primary = await lab.whole();
    const replica = 1 - primary;
    await lab.written(primary, 'copied');
    lab.kill(`member-${replica}`);
    fs.rmSync(lab.at(`member-${replica}/data`), { recursive: true });
    const before = lab.log(`member-${replica}`).length;
    lab.start(`member-${replica}`);
    await lab.said(`member-${replica}`, 'Finished with success', before);
    lab.kill(`member-${primary}`);
    expect(await lab.replaced('after-copied')).toBe(replica);
    expect(await lab.get(replica, 'copied')).toBe('copied');
    lab.start(`member-${primary}`);
    expect(await lab.whole()).toBe(replica);
  });

  test('a replica whose data is old is neither promoted nor emptied by a primary without any, until a person says so', async () => {
    const primary = await lab.whole();
    const old = 1 - primary;
    await lab.written(primary, 'old');
    for (const index of [old, primary] as const) lab.kill(`member-${index}`);
    fs.rmSync(lab.at(`member-${primary}/data`), { recursive: true });
    // As they forget one that was out of step for a minute.
    const sentinels = ['sentinel-0', 'sentinel-1', 'sentinel-2'] as const;
    for (const each of sentinels) await lab.admin(each, 'sentinel', 'reset', 'redis');
    for (const index of [old, primary] as const) lab.start(`member-${index}`);
    await lab.until('the empty one to wait for a person', () =>
      Promise.resolve(lab.log(`member-${primary}`).includes('what the other one has is old') || undefined),
    );
    expect([await lab.role(old), await lab.role(primary), await lab.get(old, 'old')]).toEqual(['slave', '', 'old']);
    await lab.admin(`member-${old}`, 'replicaof', 'no', 'one');
    await Promise.all(sentinels.map((each) => lab.admin(each, 'sentinel', 'remove', 'redis')));
    expect(await lab.whole()).toBe(old);
    expect([await lab.get(old, 'old'), await lab.get(primary, 'old')]).toEqual(['old', 'old']);
  });

  test('nobody needed a right that it does not have', async () => {
    expect(await lab.refusedRights()).toEqual([]);
    await lab.ask(lab.member(0), 'probe', 'get', 'kept');
    expect(await lab.admin('member-0', 'acl', 'log')).toContain('probe');
  });
});
