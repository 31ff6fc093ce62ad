import fs from 'node:fs';
import { must } from '../machine/run.ts';
import { blobFile, packImage } from './store.ts';
import type { Image } from './store.ts';

interface Manifest {
  readonly layers: readonly { readonly digest: string }[];
}

/** Writes the files of an image to a folder, as a container of it would see them. */
export async function unpackImage(store: string, image: Image, folder: string): Promise<void> {
  const digest = await packImage(store, image);
  const { layers } = JSON.parse(fs.readFileSync(blobFile(store, digest), 'utf8')) as Manifest;
  fs.mkdirSync(folder, { recursive: true });
  for (const layer of layers) {
    // A link to a folder that a lower layer has stays one: what lies below it is written there.
    const where = ['--extract', '--keep-directory-symlink', `--directory=${folder}`];
    await must('tar', [...where, `--file=${blobFile(store, layer.digest)}`], { timeout: 300 });
  }
}
