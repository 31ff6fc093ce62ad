import type { AlertProps } from '../../../constructs/core/alert.ts';
import type { RedisSentinelProps } from '../../../constructs/redis-sentinel/index.ts';
import type { Scenario, Values } from '../../support/patroni-alert-scenarios.ts';
import { promtool, Rules } from '../../support/promtool.ts';
import { imageNamed, redisWith } from '../../support/redis-sentinel.ts';

const full = { proxy: imageNamed('haproxy'), exporter: imageNamed('exporter') } as const;
const alertsWith = (changes: Partial<RedisSentinelProps> = {}): AlertProps[] =>
  redisWith({ ...full, ...changes }).platform.alerts.map(({ props }) => props);
const alerts = alertsWith();

const ready = (name: string): string =>
  `kube_statefulset_status_replicas_ready{namespace="test",statefulset="${name}"}`;
const of = (metric: string, member: 0 | 1, more = ''): string =>
  `redis_${metric}{namespace="test",pod="redis-${member}"${more}}`;
const tilt = 'redis_sentinel_tilt{namespace="test",pod="redis-sentinel-2"}';
const up = (backend: string, server: string, proxy = 'a'): string =>
  `haproxy_server_status{namespace="test",pod="redis-proxy-${proxy}",proxy="${backend}",server="${server}",state="UP"}`;
const both = (zero: Values, one: Values, proxy = 'a') => ({
  [up('member-0', 'member-0', proxy)]: zero,
  [up('member-1', 'member-1', proxy)]: one,
});
const named = (member: 0 | 1, count: number) =>
  Object.fromEntries(
    [0, 1, 2].flatMap((index) => [
      [up(`says-${member}`, `sentinel-${index}`), index < count ? 1 : 0],
      [up(`says-${1 - member}`, `sentinel-${index}`), 0],
    ]),
  );
const memory = (used: number) => ({ [of('memory_used_bytes', 0)]: used, [of('memory_max_bytes', 0)]: 300e6 });
const step = 0.25;

const scenarios: Readonly<Record<string, Scenario>> = {
  RedisMemberDown: { minutes: 7, fires: { [ready('redis')]: 1 }, quiet: { [ready('redis')]: 2 } },
  RedisQuorumLost: { minutes: 3, fires: { [ready('redis-sentinel')]: 1 }, quiet: { [ready('redis-sentinel')]: 2 } },
  RedisSentinelDown: { minutes: 12, fires: { [ready('redis-sentinel')]: 2 }, quiet: { [ready('redis-sentinel')]: 3 } },
  // A proxy on a lost node sees nobody, and the other one does.
  RedisNoPrimary: { minutes: 3, fires: both(0, 0), quiet: { ...both(0, 0), ...both(0, 1, 'b') } },
  RedisTwoPrimaries: { minutes: 3, fires: both(1, 1), quiet: both(1, 0) },
  RedisViewDisagrees: {
    step,
    minutes: 3,
    fires: { ...named(1, 2), ...both(1, 0) },
    // A failover, that one scrape sees.
    quiet: { ...named(1, 3), ...both('0+0x40', '1+0x10 0 1+0x40') },
  },
  RedisReplicaMissing: {
    minutes: 7,
    fires: { [of('master_link_up', 1)]: 0 },
    quiet: { [of('master_link_up', 1)]: 1 },
  },
  RedisReplicaLags: {
    minutes: 7,
    fires: { [of('connected_slave_lag_seconds', 0)]: 12 },
    quiet: { [of('connected_slave_lag_seconds', 0)]: 1 },
  },
  RedisSentinelTilt: { minutes: 4, labels: { pod: 'redis-sentinel-2' }, fires: { [tilt]: 1 }, quiet: { [tilt]: 0 } },
  RedisNotWatched: {
    minutes: 17,
    fires: { [of('up', 0)]: 1, [of('up', 1)]: 0 },
    quiet: { [of('up', 0)]: 1, [of('up', 1)]: 1 },
  },
  // Without a limit there is no share of it.
  RedisMemoryNearlyFull: {
    minutes: 12,
    fires: memory(250e6),
    quiet: { ...memory(100e6), [of('memory_max_bytes', 1)]: 0 },
  },
  RedisRefusesWrites: {
    minutes: 12,
    fires: { [of('errors_total', 0, ',err="OOM"')]: '0+0x10 3+0x20' },
    quiet: { [of('errors_total', 0, ',err="WRONGTYPE"')]: '0+0x10 3+0x20' },
  },
  // What ends by itself, one after the other, is gone from the hour before.
  RedisLostAllKeys: {
    minutes: 20,
    fires: { [of('db_keys', 0, ',db="db0"')]: '500+0x20 0+0x40', [of('db_keys', 1, ',db="db0"')]: '500+0x20 0+0x40' },
    quiet: { [of('db_keys', 0, ',db="db0"')]: '40+0x20 0+0x40', [of('db_keys', 0, ',db="db1"')]: 0 },
  },
  RedisRejectsConnections: {
    minutes: 12,
    fires: { [of('rejected_connections_total', 0)]: '0+0x10 9+0x20' },
    quiet: { [of('rejected_connections_total', 0)]: 9 },
  },
  RedisLogNotWritten: {
    minutes: 3,
    fires: { [of('aof_last_write_status', 1)]: 0, [of('aof_last_bgrewrite_status', 1)]: 1 },
    quiet: { [of('aof_last_write_status', 1)]: 1, [of('aof_last_bgrewrite_status', 1)]: 1 },
  },
};

