import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { InputError } from '../../constructs/core/error.ts';

const WRITERS = '.cdk8s/writers';

/** Each writer leaves a mark first and looks for others then, so of two at least one sees the other. */
export function withoutOthers<Result>(root: string, action: () => Result): Result {
  const folder = path.join(root, WRITERS);
  const mark = path.join(folder, String(process.pid));
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(mark, '');
  try {
    for (const name of fs.readdirSync(folder)) {
      if (name === String(process.pid)) continue;
      if (isAlive(Number(name))) {
        const remedy = `wait until process ${name} has ended; if it is no synth, delete this file`;
        const what = `process ${name} is writing`;
        throw new InputError({ where: `${WRITERS}/${name}`, what, allowed: 'one writer at a time', remedy });
      }
      fs.rmSync(path.join(folder, name), { force: true });
    }
    return action();
  } finally {
    fs.rmSync(mark, { force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    return Number.isInteger(pid) && process.kill(pid, 0);
  } catch (error) {
    return isFileSystemError(error) && error.code === 'EPERM';
  }
}

export function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return typeof error === 'object' && error !== null && 'syscall' in error;
}
