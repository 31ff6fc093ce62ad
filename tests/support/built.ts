import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { binary } from '../../prove/tools/cache.ts';

/** A built program; undefined where there is no Go, or nobody has built it. */
export function built(name: Parameters<typeof binary>[0]): string | undefined {
  try {
    return binary(name);
  } catch {
    return undefined;
  }
}

/** A program of the system; undefined where it isn't installed. */
export function installed(name: string): string | undefined {
  return (process.env.PATH ?? '')
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((file) => fs.existsSync(file));
}
