import fs from 'node:fs';
import path from 'node:path';
import { InputError } from '../../../constructs/core/error.ts';
import { byFamily, checkGo, expectedSeconds, goVersion, missingPrograms, remedy } from '../../tools/cache.ts';
import type { Tools } from '../../tools/cache.ts';
import { installedPackages, packageNames } from '../../tools/packages.ts';
import { families, programNames } from '../../tools/programs.ts';
import { missing, note, ok } from './machine.ts';
import type { Check } from './machine.ts';

/** Checks what can be installed and built: Go, packages, programs, and the disk for it. */
export function toolChecks(tools: Tools): readonly Check[] {
  return [packageCheck(tools), ...programChecks(tools)];
}

function packageCheck({ env }: Tools): Check {
  const name = 'packages';
  const installed = installedPackages(env);
  if (installed === undefined) {
    return note(name, `not Debian or Ubuntu: install what these contain yourself: ${packageNames.join(', ')}`);
  }
  const absent = packageNames.filter((candidate) => installed[candidate] === undefined);
  if (absent.length === 0) return ok(name, `all ${packageNames.length} installed`);
  return missing(name, absent.join(', '), remedy);
}

function programChecks(tools: Tools): readonly Check[] {
  try {
    checkGo(programNames, tools);
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error.findings.map(({ what, allowed, remedy }) => missing('Go', `${what}; ${allowed} is needed`, remedy));
  }
  const go = ok('Go', goVersion(tools).replace('go version go', ''));
  const absent = missingPrograms(programNames, tools);
  const built = programNames.length - absent.length;
  const where = path.join(tools.cache, 'bin');
  if (absent.length === 0) return [go, ok('programs', `all ${built} built, in ${where}`), disk([], tools)];
  const minutes = Math.ceil(absent.reduce((sum, name) => sum + expectedSeconds(name, tools), 0) / 60);
  const text = `${absent.join(', ')} (about ${minutes} min to build); ${built} built, in ${where}`;
  return [go, missing('programs', text, remedy), disk([...byFamily(absent).keys()], tools)];
}

function disk(toBuild: readonly (keyof typeof families)[], { cache, freeBytes }: Tools): Check {
  // A drill writes images, volumes and logs.
  const needed = Math.max(4, ...toBuild.map((family) => families[family].gibibytes));
  const free = freeBytes(existing(cache)) / 2 ** 30;
  const text = `${free.toFixed(1)} GiB free for ${cache}, ${needed} needed`;
  if (free >= needed) return ok('disk', text);
  return missing('disk', text, 'free some, or set DIPTYCH_CACHE to a folder on a larger disk');
}

/** The folder, or the nearest one above it that exists. */
function existing(folder: string): string {
  return fs.existsSync(folder) ? folder : existing(path.dirname(folder));
}
