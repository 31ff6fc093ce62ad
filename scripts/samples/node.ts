import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';
import { isOfSameLine, nodeVersionOf } from './plan.ts';

/**
 * Where a Node.js of the images' line is: this machine's, or on Linux one from npm, which is brought once.
 * @param report is told a line where one is brought
 * @throws InputError where there is none
 */
export function nodeFolder(root: string, report: (line: string) => void): string {
  const wanted = nodeVersionOf(fs.readFileSync(path.join(root, 'samples/backend/Dockerfile'), 'utf8'));
  if (isOfSameLine(process.versions.node, wanted)) return path.dirname(process.execPath);
  const name = `node-${process.platform}-${process.arch}`;
  const prefix = path.join(root, 'node_modules/.cache/samples', wanted);
  const folder = path.join(prefix, 'node_modules', name, 'bin');
  if (fs.existsSync(path.join(folder, 'node'))) return folder;
  report(`Node.js ${wanted}: from npm, because this one is ${process.versions.node}`);
  fs.mkdirSync(prefix, { recursive: true });
  // `npm run -s` would keep it from saying why it ends with 1.
  const args = [
    'install',
    '--loglevel=notice',
    '--prefix',
    prefix,
    '--no-save',
    '--no-audit',
    '--no-fund',
    `${name}@${wanted}`,
  ];
  // What it says is no answer of whoever needs it.
  const { status } = spawnSync('npm', args, { stdio: ['ignore', 2, 2] });
  if (status === 0) return folder;
  throw new InputError({
    where: 'npm run samples',
    what: `there is no Node.js ${wanted} for ${name.replace('node-', '')}`,
    allowed: `Node.js ${wanted.split('.')[0] ?? ''} on the PATH, or a machine that npm has one for`,
    remedy: 'install it and run this again with it',
  });
}
