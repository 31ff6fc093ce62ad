import { spawnSync } from 'node:child_process';
import type { SpawnSyncOptionsWithStringEncoding } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { load } from 'js-yaml';
import { InputError } from '../constructs/core/error.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import { blobsOf, catFile } from './git-blobs.ts';
import { bodyOf } from './write/index.ts';
import type { GeneratedFile } from './write/index.ts';

/** Whose repository environments name until somebody puts their own there. */
const nobodys = 'https://github.com/example/';

/**
 * What runs, as far as files know: the output of the last run, and where that isn't there, or isn't committed, the output
 * that git's HEAD holds. Read as text, because it may hold the marks of a merge: then it is what both sides say. Of the output
 * that came as an example nothing ran: no Argo CD can have read it from there.
 */
export class Committed {
  private readonly root: string;
  private readonly folder: string;
  private readonly tree: string;
  private readonly generated: ReadonlyMap<string, GeneratedFile>;
  private readonly repository: string | undefined;
  private readonly inFolder = new Map<string, string | undefined>();
  private readonly read = new Map<string, Manifest | undefined>();
  private head: ReadonlySet<string> | 'none' | undefined;
  private contents: ReadonlyMap<string, string | undefined> | undefined;
  private ran: boolean | undefined;

  /**
   * @param generated what there will be: a file that is the same needs no reading
   * @param repository what Argo CD will read
   */
  constructor(root: string, environment: string, generated: readonly GeneratedFile[] = [], repository?: string) {
    this.root = root;
    this.repository = repository;
    this.tree = `argocd/${environment}/root.yaml`;
    this.generated = new Map(generated.map((file) => [file.path, file]));
    this.folder = `dist/${environment}`;
  }

  /** What a file says: nothing where there is none, and several things in the middle of a merge. */
  texts(file: string): readonly string[] {
    const text = this.onDisk(file) ?? this.inHead(file);
    return text === undefined ? [] : sidesOf(text);
  }

  /**
   * Objects of a file that a question is answered with yes for. One that no commit holds was never applied, so HEAD has
   * the last word where there is one.
   */
  objects(file: string, question: (manifest: Manifest) => boolean): readonly Manifest[] {
    const written = this.onDisk(file);
    const sides = written === undefined ? [] : sidesOf(written).map((text) => this.parsed(file, text));
    const asked = sides.filter(isManifest).filter(question);
    const settled = sides.length > 0 && sides.every(isManifest) && asked.length === 0;
    if (settled || sides.length > 1 || this.committed() === undefined) return asked;
    const committed = this.inHead(file);
    return committed === undefined ? [] : [this.parsed(file, committed)].filter(isManifest).filter(question);
  }

  /** The objects of a file, whether or not a commit holds them. */
  manifests(file: string): readonly Manifest[] {
    return this.texts(file)
      .map((text) => this.parsed(file, text))
      .filter(isManifest);
  }

  /** Files that were there, of kinds whose files' names begin so. */
  files(generated: ReadonlySet<string>, kinds: readonly string[]): readonly string[] {
    const isAsked = (file: string): boolean => kinds.includes(kindOf(file));
    const written = this.written().filter(isAsked);
    const there = new Set(written);
    const isNew = [...generated].filter(isAsked).some((file) => !there.has(file));
    // Asking git takes as long as reading everything: only what is new, or was deleted, raises the question.
    const committed = isNew ? [...(this.committed() ?? [])].filter(isAsked) : [];
    return [...new Set([...written, ...committed])].sort();
  }

  /** Those of them that aren't generated any more. */
  gone(generated: ReadonlySet<string>, kinds: readonly string[]): readonly string[] {
    return this.files(generated, kinds).filter((file) => !generated.has(file));
  }

  private written(): string[] {
    const folder = path.join(this.root, this.folder);
    if (!fs.existsSync(folder) || !this.folderRan()) return [];
    return fs
      .readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .flatMap(({ name }) => fs.readdirSync(path.join(folder, name)).map((file) => `${name}/${file}`));
  }

  private parsed(file: string, text: string): Manifest | undefined {
    const generated = this.generated.get(file);
    if (generated !== undefined && isSame(generated, text)) return generated.manifest;
    if (!this.read.has(text)) this.read.set(text, parsed(text));
    return this.read.get(text);
  }

