import { InputError } from '../../constructs/core/error.ts';

/** Each is a folder of `samples/`, with packages and a lock file of its own. */
export const samples = ['backend', 'frontend'] as const;

export type Sample = (typeof samples)[number];

export const actions = ['install', 'test', 'build'] as const;

export type Action = (typeof actions)[number];

/** A program of npm, in the folder of a sample. */
export interface Step {
  readonly sample: Sample;
  readonly args: readonly string[];
}

/** Scripts of packages are not run: nobody here needs what they build or fetch. */
const install = ['ci', '--ignore-scripts'] as const;

/** What is run for an action, in this order. Tests of the built frontend come with its build, which takes a minute. */
export function stepsOf(action: Action, chosen: readonly Sample[], isInstalled: (sample: Sample) => boolean): Step[] {
  return chosen.flatMap((sample) => {
    const run = (...args: readonly string[]): Step => ({ sample, args });
    const needed = isInstalled(sample) ? [] : [run(...install)];
    if (action === 'install') return [run(...install)];
    if (action === 'test') return [...needed, run('run', 'typecheck'), run('run', 'test')];
    return [...needed, run('run', 'build'), ...(sample === 'frontend' ? [run('run', 'test:built')] : [])];
  });
}

/**
 * The Node.js that the images are made from: samples run on that one.
 * @param dockerfile text of a sample's Dockerfile
 * @throws InputError where it names none
 */
export function nodeVersionOf(dockerfile: string): string {
  const [, version] = /^FROM node:(\d+\.\d+\.\d+)-/m.exec(dockerfile) ?? [];
  if (version !== undefined) return version;
  throw new InputError({
    where: 'samples/backend/Dockerfile',
    what: 'it names no whole version of Node.js',
    allowed: 'FROM node:24.1.2-...',
    remedy: 'name the version that the tests are to run on',
  });
}

/** Whether a program of that version can take the place of the other one. */
export function isOfSameLine(version: string, wanted: string): boolean {
  return version.split('.')[0] === wanted.split('.')[0];
}
