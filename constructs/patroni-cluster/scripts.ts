import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';

const folder = path.join(import.meta.dirname, 'files');

/** Scripts and SQL by file name, as they are mounted. */
export function scripts(): Record<string, string> {
  const names = fs.readdirSync(folder).filter((name) => /\.(py|sh|sql)$/.test(name));
  return Object.fromEntries(names.sort().map((name) => [name, fs.readFileSync(path.join(folder, name), 'utf8')]));
}

/** Changes with any of the files. For an annotation of pods: running programs don't notice that their files changed. */
export function hashOf(files: Readonly<Record<string, string>>): string {
  return crypto.createHash('sha256').update(JSON.stringify(files)).digest('hex').slice(0, 12);
}
