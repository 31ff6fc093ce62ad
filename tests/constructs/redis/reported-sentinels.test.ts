import fs from 'node:fs';
import { hasRedis, RedisLab, sentinels } from './lab.ts';

// What stopped the stores of others for hours, by where it was reported; see also reported-members.test.ts.
(hasRedis ? describe : describe.skip)('Sentinels, as others reported them', () => {
  let lab: RedisLab;
  // One store for all: each begins when it is whole.
  beforeAll(async () => {
    lab = new RedisLab();
    await lab.begin();
  });
  afterAll(() => lab.stop());

  test('redis #12271: Sentinels that begin with different primaries agree again, and nothing is lost', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before');
    for (const sentinel of sentinels) lab.kill(sentinel);
    for (const sentinel of sentinels.slice(1)) misled(sentinel, primary);
    for (const sentinel of sentinels) lab.start(sentinel);
    const now = await lab.whole();
    expect([await lab.get(now, 'before'), await lab.get(1 - now, 'before')]).toEqual(['before', 'before']);
  });

  test('redis-ha #412: Sentinels that all name the replica, and know no other member, find the primary', async () => {
    const primary = await lab.whole();
    await lab.written(primary, 'before');
    for (const sentinel of sentinels) lab.kill(sentinel);
    for (const sentinel of sentinels) misled(sentinel, primary);
    for (const sentinel of sentinels) lab.start(sentinel);
    const now = await lab.whole();
    expect(await lab.get(now, 'before')).toBe('before');
  });

  test('redis-ha #410: a replica that no Sentinel would promote is promoted by a person, and all follow', async () => {
    const old = await lab.whole();
    await lab.written(old, 'before');
    for (const sentinel of sentinels) lab.kill(sentinel);
    lab.kill(`member-${old}`);
    for (const sentinel of sentinels) forgetful(sentinel);
    for (const sentinel of sentinels) lab.start(sentinel);
    await lab.until('nobody to be promoted', async () => {
      const [answer = ''] = await lab.admin('sentinel-0', 'sentinel', 'failover', 'redis');
      return answer.startsWith('NOGOODSLAVE') ? true : undefined;
    });
    await lab.admin(`member-${1 - old}`, 'replicaof', 'no', 'one');
    expect(await lab.set(1 - old, 'after')).toEqual(['OK']);
    await lab.until('the Sentinels to follow', async () => {
      const [address] = await lab.ask(lab.sentinel(0), 'probe', 'sentinel', 'get-master-addr-by-name', 'redis');
      return address === lab.member(1 - old) ? true : undefined;
    });
    lab.start(`member-${old}`);
    expect(await lab.whole()).toBe(1 - old);
    expect(await lab.get(old, 'after')).toBe('after');
  });

  type Sentinel = (typeof sentinels)[number];

  function rewrite(sentinel: Sentinel, change: (text: string) => string): void {
    const file = lab.at(`${sentinel}/data/sentinel.conf`);
    fs.writeFileSync(file, change(fs.readFileSync(file, 'utf8')));
  }

  /** Takes away what a Sentinel knew of the replica. */
  function forgetful(sentinel: Sentinel): void {
    rewrite(sentinel, (text) => text.replace(/^sentinel known-replica .*\n/gm, ''));
  }

  /** Has a Sentinel watch the replica, as if it knew nobody else. */
  function misled(sentinel: Sentinel, primary: number): void {
    forgetful(sentinel);
    rewrite(sentinel, (text) => text.replace(`redis ${lab.member(primary)} `, `redis ${lab.member(1 - primary)} `));
  }

  test('OT-redis-operator #1429: a Sentinel that comes back without its volume watches the primary again', async () => {
    await lab.whole();
    lab.kill('sentinel-0');
    fs.rmSync(lab.at('sentinel-0/data'), { recursive: true });
    const before = lab.log('sentinel-0').length;
    lab.start('sentinel-0');
    await lab.whole();
    expect(lab.log('sentinel-0').slice(before)).toContain('start.sh: watches');
  });
});
