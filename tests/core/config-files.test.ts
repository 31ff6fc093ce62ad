import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Size } from 'cdk8s';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { ConfigFiles } from '../../constructs/core/config-files.ts';
import type { ConfigFilesProps } from '../../constructs/core/config-files.ts';
import { Cpu } from '../../constructs/core/cpu.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { Workload } from '../../constructs/core/workload.ts';
import { podTemplateOf } from '../../synth/pods.ts';
import { image, manifestsOf, only, refusal, testApplication, testEnvironment } from '../support/harness.ts';

let folder: string;

beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-files-'));
  fs.mkdirSync(path.join(folder, 'common'));
  for (const file of ['start.sh', 'server.conf', 'common/log.sh']) {
    fs.writeFileSync(path.join(folder, file), `# ${file}\n`);
  }
});

afterAll(() => fs.rmSync(folder, { recursive: true }));

const data = { 'server.conf': 'port 1\n' };

/** Two workloads, each with files of its own. */
function twoConsumers(first: Partial<ConfigFilesProps> = {}, second: Partial<ConfigFilesProps> = {}): Manifest[] {
  return manifestsOf((scope) => {
    consumer(scope, 'one', new ConfigFiles(scope, 'of-one', { name: 'one-files', data, ...first }));
    consumer(scope, 'two', new ConfigFiles(scope, 'of-two', { name: 'two-files', data, ...second }));
  });
}

function consumer(scope: ApplicationChart, name: string, files: ConfigFiles): Workload {
  const resources = { cpuRequest: Cpu.millicores(1), memory: Size.mebibytes(1), because: 'measured' };
  return new Workload(scope, name, {
    name,
    program: name,
    component: 'test',
    controller: { kind: 'DaemonSet' },
    containers: [{ name, image, resources, probes: 'none', files: { '/etc/files': files } }],
    priority: 'applications',
    spread: 'anywhere',
  });
}

/** The workloads whose pods are made anew, from one to the other. */
function changed(before: readonly Manifest[], after: readonly Manifest[]): string[] {
  const template = (list: readonly Manifest[], name: string): string =>
    JSON.stringify(podTemplateOf(only(list, 'DaemonSet', name)));
  return ['one', 'two'].filter((name) => template(before, name) !== template(after, name));
}

const dataOf = (props: Partial<ConfigFilesProps>): unknown =>
  only(
    manifestsOf((scope) => new ConfigFiles(scope, 'files', { name: 'files', ...props })),
    'ConfigMap',
  ).data;

describe('a ConfigMap has', () => {
  test('what a folder holds directly', () => {
    expect(dataOf({ folder })).toEqual({ 'server.conf': '# server.conf\n', 'start.sh': '# start.sh\n' });
  });

  test('what is picked, side by side', () => {
    expect(dataOf({ folder, pick: ['start.sh', 'common/log.sh'] })).toEqual({
      'log.sh': '# common/log.sh\n',
      'start.sh': '# start.sh\n',
    });
  });

  test('what is made beside it', () => {
    expect(dataOf({ folder, pick: ['start.sh'], data })).toEqual({ ...data, 'start.sh': '# start.sh\n' });
  });
});

test('files are mounted, for reading', () => {
  const { containers, volumes } = podTemplateOf(only(twoConsumers(), 'DaemonSet', 'one'))!.spec!;
  expect(containers[0]?.volumeMounts).toEqual([{ name: 'files-one-files', mountPath: '/etc/files', readOnly: true }]);
  expect(volumes).toEqual([{ name: 'files-one-files', configMap: { name: 'one-files', defaultMode: 0o444 } }]);
});

test('scripts may be executed', () => {
  const { volumes } = podTemplateOf(only(twoConsumers({ executable: true }), 'DaemonSet', 'one'))!.spec!;
  expect(volumes?.[0]?.configMap?.defaultMode).toBe(0o555);
});

describe('one byte of a file', () => {
  const other = { data: { 'server.conf': 'port 2\n' } };

  test('makes new pods of who mounts it, and of nobody else', () => {
    expect(changed(twoConsumers(), twoConsumers(other))).toEqual(['one']);
    expect(changed(twoConsumers(), twoConsumers({}, other))).toEqual(['two']);
  });

  test('makes no new pods of programs that read it again', () => {
    const reloaded = { reloaded: true };
    expect(changed(twoConsumers(reloaded), twoConsumers({ ...reloaded, ...other }))).toEqual([]);
  });
});

describe('files that follow from what others build', () => {
  const later = (port: number): Manifest[] =>
    manifestsOf((scope) => {
      let text = '';
      const files = new ConfigFiles(scope, 'of-one', { name: 'one-files', data: () => ({ 'server.conf': text }) });
      consumer(scope, 'one', files);
      consumer(scope, 'two', new ConfigFiles(scope, 'of-two', { name: 'two-files', data }));
      text = `port ${port}\n`;
    });

  test('are asked for when everything is built', () => {
    expect(only(later(3), 'ConfigMap', 'one-files').data).toEqual({ 'server.conf': 'port 3\n' });
  });

  test('make new pods as others do', () => {
    expect(changed(later(3), later(4))).toEqual(['one']);
  });
});

describe('files are refused', () => {
  test.each([
    ['that are none', {}, 'it has no files'],
    ['of one name', { pick: ['start.sh'], data: { 'start.sh': '' } }, 'there are two files start.sh'],
  ])('%s', (_, props, what) => {
    const given = 'pick' in props ? { ...props, folder } : props;
    expect(refusal(() => dataOf(given))[0]?.what).toBe(what);
  });

  test.each([
    [
      'that begin with a mark of UTF-8',
      'run.sh',
      Buffer.from('\uFEFF#!/bin/sh\n'),
      'run.sh begins with a byte order mark',
    ],
    ['that are no text', 'key.jks', Buffer.from([0xfe, 0xed, 0xfe, 0xed]), 'key.jks is no text in UTF-8'],
    ['of more than an API server takes', 'big', 'x'.repeat(2 ** 20 + 1), 'its files have 1048577 bytes'],
    ['with line ends of Windows', 'start', 'set -e\r\n', 'start has line ends of Windows'],
    ['of a name that is none', 'a b', '', 'there is a file "a b"'],
    ['of a name that the kubelet keeps for itself', '..x', '', 'there is a file "..x"'],
  ])('%s', (_, file, content, what) => {
    const own = fs.mkdtempSync(path.join(folder, 'refused-'));
    fs.writeFileSync(path.join(own, file), content);
    expect(refusal(() => dataOf({ folder: own }))[0]?.what).toBe(what);
  });

  test('of another namespace', () => {
    const files: ConfigFiles[] = [];
    const owner = testApplication('owner', (scope) =>
      files.push(new ConfigFiles(scope, 'files', { name: 'files', data })),
    );
    const user = testApplication('user', (scope) => files.map((each) => consumer(scope, 'one', each)));
    expect(refusal(() => new Platform(testEnvironment(), [owner, user]))[0]?.what).toBe(
      'it mounts the ConfigMap files of owner',
    );
  });
});
