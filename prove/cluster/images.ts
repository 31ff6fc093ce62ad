import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { diskOf } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { link } from './files.ts';
import { inNode } from './machine.ts';
import { must } from './run.ts';

/** What an image holds and starts. All files belong to root. */
export interface ImageContent {
  /** Reference under which pods name it, such as `proving.local/probe:1`. */
  readonly reference: string;
  /** Files of this machine, by their path in the image. */
  readonly files: Readonly<Record<string, string>>;
  /** Files by path and text. @default none */
  readonly texts?: Readonly<Record<string, string>>;
  /** @default none */
  readonly entrypoint?: readonly string[];
  /** @default none */
  readonly command?: readonly string[];
  /** As `uid:gid`. @default root */
  readonly user?: string;
}

export const systemImages = {
  pause: 'proving.local/pause:1',
  probe: 'proving.local/probe:1',
  coredns: 'proving.local/coredns:1',
  localPath: 'proving.local/local-path-provisioner:1',
  metricsServer: 'proving.local/metrics-server:1',
} as const;

/** Tools of this machine that the image `probe` has beside it: what the volumes' helper and a look around need. */
const tools = ['cat', 'chmod', 'env', 'id', 'ls', 'mkdir', 'rm', 'sh', 'sleep'];

const accounts = {
  'etc/passwd': 'root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n',
  'etc/group': 'root:x:0:\nnobody:x:65534:\n',
};

/** The images that every cluster needs. */
export async function systemImageContents({ program }: Pick<Cluster, 'program'>): Promise<readonly ImageContent[]> {
  return [
    {
      reference: systemImages.pause,
      files: await withLibraries({ 'bin/sleep': '/bin/sleep' }),
      entrypoint: ['/bin/sleep', 'infinity'],
      user: '65535:65535',
    },
    {
      reference: systemImages.probe,
      files: {
        ...(await withLibraries(Object.fromEntries(tools.map((tool) => [`bin/${tool}`, `/bin/${tool}`])))),
        'bin/probe': program('probe'),
      },
      texts: accounts,
      entrypoint: ['/bin/probe'],
    },
    ...(
      [
        [systemImages.coredns, 'coredns'],
        [systemImages.localPath, 'local-path-provisioner'],
        [systemImages.metricsServer, 'metrics-server'],
      ] as const
    ).map(([reference, name]) => ({
      reference,
      files: { [name]: program(name) },
      texts: accounts,
      entrypoint: [`/${name}`],
    })),
  ];
}

/** Adds the shared libraries that the programs load. */
async function withLibraries(files: Readonly<Record<string, string>>): Promise<Readonly<Record<string, string>>> {
  const printed = await must('ldd', Object.values(files));
  const libraries = [...printed.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, file = '']) => file);
  return { ...files, ...Object.fromEntries(libraries.map((file) => [file.slice(1), file])) };
}

/**
 * Packs an image as an OCI archive that `ctr images import` takes, if the same one isn't packed yet. An older one of the
 * same name is removed.
 * @returns path of the archive
 */