  private onDisk(file: string): string | undefined {
    if (!this.inFolder.has(file)) {
      this.inFolder.set(file, this.folderRan() ? readIfThere(path.join(this.root, this.folder, file)) : undefined);
    }
    return this.inFolder.get(file);
  }

  /** Who asks for one file asks for more: all are read at once. */
  private inHead(file: string): string | undefined {
    const names = [...(this.committed() ?? [])];
    this.contents ??= new Map(this.blobs(names).map((text, index) => [names[index] ?? '', text]));
    return this.contents.get(file);
  }

  private blobs(names: readonly string[]): (string | undefined)[] {
    if (names.length === 0) return [];
    const input = names.map((name) => `HEAD:${this.folder}/${name}\n`).join('');
    return blobsOf(this.git(catFile, { encoding: 'latin1', input: Buffer.from(input) }) ?? '');
  }

  /** Whether what there will be is still nobody's: nothing tells then that it never ran. */
  get staysExample(): boolean {
    return this.repository?.startsWith(nobodys) ?? false;
  }

  private folderRan(): boolean {
    this.ran ??= !this.isExample(readIfThere(path.join(this.root, this.tree)));
    return this.ran;
  }

  /** Whether a tree is the one that came with this repository, and somebody's own takes its place. */
  private isExample(tree = ''): boolean {
    if (this.repository === undefined || this.staysExample) return false;
    const sources = [...tree.matchAll(/^ +repoURL: (\S+)$/gm)];
    return sources.length > 0 && sources.every(([, source]) => source?.startsWith(nobodys));
  }

  /** Its files; undefined where there is no HEAD. */
  private committed(): ReadonlySet<string> | undefined {
    if (!fs.existsSync(path.join(this.root, '.git'))) return undefined;
    if (this.head === undefined) {
      const listed = this.git(['ls-tree', '-r', '-z', '--name-only', 'HEAD', '--', this.folder]);
      const isOurs = listed !== undefined && !this.isExample(this.git(['show', `HEAD:${this.tree}`]));
      const names = isOurs ? listed.split('\0').filter((name) => name !== '') : [];
      this.head = listed === undefined ? 'none' : new Set(names.map((name) => name.slice(this.folder.length + 1)));
    }
    return this.head === 'none' ? undefined : this.head;
  }

  private git(args: readonly string[], options: SpawnSyncOptionsWithStringEncoding = { encoding: 'utf8' }) {
    const { status, stdout } = spawnSync('git', ['-C', this.root, ...args], { maxBuffer: 2 ** 30, ...options });
    return status === 0 ? stdout : undefined;
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, 'utf8');
  } catch (error) {
    if (fs.existsSync(file)) throw error;
    return undefined;
  }
}

/** Below the header, which only says where it comes from. */
function isSame(generated: GeneratedFile, text: string): boolean {
  try {
    return text.slice(text.indexOf('\n') + 1) === bodyOf(generated);
  } catch (error) {
    // The writer says what can't be written, together with everything else.
    if (error instanceof InputError) return false;
    throw error;
  }
}

/** `statefulset` of `data/statefulset-postgres.yaml`. */
function kindOf(file: string): string {
  return path.basename(file).split('-')[0] ?? '';
}

/** The text, or in the middle of a merge what each side has it as. */
function sidesOf(text: string): readonly string[] {
  if (!/^<{7} /m.test(text)) return [text];
  return ['<', '>'].map((side) => {
    // Before a mark both sides say the same; `|` begins what they both come from.
    let part = '';
    const lines = text.split('\n').filter((line) => {
      const mark = /^([<|=>])\1{6}( |$)/.exec(line)?.[1];
      if (mark !== undefined) part = { '<': '<', '|': '|', '=': '>', '>': '' }[mark] ?? '';
      return mark === undefined && (part === '' || part === side);
    });
    return lines.join('\n');
  });
}

function parsed(text: string): Manifest | undefined {
  try {
    const value = load(text) as Partial<Manifest> | null | undefined;
    return typeof value?.kind === 'string' && typeof value.metadata?.name === 'string'
      ? (value as Manifest)
      : undefined;
  } catch {
    return undefined; // Somebody's edit: the writer tells of it, and HEAD is asked.
  }
}

function isManifest(manifest: Manifest | undefined): manifest is Manifest {
  return manifest !== undefined;
}
