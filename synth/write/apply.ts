import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { foldersAbove, OWN_FILE } from './own-file.ts';
import type { Change } from './plan.ts';

const STAGING = '.cdk8s/staging';

/** What rollBack needs to know, in a file that exists exactly while the trees may be half old and half new. */
interface Journal {
  readonly changes: readonly Pick<Change, 'path' | 'existed'>[];
  /** Folders that did not exist before, parents first. */
  readonly newFolders: readonly string[];
}

function stagingPaths(root: string) {
  const folder = path.join(root, STAGING);
  const inFolder = (name: string) => (index: number) => path.join(folder, `${name}-${index}`);
  return { folder, journal: path.join(folder, 'journal.json'), newText: inFolder('new'), oldText: inFolder('old') };
}

/** Stages every new text first; from then on only names change hands, and the journal says how to take each change back. */
export function apply(root: string, changes: readonly Change[], onApplied?: (path: string) => void): void {
  const staging = stagingPaths(root);
  const stopDeferring = deferSignals();
  try {
    fs.mkdirSync(staging.folder, { recursive: true });
    for (const [index, { text }] of changes.entries()) {
      if (text !== undefined) fs.writeFileSync(staging.newText(index), text);
    }
    const folders = new Set(changes.flatMap((change) => foldersAbove(change.path)));
    const newFolders = [...folders].filter((folder) => !fs.existsSync(path.join(root, folder))).sort();
    const names = changes.map(({ path: file, existed }) => ({ path: file, existed }));
    const journal: Journal = { changes: names, newFolders };
    fs.writeFileSync(`${staging.journal}.part`, JSON.stringify(journal));
    fs.renameSync(`${staging.journal}.part`, staging.journal);

    for (const [index, { path: file, existed, text }] of changes.entries()) {
      if (existed) fs.renameSync(path.join(root, file), staging.oldText(index));
      if (text !== undefined) move(staging.newText(index), path.join(root, file));
      onApplied?.(file);
    }
    for (const { path: file, tree, text } of changes) {
      const emptied = text === undefined ? foldersAbove(file).filter((step) => step.length >= tree.length) : [];
      for (const folder of emptied.reverse()) removeIfEmpty(path.join(root, folder));
    }
    fs.rmSync(staging.journal); // From here on the new trees stand.
  } catch (error) {
    rollBack(root);
    throw error;
  } finally {
    stopDeferring();
  }
  fs.rmSync(staging.folder, { recursive: true });
}

/** Takes back what an unfinished `apply` has done, in this process or in one that was killed. Can be repeated itself. */
export function rollBack(root: string): void {
  const staging = stagingPaths(root);
  if (fs.existsSync(staging.journal)) {
    const { changes, newFolders } = JSON.parse(fs.readFileSync(staging.journal, 'utf8')) as Journal;
    for (const [index, { path: file, existed }] of changes.entries()) {
      const target = path.join(root, file);
      const isTaken =
        fs.existsSync(target) && !(fs.lstatSync(target).isFile() && OWN_FILE.test(fs.readFileSync(target, 'utf8')));
      if (isTaken) continue; // Since the process was killed, somebody has put a file of their own here.
      if (fs.existsSync(staging.oldText(index))) move(staging.oldText(index), target);
      else if (!existed) fs.rmSync(target, { force: true });
    }
    for (const folder of [...newFolders].reverse()) removeIfEmpty(path.join(root, folder));
    fs.rmSync(staging.journal);
  }
  fs.rmSync(staging.folder, { recursive: true, force: true });
}

function move(from: string, to: string): void {
  fs.mkdirSync(path.dirname(to), { recursive: true });
  fs.renameSync(from, to);
}

function removeIfEmpty(folder: string): void {
  if (fs.existsSync(folder) && fs.readdirSync(folder).length === 0) fs.rmdirSync(folder);
}

const SIGNAL_HANDLERS: Readonly<Record<string, () => void>> = {
  SIGHUP: () => process.exit(129),
  SIGINT: () => process.exit(130),
  SIGTERM: () => process.exit(143),
};

/** Nothing here yields to the event loop, so a handler runs only afterwards: without one the process would die at once. */
function deferSignals(): () => void {
  const stop = () => Object.entries(SIGNAL_HANDLERS).forEach(([signal, handler]) => process.off(signal, handler));
  stop(); // What an earlier call in the same turn of the event loop has still installed.
  Object.entries(SIGNAL_HANDLERS).forEach(([signal, handler]) => process.on(signal, handler));
  // A signal that came meanwhile is delivered when the event loop next polls: before the second of two immediates.
  return () => void setImmediate(() => setImmediate(stop));
}
