import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { must } from '../machine/run.ts';
import { installNpmPackages } from './npm.ts';
import type { NpmPackage } from './npm.ts';
import { installWheels } from './wheels.ts';
import type { Wheel } from './wheels.ts';

/** A part of an image that is made once and shared by all images with it. Its files belong to root. */
export interface Layer {
  /** In the store: a layer of the same name with other content replaces it. */
  readonly name: string;
  /** Packages of Debian or Ubuntu, with a minimal system. @default none */
  readonly packages?: readonly string[];
  /** Release of Debian that the packages are from, such as `trixie`. @default the machine's own */
  readonly release?: string;
  /** Packages of PyPI, beside those of Debian that modules depend on. @default none */
  readonly wheels?: readonly Wheel[];
  /** Packages of npm for programs in /app, with all that they depend on. @default none */
  readonly npmPackages?: readonly NpmPackage[];
  /** Text to add at the end of files that the packages bring, by path. @default none */
  readonly additions?: Readonly<Record<string, string>>;
  /** Files of this machine, by their path in the image. @default none */
  readonly files?: Readonly<Record<string, string>>;
  /** Folders of this machine with all that is in them, by their path in the image; another content is another folder. @default none */
  readonly trees?: Readonly<Record<string, string>>;
  /** Files by path and text. @default none */
  readonly texts?: Readonly<Record<string, string>>;
  /** Symbolic links, by their path, and what they point at. @default none */
  readonly links?: Readonly<Record<string, string>>;
  /** Empty folders that everybody may write to. @default none */
  readonly folders?: readonly string[];
}

/** 12 hexadecimal digits that change whenever another layer would come out. */
export function keyOfLayer(layer: Layer): string {
  const sources = Object.values(layer.files ?? {}).map((file) => {
    const { size, mtimeMs } = fs.statSync(file);
    return [file, size, mtimeMs];
  });
  const hash = crypto.createHash('sha256').update(JSON.stringify([layer, sources]));
  return hash.digest('hex').slice(0, 12);
}

/** Writes a layer as an uncompressed archive; `root` is a folder to make it in. */
export async function writeLayer(layer: Layer, root: string, archive: string): Promise<void> {
  const {
    packages = [],
    release,
    wheels = [],
    npmPackages = [],
    additions = {},
    files = {},
    trees = {},
    texts = {},
    links = {},
    folders = [],
  } = layer;
  fs.mkdirSync(root);
  if (packages.length > 0) await installInto(root, packages, release);
  if (wheels.length > 0) await installWheels(root, wheels);
  if (npmPackages.length > 0) await installNpmPackages(root, npmPackages);
  for (const [file, text] of Object.entries(additions)) {
    // Only where there is one: a release that keeps it elsewhere is to be noticed.
    fs.accessSync(path.join(root, file));
    fs.appendFileSync(path.join(root, file), text);
  }
  const place = (file: string): string => {
    const target = path.join(root, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    return target;
  };
  for (const [folder, source] of Object.entries(trees)) {
    fs.cpSync(source, place(folder), { recursive: true, verbatimSymlinks: true });
  }
  for (const [file, source] of Object.entries(files)) {
    fs.copyFileSync(source, place(file), fs.constants.COPYFILE_FICLONE);
    fs.chmodSync(place(file), 0o755);
  }
  for (const [file, text] of Object.entries(texts)) fs.writeFileSync(place(file), text, { mode: 0o644 });
  for (const [file, target] of Object.entries(links)) fs.symlinkSync(target, place(file));
  for (const folder of folders) {
    fs.mkdirSync(path.join(root, folder), { recursive: true });
    fs.chmodSync(path.join(root, folder), 0o1777);
  }
  const owner = packages.length > 0 ? [] : ['--owner=0', '--group=0'];
  const same = ['--sort=name', '--numeric-owner', '--mtime=@0', ...owner];
  await must('tar', ['--create', `--file=${archive}`, `--directory=${root}`, ...same, '.'], { timeout: 300 });
}

/** What a container never reads; the databases are those that Debian makes at installation. */
const left = [
  ...['var/cache/apt', 'var/lib/apt/lists', 'var/log', 'usr/share/doc', 'usr/share/man', 'usr/share/locale'],
  ...['var/lib/postgresql', 'etc/postgresql'],
];

/** A minimal system with packages, from wherever this machine gets its own. */
async function installInto(root: string, packages: readonly string[], wanted?: string): Promise<void> {
  const system = fs.readFileSync('/etc/os-release', 'utf8');
  const release = /^VERSION_CODENAME=(.*)$/m.exec(system)?.[1] ?? '';
  const hasWanted = wanted === undefined || /^ID=debian$/m.test(system);
  const mirror = hasWanted ? await mirrorOf(release) : undefined;
  const options = ['--variant=minbase', `--include=${packages.join(',')}`];
  const from = mirror === undefined ? [] : [mirror];
  await must('debootstrap', [...options, wanted ?? release, root, ...from], { timeout: 900 });
  for (const folder of left) fs.rmSync(path.join(root, folder), { recursive: true, force: true });
}

/** Where this machine gets the packages of its release; undefined where it doesn't say. */
async function mirrorOf(release: string): Promise<string | undefined> {
  const format = '$(REPO_URI) $(CODENAME) $(COMPONENT)';
  const printed = await must('apt-get', ['indextargets', '--format', format, 'Created-By: Packages']);
  const source = printed.split('\n').find((line) => line.endsWith(` ${release} main`));
  return source?.split(' ')[0];
}

/** Adds the shared libraries that programs of this machine load. */
export async function withLibraries(
  files: Readonly<Record<string, string>>,
): Promise<Readonly<Record<string, string>>> {
  const printed = await must('ldd', Object.values(files));
  const libraries = [...printed.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, file = '']) => file);
  return { ...files, ...Object.fromEntries(libraries.map((file) => [file.slice(1), file])) };
}
