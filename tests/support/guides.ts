import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { root } from './committed.ts';

/** A sample of a page of docs/guides, with the words behind its language: what it is a part of. */
export interface Sample {
  readonly language: string;
  /** A file of the repository; `environment` and `edge` for what is added to production's, and to the routes of the edge. */
  readonly place: string;
  readonly text: string;
}

const folder = path.join(root, 'docs/guides');
const fence = /^( *)```(\w+)(?: ([^\n]+))?\n(.*?)^\1```$/gms;

/** The samples of each page, in their order. */
export const guides: ReadonlyMap<string, readonly Sample[]> = new Map(
  fs.readdirSync(folder).map((file) => {
    const found = [...fs.readFileSync(path.join(folder, file), 'utf8').matchAll(fence)];
    const samples = found.map(([, indent = '', language = '', place = '', text = '']) => {
      return { language, place, text: text.replaceAll(new RegExp(`^${indent}`, 'gm'), '') };
    });
    return [path.basename(file, '.md'), samples] as const;
  }),
);

/** The sample as a file of the repository: its path, and its text. */
export function asFile(guide: string, index: number, { place, text }: Sample): readonly [file: string, text: string] {
  if (place === 'edge') return [`apps/edge.ts`, withRoutes(text)];
  if (place !== 'environment') return [place, text];
  const module = [
    "import type { EnvironmentInput } from '../schema.ts';",
    "import production from './production.ts';",
    `export default {\n...production,\n${text}} satisfies EnvironmentInput;\n`,
  ];
  return [`config/environments/guide-${guide}-${index}.ts`, module.join('\n')];
}

/** The application of the edge, with more routes than it has. */
function withRoutes(text: string): string {
  const last = '    return { edge: way };\n';
  const [before, after] = fs.readFileSync(path.join(root, 'apps/edge.ts'), 'utf8').split(last);
  return `${before}${text}${last}${after}`;
}

const installed = createRequire(path.join(root, 'package.json'));

/**
 * What the modules of a page export, by their path. They lie elsewhere, so that the tree stays as it is: what they import
 * from it, or from each other, is named by its full path.
 */
export async function exportsOf(guide: string): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const away = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-guide-'));
  try {
    const files = new Map(
      (guides.get(guide) ?? [])
        .map((sample, index) => ({ sample, file: asFile(guide, index, sample) }))
        .filter(({ sample }) => sample.language === 'ts')
        .map(({ file }) => file),
    );
    for (const [file, text] of files) {
      const full = path.join(away, file);
      fs.mkdirSync(path.dirname(full), { recursive: true });
      fs.writeFileSync(
        full,
        text.replaceAll(/from '([^']+)'/g, (_, name: string) => {
          const own = path.posix.join(path.posix.dirname(file), name);
          const target = name.startsWith('.') ? path.join(files.has(own) ? away : root, own) : installed.resolve(name);
          return `from '${target}'`;
        }),
      );
    }
    const loaded = new Map<string, Readonly<Record<string, unknown>>>();
    for (const file of files.keys())
      loaded.set(file, (await import(path.join(away, file))) as Readonly<Record<string, unknown>>);
    return loaded;
  } finally {
    fs.rmSync(away, { recursive: true });
  }
}
