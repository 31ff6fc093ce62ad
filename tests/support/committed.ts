import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import type { Manifest } from '../../constructs/core/manifest.ts';

export const root = path.join(import.meta.dirname, '..', '..');

export interface CommittedFile {
  /** Path from the root, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly manifest: Manifest;
}

/** Every file of a folder of generated YAML. */
export function committed(folder: string): CommittedFile[] {
  return fs
    .readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort()
    .map((file) => {
      const text = fs.readFileSync(path.join(root, file), 'utf8');
      return { file, text, manifest: load(text) as Manifest };
    });
}
