import { spawnSync } from 'node:child_process';
import path from 'node:path';
import process from 'node:process';
import { root } from '../../support/committed.ts';

const scripts = path.join(root, 'constructs/samba-dc/files/dc');

/** By their DN, whose end may be BASE. */
export type Objects = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Step {
  /** @default reconcile */
  readonly program?: 'reconcile' | 'whois';
  /** @default nothing */
  readonly data?: object;
  /** What the directory has before the first one. */
  readonly there?: Objects;
  readonly arguments?: readonly string[];
  /** The attribute at which the power is lost. */
  readonly broken?: string;
}

export type Said = readonly [code: number, ...lines: string[]];
export type Answer = readonly [said: readonly Said[], objects: Objects];

/**
 * Runs the directory's own programs, each case in a directory of its own.
 * @param folder for the data
 * @param secret a file with Administrator's password
 */
export function inDirectories<Name extends string>(
  cases: Readonly<Record<Name, readonly Step[]>>,
  folder: string,
  secret: string,
): Readonly<Record<Name, Answer>> {
  const { stdout, stderr } = spawnSync('python3', ['-B', path.join(import.meta.dirname, 'fake_samba.py'), scripts], {
    input: JSON.stringify(Object.values(cases)),
    encoding: 'utf8',
    env: { ...process.env, DATA: folder, SERVER: 'DC1', SMB_CONF_PATH: 'x', ADMINISTRATOR_PASSWORD_FILE: secret },
  });
  if (stderr !== '') throw new Error(stderr);
  const lines = stdout.trim().split('\n');
  return Object.fromEntries(
    Object.keys(cases).map((name, index) => [name, JSON.parse(lines[index]!) as Answer]),
  ) as Readonly<Record<Name, Answer>>;
}
