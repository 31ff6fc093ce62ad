import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { apply, rollBack } from './apply.ts';
import { isFileSystemError, withoutOthers } from './one-writer.ts';
import { KEPT, makePlan, refuseReadOnly } from './plan.ts';
import { renderTrees } from './render.ts';

export { HEADER } from './own-file.ts';
export { bodyOf } from './render.ts';

/** A folder whose generated files belong together. */
export interface Tree {
  /** Relative to the root, such as `dist/production`. No tree lies within another. */
  readonly folder: string;
  readonly files: readonly GeneratedFile[];
}

export interface GeneratedFile {
  /** Relative to the folder of the tree, such as `backend/deployment-backend.yaml`. */
  readonly path: string;
  /** What to change instead of the file, such as `apps/backend.ts`. */
  readonly source: string;
  readonly manifest: Manifest;
}

export interface WriteOptions {
  /** Find out what would change, and touch nothing. */
  readonly dryRun?: boolean;
  /** Called after each change with its path. An error thrown here rolls everything back. */
  readonly onApplied?: (path: string) => void;
}

/** Paths relative to the root, sorted. */
export interface WriteResult {
  readonly added: string[];
  readonly changed: string[];
  readonly removed: string[];
  readonly unchanged: number;
  /** Files in the folders of the trees that are not this writer's. */
  readonly foreign: string[];
  /** Generated files somebody had changed, each with where its text was kept. */
  readonly editedByHand: string[];
}

/**
 * Makes the trees below `root` (an absolute path) hold exactly the generated files, one object each, and leaves what it did
 * not write itself alone. All or nothing: after an error the old trees stand; after a SIGKILL the next call restores them
 * before it begins. A SIGINT, SIGTERM or SIGHUP while files are moved ends the process after the last one, with 130, 143 or 129.
 *
 * @throws InputError for colliding or unsafe paths, links and strangers' files in the way, missing permissions, a full disk
 * and a second writer at the same time. Nothing is changed then.
 */
export function writeTrees(root: string, trees: readonly Tree[], options: WriteOptions = {}): WriteResult {
  const wanted = renderTrees(trees);
  try {
    if (options.dryRun) return makePlan(root, trees, wanted).result;
    return withoutOthers(root, () => {
      rollBack(root);
      const { changes, edited, result } = makePlan(root, trees, wanted);
      if (changes.length === 0) return result;
      refuseReadOnly(root, changes);
      for (const file of edited) {
        fs.mkdirSync(path.join(root, KEPT, path.dirname(file)), { recursive: true });
        fs.copyFileSync(path.join(root, file), path.join(root, KEPT, file));
      }
      apply(root, changes, options.onApplied);
      return result;
    });
  } catch (error) {
    throw isFileSystemError(error) ? new InputError(describeFileSystemError(error, root)) : error;
  }
}

function describeFileSystemError(error: NodeJS.ErrnoException & { dest?: string }, root: string): Finding {
  const involved = [error.dest, error.path]
    .filter((entry) => entry !== undefined)
    .map((entry) => path.relative(root, entry));
  return {
    where: involved.find((entry) => !entry.startsWith('.cdk8s')) ?? involved[0] ?? root,
    what: error.message,
    allowed: 'files and folders this user may read and write, on one file system with room left',
    remedy: 'mend its permissions or make room, then run again: what was begun has been, or will be, taken back',
  };
}
