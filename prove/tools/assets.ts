import path from 'node:path';
import { moduleFiles } from '../../scripts/import/module-files.ts';
import { toolsHere } from './cache.ts';
import type { Tools } from './cache.ts';
import { versionOf } from './modules.ts';
import { programOf } from './programs.ts';
import type { ProgramName } from './programs.ts';

/**
 * Path of a file or folder that a program's module brings beside its code, such as a manifest. It is taken from the
 * module that the program is built from, and kept with the programs; nothing of it is copied into git.
 * @param file path in the module
 * @throws InputError where the module can't be had
 */
export function asset(program: ProgramName, file: string, tools: Tools = toolsHere()): string {
  const { family, module = '' } = programOf(program);
  const pinned = { module, version: versionOf(program, tools.folder), folder: path.join(tools.folder, family) };
  return moduleFiles(pinned, [file], tools)[0] ?? '';
}