export async function packImage(
  content: ImageContent,
  { folder, images }: Pick<Cluster, 'folder' | 'images'>,
): Promise<string> {
  const name = content.reference.replace(/^.*\//, '').replace(/[^a-z0-9.]+/g, '-');
  const archive = path.join(images, `${name}-${keyOf(content)}.tar`);
  if (fs.existsSync(archive)) return archive;
  fs.mkdirSync(images, { recursive: true });
  const work = path.join(folder, 'packing', name);
  await pack(content, work);
  const others = fs.readdirSync(images).filter((file) => /^(.*)-[0-9a-f]{12}\.tar$/.exec(file)?.[1] === name);
  for (const file of others) fs.rmSync(path.join(images, file));
  fs.renameSync(path.join(work, 'image.tar'), archive);
  fs.rmSync(work, { recursive: true });
  return archive;
}

async function pack(
  { reference, files, texts = {}, entrypoint, command, user }: ImageContent,
  work: string,
): Promise<void> {
  const [root, blobs] = [path.join(work, 'root'), path.join(work, 'image', 'blobs', 'sha256')];
  fs.mkdirSync(path.join(root, 'tmp'), { recursive: true });
  fs.chmodSync(path.join(root, 'tmp'), 0o1777);
  fs.mkdirSync(blobs, { recursive: true });
  const place = (file: string): string => {
    const target = path.join(root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    return target;
  };
  for (const [file, source] of Object.entries(files)) {
    fs.copyFileSync(source, place(file), fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(place(file), 0o755);
  }
  for (const [file, text] of Object.entries(texts)) fs.writeFileSync(place(file), text, { mode: 0o644 });
  const layer = path.join(work, 'layer.tar');
  const same = ['--sort=name', '--owner=0', '--group=0', '--numeric-owner', '--mtime=@0'];
  await must('tar', ['--create', `--file=${layer}`, `--directory=${root}`, ...same, '.'], { timeout: 300 });

  const digest = await digestOf(layer);
  const { size } = fs.statSync(layer);
  fs.renameSync(layer, path.join(blobs, digest));
  const put = (value: unknown) => {
    const text = JSON.stringify(value);
    const sum = crypto.createHash('sha256').update(text).digest('hex');
    fs.writeFileSync(path.join(blobs, sum), text);
    return { digest: `sha256:${sum}`, size: Buffer.byteLength(text) };
  };
  const platform = { architecture: { x64: 'amd64' }[process.arch as string] ?? process.arch, os: 'linux' };
  const config = put({
    ...platform,
    created: '1970-01-01T00:00:00Z',
    config: { User: user, Env: ['PATH=/usr/bin:/bin'], Entrypoint: entrypoint, Cmd: command },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  });
  const kind = (name: string) => `application/vnd.oci.image.${name}`;
  const manifest = put({
    schemaVersion: 2,
    mediaType: kind('manifest.v1+json'),
    config: { mediaType: kind('config.v1+json'), ...config },
    layers: [{ mediaType: kind('layer.v1.tar'), digest: `sha256:${digest}`, size }],
  });
  const annotations = { 'io.containerd.image.name': reference };
  const index = {
    schemaVersion: 2,
    manifests: [{ mediaType: kind('manifest.v1+json'), ...manifest, annotations, platform }],
  };
  fs.writeFileSync(path.join(work, 'image', 'index.json'), JSON.stringify(index));
  fs.writeFileSync(path.join(work, 'image', 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const image = path.join(work, 'image');
  await must('tar', ['--create', `--file=${path.join(work, 'image.tar')}`, `--directory=${image}`, ...same, '.'], {
    timeout: 300,
  });
}

/** Gives every running node an image. */
export async function importImage(cluster: Cluster, archive: string, nodes: readonly string[]): Promise<void> {
  for (const node of nodes) {
    const name = path.basename(archive);
    const target = path.join(diskOf(cluster, node), 'var/lib/diptych/images', name);
    if (!fs.existsSync(target)) link(archive, target);
    await inNode(cluster, node, [
      'ctr',
      '--namespace',
      'k8s.io',
      'images',
      'import',
      '--local',
      `/var/lib/diptych/images/${name}`,
    ]);
  }
}

/** 12 hexadecimal digits that change whenever another image would come out. */
function keyOf(content: ImageContent): string {
  const sources = Object.values(content.files).map((file) => {
    const { size, mtimeMs } = fs.statSync(file);
    return [file, size, mtimeMs];
  });
  const hash = crypto.createHash('sha256').update(JSON.stringify([content, sources]));
  return hash.digest('hex').slice(0, 12);
}

function digestOf(file: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const hash = crypto.createHash('sha256');
    fs.createReadStream(file, { highWaterMark: 1 << 20 })
      .on('data', (chunk) => hash.update(chunk))
      .on('error', reject)
      .on('end', () => resolve(hash.digest('hex')));
  });
}
