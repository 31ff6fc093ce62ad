import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import { toolsHere } from './cache.ts';
import type { Tools } from './cache.ts';
import { versionOf } from './modules.ts';
import { programOf } from './programs.ts';
import type { ProgramName } from './programs.ts';

/**
 * Path of a file or folder that a program's module brings beside its code, such as the definitions of its custom
 * resources. It is taken from the module that the program is built from, and kept with the programs; nothing of it is
 * copied into git.
 * @param file path in the module
 * @throws InputError where the module can't be had
 */
export function asset(program: ProgramName, file: string, tools: Tools = toolsHere()): string {
  const kept = path.join(
    tools.cache,
    'assets',
    `${program}-${versionOf(program, tools.folder)}`,
    file.replaceAll('/', '-'),
  );
  if (!fs.existsSync(kept)) fetchAsset(program, file, kept, tools);
  return kept;
}

function fetchAsset(program: ProgramName, file: string, kept: string, tools: Tools): void {
  const { family, module = '' } = programOf(program);
  fs.mkdirSync(path.dirname(kept), { recursive: true });
  const modules = fs.mkdtempSync(path.join(tools.cache, 'modules-'));
  const go = (args: readonly string[]) =>
    spawnSync('go', args, {
      cwd: path.join(tools.folder, family),
      env: { ...tools.env, GOMODCACHE: modules, GOFLAGS: '-mod=readonly' },
      encoding: 'utf8',
    });
  try {
    const { status, stdout, stderr } = go(['mod', 'download', '-json', module]);
    if (status !== 0) {
      throw new InputError({
        where: `${module}: ${file}`,
        what: stderr.trim() || stdout.trim(),
        allowed: `the module that prove/tools/${family}/go.mod pins`,
        remedy: 'look whether the module proxy can be reached, and run it again',
      });
    }
    const { Dir: folder } = JSON.parse(stdout) as { readonly Dir: string };
    fs.cpSync(path.join(folder, file), `${kept}.${process.pid}`, { recursive: true });
    // Go's copies are read-only, folders too.
    spawnSync('chmod', ['-R', 'u+w', `${kept}.${process.pid}`]);
    fs.renameSync(`${kept}.${process.pid}`, kept);
  } finally {
    // Go writes its cache read-only.
    go(['clean', '-modcache']);
    fs.rmSync(modules, { recursive: true, force: true });
  }
}
