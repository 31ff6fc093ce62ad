import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Tree, WriteResult } from './index.ts';
import { foldersAbove, OWN_FILE } from './own-file.ts';
import { isEdited } from './render.ts';
import type { Wanted } from './render.ts';

const LINK_REMEDY = 'put a real folder or file here: links are never followed';
/** Where the text of a file is kept that somebody had edited by hand. */
export const KEPT = 'node_modules/.cache/diptych/edited-by-hand';

export interface Change {
  readonly path: string;
  readonly tree: string;
  readonly existed: boolean;
  /** Undefined where the file is to be removed. */
  readonly text?: string;
}

export interface Plan {
  readonly changes: Change[];
  readonly edited: string[];
  readonly result: WriteResult;
}

/** Compares the trees on disk with the wanted files; throws everything that stands in the way at once. */
export function makePlan(root: string, trees: readonly Tree[], wanted: ReadonlyMap<string, Wanted>): Plan {
  const findings: Finding[] = [];
  const changes: Change[] = [];
  const edited: string[] = [];
  const foreign: string[] = [];
  const found = new Set<string>();
  const folders = new Set([...wanted.values()].flatMap((file) => foldersAbove(file.path)));
  const refuse = (where: string, what: string, remedy = 'move it away, then run again') => {
    findings.push({ where, what, allowed: 'plain folders, and files this writer wrote itself', remedy });
  };

  const checkFile = (tree: string, file: string) => {
    const target = wanted.get(file);
    const text = fs.readFileSync(path.join(root, file), 'utf8').replaceAll('\r\n', '\n');
    found.add(file);
    if (!OWN_FILE.test(text)) {
      if (target) refuse(file, `a file without our header, where ${target.origin} is to be written`);
      else foreign.push(file);
    } else if (text !== target?.text) {
      changes.push({ path: file, tree, existed: true, ...(target && { text: target.text }) });
      if (isEdited(text)) edited.push(file);
    }
  };

  const checkEntry = (tree: string, entry: string) => {
    const target = wanted.get(entry.toLowerCase());
    const inTheWay = target !== undefined || folders.has(entry);
    const stat = fs.lstatSync(path.join(root, entry));
    const isLink = stat.isSymbolicLink();
    if (target && target.path !== entry) {
      refuse(entry, `differs from ${target.path} (${target.origin}) in letter case only`);
    } else if (isLink && (inTheWay || fs.statSync(path.join(root, entry), { throwIfNoEntry: false })?.isDirectory())) {
      refuse(entry, 'a symbolic link', LINK_REMEDY);
    } else if (!isLink && (stat.mode & 0o444) === 0) {
      refuse(entry, 'not readable', 'make it readable (chmod u+r), then run again');
    } else if (stat.isDirectory() && !target) {
      for (const name of fs.readdirSync(path.join(root, entry)).sort()) checkEntry(tree, `${entry}/${name}`);
    } else if (inTheWay && stat.isFile() !== (target !== undefined)) {
      refuse(entry, target ? `not a file, where ${target.origin} is to be written` : 'not a folder');
    } else if (stat.isFile() && entry.endsWith('.yaml')) {
      checkFile(tree, entry);
    } else {
      foreign.push(entry);
    }
  };

  for (const { folder, files } of trees) {
    const obstacle = [...foldersAbove(folder), folder].find((step) => {
      return fs.lstatSync(path.join(root, step), { throwIfNoEntry: false })?.isDirectory() === false;
    });
    if (obstacle !== undefined) refuse(obstacle, 'not a folder', LINK_REMEDY);
    else if (fs.existsSync(path.join(root, folder))) checkEntry(folder, folder);
    for (const file of files.map(({ path: name }) => `${folder}/${name}`)) {
      const text = wanted.get(file)?.text;
      if (!found.has(file) && text !== undefined) changes.push({ path: file, tree: folder, existed: false, text });
    }
  }
  if (findings.length > 0) throw new InputError(findings);

  const pathsOf = (picked: readonly Change[]) => picked.map((change) => change.path).sort();
  const added = pathsOf(changes.filter(({ existed }) => !existed));
  const changed = pathsOf(changes.filter(({ existed, text }) => existed && text !== undefined));
  const removed = pathsOf(changes.filter(({ text }) => text === undefined));
  const unchanged = wanted.size - added.length - changed.length;
  const editedByHand = edited.sort().map((file) => `${file} (its text is kept in ${KEPT}/${file})`);
  return { changes, edited, result: { added, changed, removed, unchanged, foreign: foreign.sort(), editedByHand } };
}

/** Looks at the mode bits too: they are somebody's wish even where, as for root, they don't bind. */
export function refuseReadOnly(root: string, changes: readonly Change[]): void {
  const touched = new Set<string>();
  for (const { path: file, existed } of changes) {
    let folder = path.posix.dirname(file);
    while (!fs.existsSync(path.join(root, folder))) folder = path.posix.dirname(folder);
    touched.add(folder);
    if (existed) touched.add(file);
  }
  const readOnly = [...touched].filter((entry) => {
    if ((fs.statSync(path.join(root, entry)).mode & 0o222) === 0) return true;
    try {
      fs.accessSync(path.join(root, entry), fs.constants.W_OK);
      return false;
    } catch {
      return true;
    }
  });
  const [allowed, remedy] = ['what this user may change', 'make it writable (chmod u+w), or run as its owner'];
  const findings = readOnly.map((where) => ({ where, what: 'read-only', allowed, remedy }));
  if (findings.length > 0) throw new InputError(findings);
}
