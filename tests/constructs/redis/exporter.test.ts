import { built } from '../../support/built.ts';
import { imageNamed, redisWith } from '../../support/redis-sentinel.ts';
import { hasRedis, RedisLab } from './lab.ts';

const exporter = built('redis-exporter');

(hasRedis && exporter !== undefined ? describe : describe.skip)('the real exporter, of real processes', () => {
  let lab: RedisLab;
  beforeAll(async () => {
    lab = new RedisLab();
    await lab.begin();
  });
  afterAll(() => lab.stop());

  test('shows every number that an alert asks for, and needs no right that it does not have', async () => {
    // A refusal, which is a number too.
    await lab.ask(lab.member(0), 'app', 'get');
    const parts = ['member-0', 'member-1', 'sentinel-0'] as const;
    const shown: string[] = [];
    for (const part of parts) shown.push(await lab.metrics(exporter ?? '', part));
    const asked = ([imageNamed('haproxy'), false] as const)
      .flatMap((proxy) => [...redisWith({ exporter: imageNamed('exporter'), proxy }).platform.alerts])
      .flatMap(({ props }) => props.expression.match(/\bredis_[a-z_]+/g) ?? []);
    expect(asked.length).toBeGreaterThan(10);
    const has = (name: string): boolean => new RegExp(`^${name}[{ ]`, 'm').test(shown.join('\n'));
    expect(asked.filter((name) => !has(name))).toEqual([]);
    for (const part of parts) expect([part, await lab.admin(part, 'acl', 'log')]).toEqual([part, ['']]);
  });
});
