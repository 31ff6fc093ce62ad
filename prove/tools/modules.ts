import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { programOf } from './programs.ts';
import type { FamilyName, ProgramName } from './programs.ts';

/** Folder with a folder for each family. */
export const toolsFolder = import.meta.dirname;

/** The program's version as its family's go.mod pins it, such as `v1.36.4`; `own` for a program of this repository. */
export function versionOf(name: ProgramName, folder = toolsFolder): string {
  const { family, module } = programOf(name);
  if (module === undefined) return 'own';
  const line = goMod(family, folder).find((words) => words[0] === module && words[1]?.startsWith('v'));
  if (line?.[1] === undefined) throw new Error(`prove/tools/${family}/go.mod doesn't require ${module}`);
  return line[1];
}

/** Versions of programs by the name of their project; our own have none. */
export function versionsOf(names: readonly ProgramName[]): Readonly<Record<string, string>> {
  const others = names.filter((name) => programOf(name).module !== undefined);
  return Object.fromEntries(others.map((name) => [projectOf(programOf(name).family), versionOf(name)]));
}

function projectOf(family: FamilyName): string {
  const others: Partial<Record<FamilyName, string>> = { argocd: 'argo-cd', netpold: 'kube-router (of K3s)' };
  return others[family] ?? family;
}

/** The oldest Go that can build the family, such as `1.26.6`. */
export function goOf(family: FamilyName, folder = toolsFolder): string {
  const line = goMod(family, folder).find((words) => words[0] === 'go');
  if (line?.[1] === undefined) throw new Error(`prove/tools/${family}/go.mod has no line "go"`);
  return line[1];
}

/** Arguments of `go build` that decide what is built. */
export function buildArguments(name: ProgramName, folder = toolsFolder): readonly string[] {
  const { variables, tags = [], package: pattern } = programOf(name);
  const set = Object.entries(variables?.(versionOf(name, folder)) ?? {}).map(([key, value]) => `-X ${key}=${value}`);
  return [
    '-mod=readonly',
    '-trimpath',
    '-buildvcs=false',
    `-tags=${tags.join(',')}`,
    `-ldflags=${['-s', '-w', ...set].join(' ')}`,
    pattern,
  ];
}

/**
 * 12 hexadecimal digits that change whenever another binary would come out: by the family's go.mod, go.sum and own
 * sources, the arguments, or Go itself.
 * @param go what `go version` says
 */
export function keyOf(name: ProgramName, go: string, folder = toolsFolder): string {
  const { family, cgo = false } = programOf(name);
  const hash = crypto.createHash('sha256').update(JSON.stringify([go, cgo, buildArguments(name, folder)]));
  const sources = fs.readdirSync(path.join(folder, family)).filter((file) => /\.go$|^go\.(mod|sum)$/.test(file));
  for (const file of sources.sort()) {
    hash.update(`\0${file}\0`).update(fs.readFileSync(path.join(folder, family, file)));
  }
  return hash.digest('hex').slice(0, 12);
}

/** The lines of a go.mod as words; of a line `require MODULE VERSION` the last two. */
function goMod(family: FamilyName, folder: string): readonly (readonly string[])[] {
  const text = fs.readFileSync(path.join(folder, family, 'go.mod'), 'utf8');
  return text.split('\n').map((line) =>
    line
      .trim()
      .replace(/^require /, '')
      .split(/\s+/),
  );
}
