import fs from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import production from '../../config/environments/production.ts';
import { root } from './committed.ts';

/** A sample of a page of docs/guides, with the words behind its language: what it is a part of. */
export interface Sample {
  readonly language: string;
  /** A file of the repository; `environment` for what is added to production's, or one of `places`. */
  readonly place: string;
  readonly text: string;
}

const folder = path.join(root, 'docs/guides');
const fence = /^( *)```(\w+)(?: ([^\n]+))?\n(.*?)^\1```$/gms;

/** Whoever follows a page writes a domain of their own where it has this one. */
const ofOwnDomain = (text: string): string => text.replaceAll('example.com', production.domain);

/** The samples of each page, in their order. */
export const guides: ReadonlyMap<string, readonly Sample[]> = new Map(
  fs.readdirSync(folder).map((file) => {
    const found = [...fs.readFileSync(path.join(folder, file), 'utf8').matchAll(fence)];
    const samples = found.map(([, indent = '', language = '', place = '', text = '']) => {
      return { language, place, text: ofOwnDomain(text.replaceAll(new RegExp(`^${indent}`, 'gm'), '')) };
    });
    return [path.basename(file, '.md'), samples] as const;
  }),
);

/** Where a sample goes that is added to an application that is there: above this line of its file. */
const places: Readonly<Record<string, readonly [file: string, above: string]>> = {
  edge: ['apps/edge.ts', '    return { edge: way };\n'],
  backend: ['apps/backend.ts', '    return { backend: api };\n'],
  observability: ['apps/observability.ts', "    new NodeExporter(scope, 'node-exporter', {\n"],
  receivers: ['apps/observability.ts', '      ],\n      heartbeat:\n'],
};

/** The samples of a page as files of the repository, by their paths. */
export function filesOf(guide: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [index, sample] of (guides.get(guide) ?? []).entries())
    if (sample.language === 'ts') files.set(...asFile(guide, index, sample, files));
  return files;
}

function asFile(
  guide: string,
  index: number,
  { place, text }: Sample,
  before: ReadonlyMap<string, string>,
): readonly [file: string, text: string] {
  const [file, above] = places[place] ?? [];
  if (file !== undefined && above !== undefined) {
    return [file, withLines(before.get(file) ?? fs.readFileSync(path.join(root, file), 'utf8'), above, text)];
  }
  if (place !== 'environment') return [place, text];
  const module = [
    "import type { EnvironmentInput } from '../schema.ts';",
    "import production from './production.ts';",
    `export default {\n...production,\n${text}} satisfies EnvironmentInput;\n`,
  ];
  return [`config/environments/guide-${guide}-${index}.ts`, module.join('\n')];
}

/** What a sample imports stands at the top of the file. */
function withLines(file: string, above: string, sample: string): string {
  const [before, after] = file.split(above);
  const imports = sample.split('\n').filter((line) => line.startsWith('import ') && !file.includes(line));
  const lines = sample.split('\n').filter((line) => !line.startsWith('import '));
  return [...imports, `${before}${lines.join('\n')}${above}${after}`].join('\n');
}

const installed = createRequire(path.join(root, 'package.json'));

/**
 * What the modules of a page export, by their path. They lie elsewhere, so that the tree stays as it is: what they import
 * from it, or from each other, is named by its full path.
 */
export async function exportsOf(guide: string): Promise<ReadonlyMap<string, Readonly<Record<string, unknown>>>> {
  const away = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-guide-'));
  try {
    const files = filesOf(guide);
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
