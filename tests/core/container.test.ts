import { Size } from 'cdk8s';
import { containerSpec } from '../../constructs/core/container.ts';
import type { ContainerProps } from '../../constructs/core/container.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import { image } from '../support/harness.ts';

const base: ContainerProps = {
  name: 'web',
  image,
  resources: { cpuRequest: Cpu.millicores(100), memory: Size.mebibytes(128), because: 'measured' },
  probes: 'none',
};
const container = (changes: Partial<ContainerProps> = {}) => containerSpec({ ...base, ...changes });

describe('variables', () => {
  test('may come from fields of the pod, and stand among the others by name', () => {
    const { env } = container({ environment: { A: '1', C: '3' }, podFields: { B: 'metadata.name' } });
    expect(env).toEqual([
      { name: 'A', value: '1' },
      { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'C', value: '3' },
    ]);
  });

  /** As the kubelet reads it, with everything it could replace. */
  const inProcess = (text: string): string =>
    text.replace(/\$(\$|\([^)]*\))/g, (_, next: string) => (next === '$' ? '$' : 'replaced'));

  test.each(['^a$$b$', 'use $(PORT)', '$$', '$$$', '$$(A)', '$(', 'a$b', '$', '$$$(A)$$', 'plain'])(
    'reach the process as they were given: %s',
    (text) => {
      const [variable] = container({ environment: { A: text } }).env ?? [];
      expect(inProcess(variable?.value ?? '')).toBe(text);
    },
  );

  test('without anything to replace are written as they are', () => {
    expect(container({ environment: { A: 'a$b$' } }).env).toEqual([{ name: 'A', value: 'a$b$' }]);
  });

  test('of a command reach the process as they were given too', () => {
    expect(container({ command: ['sh', '-c', 'echo $(id) $$'] }).command?.map(inProcess)).toEqual([
      ...['sh', '-c', 'echo $(id) $$'],
    ]);
  });

  test('leave no empty list where there are none', () => {
    expect(container()).not.toHaveProperty('env');
  });
});

test('a container may have a user of its own', () => {
  expect(container({ user: 65_534 }).securityContext).toMatchObject({ runAsUser: 65_534, runAsGroup: 65_534 });
  expect(container().securityContext).not.toHaveProperty('runAsUser');
});

describe('before it stops', () => {
  test('a container sleeps', () => {
    expect(container({ preStopSleepSeconds: 5 }).lifecycle).toEqual({ preStop: { sleep: { seconds: 5 } } });
  });

  test('or runs a program', () => {
    const beforeStop = { command: ['wait', '5'], atMostSeconds: 5 };
    expect(container({ beforeStop }).lifecycle).toEqual({ preStop: { exec: { command: ['wait', '5'] } } });
  });

  test('or does nothing', () => {
    expect(container()).not.toHaveProperty('lifecycle');
  });
});

describe('mounts', () => {
  test('may have one folder of a volume', () => {
    const mounts = [{ volume: 'data', path: '/reserve', folder: 'reserve' }];
    expect(container({ mounts }).volumeMounts).toEqual([{ name: 'data', mountPath: '/reserve', subPath: 'reserve' }]);
  });

  test('show volumes of the workload, writable unless it is said', () => {
    const mounts = [
      { volume: 'data', path: '/data' },
      { volume: 'files', path: '/etc/files', readOnly: true },
    ];
    expect(container({ mounts }).volumeMounts).toEqual([
      { name: 'data', mountPath: '/data' },
      { name: 'files', mountPath: '/etc/files', readOnly: true },
    ]);
  });

  test("stand beside the container's own writable directories", () => {
    const writableDirectories = [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(64) }];
    const mounts = [{ volume: 'data', path: '/data' }];
    expect(container({ writableDirectories, mounts }).volumeMounts?.map(({ name }) => name)).toEqual(['tmp', 'data']);
  });
});
