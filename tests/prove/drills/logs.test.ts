import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildPlatform } from '../../../apps/platform.ts';
import { appOfPod } from '../../../constructs/log-stack/index.ts';
import { castagnoli } from '../../../prove/drills/logs/bucket.ts';
import { componentsOf } from '../../../prove/drills/logs/components.ts';
import { ContainerLog } from '../../../prove/drills/logs/container-log.ts';
import { Disk } from '../../../prove/drills/logs/disk.ts';
import { ranges } from '../../../prove/drills/logs/lines.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-logs-'));
});
afterEach(() => fs.rmSync(folder, { recursive: true }));

/** What is in files below the disk, by their names. */
function filesOf(disk: Disk): Readonly<Record<string, string>> {
  const entries = fs.readdirSync(disk.at('var/log/pods'), { recursive: true, withFileTypes: true });
  return Object.fromEntries(
    entries.flatMap((entry) =>
      entry.isFile() ? [[entry.name, fs.readFileSync(path.join(entry.parentPath, entry.name), 'utf8')]] : [],
    ),
  );
}

test('a pod has a name by which the stages find its workload', () => {
  const components = componentsOf(buildPlatform('production'));
  const expression = new RegExp(appOfPod.replaceAll('(?P<', '(?<'));
  expect(components.length).toBeGreaterThan(40);
  expect(components.filter(({ pod, app }) => expression.exec(pod)?.groups?.app !== app)).toEqual([]);
});

test('lines are written as containerd does: with nanoseconds that no other line has, and long ones in parts', () => {
  const disk = new Disk(folder);
  const log = new ContainerLog(disk, { namespace: 'shop', pod: 'a', container: 'b' });
  const at = new Date('2026-12-01T00:00:00.001Z');
  log.write(['one', 'two'], at);
  expect(filesOf(disk)['0.log']).toBe(
    '2026-12-01T00:00:00.001000000Z stdout F one\n2026-12-01T00:00:00.001000001Z stdout F two\n',
  );
  log.writeInParts(['a', 'b']);
  expect(filesOf(disk)['0.log']).toMatch(/Z stdout P a\n.*Z stdout F b\n$/);
});

test('a file that is rotated away keeps its lines under another name', () => {
  const disk = new Disk(folder);
  const log = new ContainerLog(disk, { namespace: 'shop', pod: 'a', container: 'b' });
  log.write(['before']);
  log.rotate();
  log.write(['after']);
  const files = Object.entries(filesOf(disk)).map(([name, text]) => `${name} ${text.trim().split(' ').at(-1)}`);
  expect(files.sort()).toEqual([
    expect.stringMatching(/^0\.log after$/),
    expect.stringMatching(/^0\.log\.\d+-\d+ before$/),
  ]);
});

test('files of a ConfigMap are links, as the kubelet makes them', () => {
  const disk = new Disk(folder);
  disk.mount('etc/rules', { 'a.yaml': 'text' });
  expect(fs.readFileSync(disk.at('etc/rules/a.yaml'), 'utf8')).toBe('text');
  const links = fs.readdirSync(disk.at('etc/rules'), { withFileTypes: true }).filter((entry) => entry.isSymbolicLink());
  expect(links.map(({ name }) => name).sort()).toEqual(['..data', 'a.yaml']);
});

test('the sum of a chunk is the one by which Loki names it', () => {
  expect(castagnoli(Buffer.from('123456789')).toString(16)).toBe('e3069283');
});

test('numbers that are missing are told in ranges', () => {
  expect([ranges([]), ranges([3, 4, 5, 9])]).toEqual(['none', '3 to 5, 9']);
});