test('every alert has a series that fires it and one that keeps it quiet', () => {
  expect(Object.keys(scenarios).sort()).toEqual(alerts.map(({ name }) => name).sort());
});

test('a store that forgets on purpose pages nobody for it, and every one that refuses writes does', () => {
  const names = (use: 'cache' | 'mixed'): string[] => alertsWith({ use }).map(({ name }) => name);
  const missing = (use: 'cache' | 'mixed'): string[] =>
    alerts.map(({ name }) => name).filter((name) => !names(use).includes(name));
  expect(missing('mixed')).toEqual(['RedisMemoryNearlyFull']);
  expect(missing('cache')).toEqual(['RedisMemoryNearlyFull', 'RedisLostAllKeys']);
});

test('what nobody can see has no alert', () => {
  const without = (changes: Partial<RedisSentinelProps>): string[] => alertsWith(changes).map(({ name }) => name);
  expect(without({ exporter: false, proxy: false })).toEqual([
    'RedisMemberDown',
    'RedisQuorumLost',
    'RedisSentinelDown',
  ]);
  expect(without({ exporter: false })).toContain('RedisViewDisagrees');
  expect(without({ proxy: false })).toContain('RedisViewDisagrees');
});

const withoutProxy = alertsWith({ proxy: false });

test('without a proxy no alert asks for numbers of one', () => {
  expect(withoutProxy.filter(({ expression, summary }) => /prox/i.test(expression + summary))).toEqual([]);
});

(promtool === undefined ? describe.skip : describe)('without a proxy', () => {
  test('members tell that there is no primary, or two', () => {
    const rules = new Rules(withoutProxy);
    const complaints = (name: string, zero: string, one: string, fires: boolean): string => {
      const series = {
        [of('instance_info', 0, `,role="${zero}"`)]: '1+0x8',
        [of('instance_info', 1, `,role="${one}"`)]: '1+0x8',
      };
      return rules.complaints({ step: 0.5, series, name, labels: {}, fires: new Map([[3, fires]]) });
    };
    expect(complaints('RedisNoPrimary', 'slave', 'slave', true)).toBe('');
    expect(complaints('RedisNoPrimary', 'master', 'slave', false)).toBe('');
    expect(complaints('RedisTwoPrimaries', 'master', 'master', true)).toBe('');
    expect(complaints('RedisTwoPrimaries', 'master', 'slave', false)).toBe('');
    rules.remove();
  });

  /** What the Sentinels name, and the members say, each in the notation of promtool for two members in turn. */
  const views = (named: readonly [string, string], say: readonly [string, string], sentinels = 2) =>
    Object.fromEntries(
      ([0, 1] as const).flatMap((member): (readonly [string, string])[] => [
        [`kube_service_info{namespace="test",service="redis-${member}",cluster_ip="10.0.0.${member}"}`, '1+0x40'],
        [of('instance_info', member, ',role="master"'), say[member]],
        ...Array.from({ length: sentinels }, (_, index): readonly [string, string] => [
          `redis_sentinel_master_status{namespace="test",pod="redis-sentinel-${index}",master_name="redis",` +
            `master_address="10.0.0.${member}:6379",master_status="ok"}`,
          named[member],
        ]),
      ]),
    );

  test('Sentinels tell that they name a primary that says that it is none', () => {
    const rules = new Rules(withoutProxy);
    const complaints = (series: Readonly<Record<string, string>>, fires: boolean): string =>
      rules.complaints({ step: 0.25, series, name: 'RedisViewDisagrees', labels: {}, fires: new Map([[4, fires]]) });
    const [always, never] = ['1+0x40', '_x40'];
    expect(complaints(views([never, always], [always, never]), true)).toBe('');
    expect(complaints(views([never, always], [never, always]), false)).toBe('');
    // One Sentinel is no majority.
    expect(complaints(views([never, always], [always, never], 1), false)).toBe('');
    // A failover, which is seen of members half a minute before it is seen of Sentinels.
    const failover = (at: number): [string, string] => [`1+0x${at - 1} stale`, `_x${at} 1+0x40`];
    expect(complaints(views(failover(14), failover(12)), false)).toBe('');
    rules.remove();
  });
});

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const rules = new Rules(alerts);
  afterAll(() => {
    rules.remove();
  });

  function complaints(name: string, fires: boolean): string {
    const { step: every = 0.5, minutes, labels = {}, ...given } = scenarios[name]!;
    const values = (value: Values): string => (typeof value === 'number' ? `${value}+0x${minutes / every}` : value);
    const series = Object.fromEntries(
      Object.entries(fires ? given.fires : given.quiet).map(([key, value]) => [key, values(value)]),
    );
    return rules.complaints({ step: every, series, name, labels, fires: new Map([[minutes, fires]]) });
  }

  test('every expression is PromQL', () => {
    expect(rules.check()).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  test.each(Object.keys(scenarios))('%s fires', (name) => {
    expect(complaints(name, true)).toBe('');
  });

  test.each(Object.keys(scenarios))('%s keeps quiet', (name) => {
    expect(complaints(name, false)).toBe('');
  });
});
