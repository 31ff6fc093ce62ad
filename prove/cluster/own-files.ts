import fs from 'node:fs';
import path from 'node:path';

/** A file of `files/`. */
export function ownFile(name: string): string {
  return fs.readFileSync(path.join(import.meta.dirname, 'files', name), 'utf8');
}

/** A second name for a file where that is possible, else a copy. */
export function link(source: string, target: string): void {
  try {
    fs.linkSync(source, target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error;
    fs.copyFileSync(source, target);
  }
}
