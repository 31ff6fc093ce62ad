import { Size } from 'cdk8s';
import { Cpu } from '../../constructs/core/cpu.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import type { NestBackendProps } from '../../constructs/nest-backend/index.ts';
import { image, manifestsOf, refusal } from '../support/harness.ts';

const base: NestBackendProps = { image, host: 'api.example.com' };
const make = (changes: Partial<NestBackendProps>) =>
  manifestsOf((scope) => new NestBackend(scope, 'backend', { ...base, ...changes }));

describe('a web workload is refused with', () => {
  const wrong: [string, Partial<NestBackendProps>][] = [
    ['port', { port: 0 }],
    ['metrics.port', { metrics: { path: '/metrics', port: 99_999 } }],
    ['preStopSleepSeconds', { preStopSleepSeconds: -1 }],
    ['shutdownSeconds', { shutdownSeconds: 1.5 }],
    ['keepAliveSeconds', { keepAliveSeconds: 60 }],
    ['autoscaleAtCpuPercent', { autoscaleAtCpuPercent: 0 }],
    ['size.memory', { size: { memory: Size.mebibytes(64) } }],
    ['size.cpuRequest', { size: { cpuRequest: Cpu.millicores(1) } }],
  ];
  test.each(wrong)('a %s that can not be', (option, changes) => {
    expect(refusal(() => make(changes)).map(({ where }) => where)).toEqual([`workload backend: ${option}`]);
  });

  test('all wrong numbers at once', () => {
    expect(refusal(() => make({ port: -1, shutdownSeconds: 0 }))).toHaveLength(2);
  });
});

test('a size given by the environment is not explained by the estimate of the default', () => {
  const texts = [{}, { size: { minReplicas: 4 } }, { size: { cpuRequest: undefined } }].map((changes) =>
    JSON.stringify(make(changes).find(({ kind }) => kind === 'Deployment')?.metadata.annotations),
  );
  expect(new Set(texts).size).toBe(1);
});
