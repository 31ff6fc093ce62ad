import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { resultsFolder } from '../../synth/promises/results.ts';
import { promisesOf } from './area.ts';
import type { AnyArea } from './area.ts';
import type { History } from './choose.ts';

/**
 * Whether an area was ever measured, and whether anything that it is about has changed since: git knows when its results
 * were written. Where git doesn't know, as in a clone without history, it counts as changed.
 */
export function historyOf(root: string, name: string, area: Pick<AnyArea, 'promises' | 'about'>): History {
  const results = promisesOf(area).map((promise) => `${resultsFolder}/${promise}.json`);
  if (results.some((file) => !fs.existsSync(path.join(root, file)))) return 'never';
  const measured = git(root, ['log', '-1', '--format=%H', '--', ...results]);
  if (measured === undefined || measured === '') return 'changed';
  const changed = git(root, ['diff', '--name-only', measured, '--', `prove/drills/${name}`, ...area.about]);
  return changed === '' ? 'fresh' : 'changed';
}

/** @returns what it printed; undefined where it failed */
function git(root: string, args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', ['-C', root, ...args], { encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
