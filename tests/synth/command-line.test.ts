import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { jest } from '@jest/globals';
import { commandLine } from '../../synth/command-line.ts';

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-command-line-'));
afterAll(() => fs.rmSync(root, { recursive: true, force: true }));

test('a dry run ends with 1 where Argo CD would apply what no construct wrote, and not for other files', () => {
  const print = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  const dryRun = (): number => commandLine(root, ['--environment', 'production', '--dry-run']);
  const put = (file: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: other }\n');
  };
  const codes = [commandLine(root, ['--environment', 'production'])];
  put('dist/production/data/README.md');
  put('dist/production/nobody/other.yaml');
  codes.push(dryRun());
  put('dist/production/data/other.yaml');
  codes.push(dryRun());
  print.mockRestore();
  expect(codes).toEqual([0, 0, 1]);
});
