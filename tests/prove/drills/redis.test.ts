import path from 'node:path';
import { buildPlatform } from '../../../apps/platform.ts';
import { RedisSentinel } from '../../../constructs/redis-sentinel/index.ts';
import { outageFigures } from '../../../prove/drills/redis/index.ts';
import { withClient } from '../../../prove/instruments/recorder.ts';
import { ioredisInputs } from '../../../prove/instruments/redis-writer.ts';

const outage = (sentinel: number, plain: number, ioredis: number) => ({ outage: { sentinel, plain, ioredis } });

describe('what a lost primary did to clients', () => {
  const figures = outageFigures(
    [outage(4, 5, 6), outage(7, 5.5, 7.5), outage(5, 6, 7)],
    [{ name: 'node lost', ...outage(12, 22, 30) }],
  );

  test('is promised for the worst of all, ioredis among them, and of the quick faults alone', () => {
    expect(figures.outage).toBe(7.5);
  });

  test('is told for each client: median and worst', () => {
    expect(figures).toMatchObject({
      ...{ 'median by Sentinels': 5, 'median by the plain address': 5.5, 'median by ioredis': 7 },
      ...{ 'worst by Sentinels': 7, 'worst by the plain address': 6, 'worst by ioredis': 7.5 },
    });
  });

  test('is told for each of the slow faults', () => {
    expect(figures).toMatchObject({ 'node lost, by Sentinels': 12, 'node lost, by ioredis': 30 });
  });
});

describe('the client with ioredis', () => {
  const [redis] = buildPlatform('production').all(RedisSentinel);
  const inputs = ioredisInputs(redis!.endpoint, { 'redis-ca.crt': 'of its authority', 'other.crt': 'another' });
  const [certificates, pod] = withClient(
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'writer' },
      spec: { containers: [{ env: [{ name: 'NODE' }] }] },
    },
    { image: 'ioredis', command: ['node', 'writer.js'], ...inputs },
    { namespace: 'data', name: 'writer' },
  );
  const { containers, volumes } = pod!.spec as {
    readonly containers: readonly { readonly env: object[]; readonly volumeMounts: readonly { mountPath: string }[] }[];
    readonly volumes: readonly object[];
  };

  test('is told what a backend is told, and the password by a file', () => {
    expect(inputs.environment).toMatchObject({ REDIS_USER: 'app', REDIS_PASSWORD_FILE: '/run/secret/password' });
    expect(inputs.environment?.REDIS_SENTINELS?.split(',')).toHaveLength(3);
    expect(containers[0]?.env).toContainEqual({ name: 'REDIS_TLS_NAME', value: redis!.endpoint.serverName });
  });

  test('finds the certificates that it verifies servers by where its variable says', () => {
    const file = inputs.environment?.REDIS_CA_FILE ?? '';
    expect(containers[0]?.volumeMounts.map(({ mountPath }) => mountPath)).toContain(path.dirname(file));
    expect(volumes).toContainEqual({ name: 'authorities', configMap: { name: 'writer' } });
    expect(certificates).toMatchObject({ kind: 'ConfigMap', data: inputs.authorities });
    expect(inputs.authorities).toEqual({ [path.basename(file)]: 'of its authority' });
  });

  test('does not start without a certificate', () => {
    expect(() => ioredisInputs(redis!.endpoint, { 'redis-ca.crt': '' })).toThrow('no certificate in redis-ca.crt');
  });
});
