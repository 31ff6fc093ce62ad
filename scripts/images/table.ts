import fs from 'node:fs';
import path from 'node:path';
import { schemaFindings } from '../../config/findings.ts';
import { parseJson, readText } from '../../config/json.ts';
import { imagesSchema } from '../../config/schema.ts';
import type { ImagesInput } from '../../config/schema.ts';
import { InputError } from '../../constructs/core/error.ts';

export const imagesFile = 'config/images.json';

/** The image table and the text it was read from. */
export interface ImageFile {
  readonly images: ImagesInput;
  readonly text: string;
}

/** @throws InputError with everything that is wrong in it, except that an image is not pinned */
export function readImages(root: string): ImageFile {
  const text = readText(imagesFile, path.join(root, imagesFile));
  const images = parseJson(imagesFile, text);
  const findings = schemaFindings(imagesFile, imagesSchema, images);
  if (findings.length > 0) throw new InputError(findings);
  return { images: images as ImagesInput, text };
}

/**
 * Replaces the file, whole or not at all.
 * @throws InputError if it is no longer what was read: somebody's change would be lost
 */
export function writeImages(root: string, before: ImageFile, images: ImagesInput): void {
  const file = path.join(root, imagesFile);
  if (fs.readFileSync(file, 'utf8') !== before.text) {
    throw new InputError({
      where: imagesFile,
      what: 'it was changed while the registries were asked',
      allowed: 'one change at a time',
      remedy: 'run again',
    });
  }
  const temporary = `${file}.${process.pid}`;
  fs.writeFileSync(temporary, `${JSON.stringify(images, null, 2)}\n`);
  fs.renameSync(temporary, file);
}

/** The entry with a digest that a registry gave: in the place of the reason for having none. */
export function pinned(
  { repository, tag, supportedUntil }: ImagesInput[string],
  digest: string,
  registry: string,
  date: string,
): ImagesInput[string] {
  const until = supportedUntil === undefined ? {} : { supportedUntil };
  return { repository, tag, digest, source: `registry ${registry}`, date, ...until };
}

/** Aligned columns: name, repository, tag, the beginning of the digest or the reason for none, source, date. */
export function imageTable(images: ImagesInput): string {
  const rows = Object.entries(images).map(([name, { repository, tag, digest, withoutDigest, source, date }]) => {
    const identity = digest?.slice(0, 'sha256:'.length + 12) ?? `none: ${withoutDigest ?? 'no reason given'}`;
    return [name, repository, tag, identity, source, date];
  });
  const all = [['name', 'repository', 'tag', 'digest', 'source', 'date'], ...rows];
  const widths = all.reduce<number[]>((widest, row) => row.map((cell, i) => Math.max(cell.length, widest[i] ?? 0)), []);
  return all
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
