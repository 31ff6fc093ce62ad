import fs from 'node:fs';
import path from 'node:path';
import { hasRedis, members, RedisLab, sentinels } from './lab.ts';

// What stopped the stores of others for hours, by where it was reported; see also reported-sentinels.test.ts.
(hasRedis ? describe : describe.skip)('members, as others reported them', () => {
  let lab: RedisLab;
  // One store for all: each begins when it is whole.
  beforeAll(async () => {
    lab = new RedisLab();
    await lab.begin();
  });
  afterAll(() => lab.stop());

  test('dragonfly-operator #324: connections to a primary that was frozen and replaced are closed', async () => {
    const old = await lab.whole();
    const open = await lab.connection(lab.member(old));
    lab.signal(`member-${old}`, 'SIGSTOP');
    await lab.until('another primary', async () => (await lab.set(1 - old, 'key'))[0] === 'OK' || undefined);
    lab.signal(`member-${old}`, 'SIGCONT');
    await lab.until('the connection to be closed', () => !open() || undefined);
    expect(await lab.whole()).toBe(1 - old);
  });

  test('redis-ha #397: two replicas, and Sentinels that watch nobody: one becomes the primary', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before');
    for (const part of [...members, ...sentinels]) lab.kill(part);
    for (const sentinel of sentinels) fs.rmSync(lab.at(`${sentinel}/data`), { recursive: true });
    for (const member of members) fs.writeFileSync(lab.at(`${member}/data/state`), 'replica first\n');
    for (const part of [...members, ...sentinels]) lab.start(part);
    const now = await lab.whole();
    expect(await lab.get(now, 'before')).toBe('before');
  });

  test('OT-redis-operator #1474: two former primaries, of which a person says which is the replica', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before');
    for (const part of [...members, ...sentinels]) lab.kill(part);
    for (const sentinel of sentinels) fs.rmSync(lab.at(`${sentinel}/data`), { recursive: true });
    for (const member of members) fs.writeFileSync(lab.at(`${member}/data/state`), 'primary first\n');
    for (const part of [...members, ...sentinels]) lab.start(part);
    for (const index of [0, 1]) await lab.said(`member-${index}`, 'nobody answers who could say that it still is');
    fs.writeFileSync(lab.at(`member-${1 - primary}/data/state`), 'replica -\n');
    expect(await lab.whole()).toBe(primary);
    expect(await lab.get(primary, 'before')).toBe('before');
  });

  test('redis #5177: a command in the log that is none is damage, and no endless start', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before');
    for (const part of members) lab.kill(part);
    const folder = lab.at(`member-${primary}/data/appendonlydir`);
    const log = path.join(folder, fs.readdirSync(folder).find((name) => name.endsWith('.incr.aof')) ?? '');
    fs.writeFileSync(log, fs.readFileSync(log, 'latin1').replace(/\r\nset\r\n/i, '\r\nsEu\r\n'), 'latin1');
    lab.start(`member-${primary}`);
    await lab.said(`member-${primary}`, 'the server refuses the log: Unknown command');
    lab.start(`member-${1 - primary}`);
    expect(await lab.get(await lab.whole(), 'before')).toBe('before');
  });

  test('a first part of the log that is empty is damage, and no empty primary', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before');
    const folder = lab.at(`member-${primary}/data/appendonlydir`);
    const bases = (): string[] => fs.readdirSync(folder).filter((name) => name.endsWith('.base.rdb'));
    const former = bases();
    await lab.admin(`member-${primary}`, 'bgrewriteaof');
    const base = await lab.until('the log to be written anew', () => {
      const [only, ...others] = bases();
      return others.length === 0 && only !== undefined && !former.includes(only) ? only : undefined;
    });
    await lab.written(primary, 'behind');
    lab.kill(`member-${primary}`);
    fs.truncateSync(path.join(folder, base), 0);
    lab.start(`member-${primary}`);
    const now = await lab.whole();
    expect(lab.log(`member-${primary}`)).toMatch(
      /first part of the log, .*, is empty\), and the other member has the data/,
    );
    expect([await lab.get(now, 'before'), await lab.get(1 - now, 'before')]).toEqual(['before', 'before']);
  });
});
