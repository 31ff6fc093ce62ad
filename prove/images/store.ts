import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { keyOfLayer, writeLayer } from './layer.ts';
import type { Layer } from './layer.ts';

/** An image, and under which name pods ask for it. */
export interface Image {
  /** With registry and tag, such as `ghcr.io/example/backend:0.1.0`. */
  readonly reference: string;
  /** Lowest first. */
  readonly layers: readonly Layer[];
  readonly entrypoint?: readonly string[];
  readonly command?: readonly string[];
  /** Number of the user that its processes run as, unless the pod says otherwise. @default root */
  readonly user?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly workingDirectory?: string;
}

interface Blob {
  /** With its algorithm, `sha256:...`. */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
}

export const blobFile = (store: string, digest: string): string =>
  path.join(store, 'blobs', digest.replace(/^sha256:/, ''));

/**
 * Packs an image into the store; layers that are there already are not made again.
 * @param store folder that outlives clusters, like the programs that images are made of
 * @returns digest of its manifest
 */
export async function packImage(store: string, { layers, ...config }: Image): Promise<string> {
  const blobs: Blob[] = [];
  for (const layer of layers) blobs.push(await layerBlob(store, layer));
  const architecture = { x64: 'amd64' }[process.arch as string] ?? process.arch;
  const configuration = putJson(store, {
    architecture,
    os: 'linux',
    created: '1970-01-01T00:00:00Z',
    config: {
      ...(config.user === undefined ? {} : { User: String(config.user) }),
      Env: Object.entries({ PATH: '/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', ...config.env }).map(
        ([name, value]) => `${name}=${value}`,
      ),
      Entrypoint: config.entrypoint,
      Cmd: config.command,
      WorkingDir: config.workingDirectory,
    },
    // Uncompressed, so a layer has the same digest packed and unpacked.
    rootfs: { type: 'layers', diff_ids: blobs.map(({ digest }) => digest) },
  });
  const { digest } = putJson(store, {
    schemaVersion: 2,
    mediaType: mediaType('manifest.v1+json'),
    config: { mediaType: mediaType('config.v1+json'), ...configuration },
    layers: blobs.map((blob) => ({ mediaType: mediaType('layer.v1.tar'), ...blob })),
  });
  return digest;
}

function mediaType(name: string): string {
  return `application/vnd.oci.image.${name}`;
}

async function layerBlob(store: string, layer: Layer): Promise<Blob> {
  const name = `${layer.name}-${keyOfLayer(layer)}.json`;
  const known = path.join(store, 'layers', name);
  if (fs.existsSync(known)) {
    const blob = JSON.parse(fs.readFileSync(known, 'utf8')) as Blob;
    if (fs.existsSync(blobFile(store, blob.digest))) return blob;
  }
  fs.mkdirSync(path.join(store, 'layers'), { recursive: true });
  fs.mkdirSync(path.join(store, 'blobs'), { recursive: true });
  const work = fs.mkdtempSync(path.join(store, 'work-'));
  try {
    const archive = path.join(work, 'layer.tar');
    await writeLayer(layer, path.join(work, 'root'), archive);
    const blob = { digest: await digestOf(archive), size: fs.statSync(archive).size };
    fs.renameSync(archive, blobFile(store, blob.digest));
    removeOlder(store, layer.name, blob.digest);
    writeFile(known, JSON.stringify(blob));
    return blob;
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}

/** Removes what the store has of a layer from before its content changed; another key may have the same content. */
function removeOlder(store: string, layer: string, kept: string): void {
  const entries = path.join(store, 'layers');
  for (const file of fs.readdirSync(entries).filter((each) => /^(.*)-[0-9a-f]{12}\.json$/.exec(each)?.[1] === layer)) {
    const { digest } = JSON.parse(fs.readFileSync(path.join(entries, file), 'utf8')) as Blob;
    fs.rmSync(path.join(entries, file));
    if (digest !== kept) fs.rmSync(blobFile(store, digest), { force: true });
  }
}

function putJson(store: string, value: unknown): Blob {
  const text = JSON.stringify(value);
  const digest = `sha256:${crypto.createHash('sha256').update(text).digest('hex')}`;
  fs.mkdirSync(path.join(store, 'blobs'), { recursive: true });
  writeFile(blobFile(store, digest), text);
  return { digest, size: Buffer.byteLength(text) };
}

/** Whoever reads at the same time sees all of it or nothing. */
function writeFile(file: string, text: string): void {
  fs.writeFileSync(`${file}.${process.pid}`, text);
  fs.renameSync(`${file}.${process.pid}`, file);
}

function digestOf(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = crypto.createHash('sha256');
    fs.createReadStream(file, { highWaterMark: 1 << 20 })
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(`sha256:${hash.digest('hex')}`));
  });
}
