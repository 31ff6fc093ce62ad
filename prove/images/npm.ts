import fs from 'node:fs';
import path from 'node:path';
import { must } from '../machine/run.ts';

/** A package of npm, without those that it depends on. */
export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Digest of its archive, as npm writes it: `sha512-...`. */
  readonly integrity: string;
}

/** Where programs in /app look. */
const folder = 'app/node_modules';

/** Adds packages to a system, each beside the other. @throws ProvingError for an archive with another digest */
export async function installNpmPackages(root: string, packages: readonly NpmPackage[]): Promise<void> {
  const work = fs.mkdtempSync(path.join(path.dirname(root), 'npm-'));
  const write = (name: string, value: object): void => fs.writeFileSync(path.join(work, name), JSON.stringify(value));
  const dependencies = Object.fromEntries(packages.map(({ name, version }) => [name, version]));
  const locked = packages.map(({ name, ...archive }) => [`node_modules/${name}`, archive] as const);
  write('package.json', { private: true, dependencies });
  write('package-lock.json', {
    lockfileVersion: 3,
    packages: Object.fromEntries<object>([['', { dependencies }], ...locked]),
  });
  // `npm run -s` would keep it from saying why it ends with 1.
  const quietly = [
    '--loglevel=error',
    '--ignore-scripts',
    '--no-bin-links',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
  ];
  await must('npm', ['ci', `--prefix=${work}`, ...quietly], { timeout: 300 });
  fs.rmSync(path.join(work, 'node_modules', '.package-lock.json'));
  fs.cpSync(path.join(work, 'node_modules'), path.join(root, folder), { recursive: true });
  fs.rmSync(work, { recursive: true });
}
