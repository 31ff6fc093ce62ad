import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { downloaded } from './module-files.ts';
import type { Fetching } from './module-files.ts';
import type { Maker } from './makers.ts';

/** The go.mod of imports/: nothing is built by it, it lets Go check what it downloads. */
export function goMod(makers: readonly Maker[]): string {
  const required = makers.map(({ module, version }) => `\t${module} ${version}`).sort();
  return `module diptych/imports\n\ngo 1.21\n\nrequire (\n${required.join('\n')}\n)\n`;
}

/** What go.sum names of a module: itself and its go.mod. */
function sumNames({ module, version }: Maker): readonly string[] {
  return [`${module} ${version}`, `${module} ${version}/go.mod`];
}

/** Those whose hashes go.sum lacks. */
export function unpinned(makers: readonly Maker[], goSum: string): readonly Maker[] {
  const names = new Set(goSum.split('\n').map((line) => line.replace(/ h1:.*$/, '')));
  return makers.filter((maker) => sumNames(maker).some((name) => !names.has(name)));
}

/**
 * Writes go.mod and go.sum for the versions of the makers. A hash that is new is one that Go's checksum database vouches
 * for; one that is known stays.
 * @throws InputError where a module can't be had
 */
export function pin(makers: readonly Maker[], folder: string, fetching: Fetching): void {
  const file = path.join(folder, 'go.sum');
  const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
  const added = unpinned(makers, before).flatMap((maker) => sumsOf(maker, fetching));
  const names = makers.flatMap(sumNames);
  const lines = [...before.split('\n'), ...added].filter((line) => names.includes(line.replace(/ h1:.*$/, '')));
  fs.writeFileSync(path.join(folder, 'go.mod'), goMod(makers));
  fs.writeFileSync(file, `${[...new Set(lines)].sort().join('\n')}\n`);
}

function sumsOf(maker: Maker, fetching: Fetching): readonly string[] {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-import-'));
  try {
    return downloaded({ ...maker, folder }, fetching, ({ Sum, GoModSum }) => {
      const [own = '', itsGoMod = ''] = sumNames(maker);
      return [`${own} ${Sum}`, `${itsGoMod} ${GoModSum}`];
    });
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
