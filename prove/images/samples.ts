import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { cacheFolder } from '../../scripts/import/module-files.ts';
import { nodeFolder } from '../../scripts/samples/node.ts';
import type { Sample } from '../../scripts/samples/plan.ts';
import { must } from '../machine/run.ts';

/** A sample as its image has it. */
export interface BuiltSample {
  /** What is in /app. */
  readonly folder: string;
  /** 12 hexadecimal digits that change with its sources. */
  readonly key: string;
  /** The program that it was built with, and runs on. */
  readonly node: string;
}

/** What the last stage of each Dockerfile takes. */
const taken: Readonly<Record<Sample, (work: string) => Readonly<Record<string, string>>>> = {
  backend: (work) =>
    Object.fromEntries(
      ['node_modules', 'dist', 'package.json', 'migrations'].map((name) => [path.join(work, name), name]),
    ),
  frontend: (work) => ({ [path.join(work, '.next/standalone')]: '.' }),
};

/** The steps of its Dockerfile, once for each state of its sources. @throws ProvingError with what a step said */
export async function buildSample(root: string, name: Sample, report: (line: string) => void): Promise<BuiltSample> {
  const source = path.join(root, 'samples', name);
  const node = path.join(nodeFolder(root, report), 'node');
  const files = sourcesOf(source);
  const key = keyOf(source, files);
  const cache = path.join(cacheFolder(process.env), 'samples');
  const folder = path.join(cache, `${name}-${key}`);
  const built = { folder, key, node };
  if (fs.existsSync(folder)) return built;
  report(`samples/${name}: built as its Dockerfile says ...`);
  fs.mkdirSync(cache, { recursive: true });
  const work = fs.mkdtempSync(path.join(cache, 'work-'));
  for (const file of files) fs.cpSync(path.join(source, file), path.join(work, 'app', file));
  await steps(name, path.join(work, 'app'), node);
  for (const [from, to] of Object.entries(taken[name](path.join(work, 'app')))) {
    fs.cpSync(from, path.join(work, 'image', to), { recursive: true, verbatimSymlinks: true });
  }
  fs.renameSync(path.join(work, 'image'), folder);
  fs.rmSync(work, { recursive: true });
  return built;
}

async function steps(name: Sample, folder: string, node: string): Promise<void> {
  const bin = path.dirname(node);
  const env = {
    ...process.env,
    PATH: `${bin}${path.delimiter}${process.env.PATH ?? ''}`,
    // Where its headers are, which would be fetched otherwise.
    npm_config_nodedir: path.dirname(bin),
    // `npm run -s` would keep it from saying why it ends with 1.
    npm_config_loglevel: 'error',
  };
  const npm = (...args: readonly string[]) => must('npm', args, { cwd: folder, env, timeout: 600 });
  await npm('ci', '--ignore-scripts', '--prefer-offline');
  if (name === 'backend') await npm('rebuild', '--build-from-source', 'kerberos');
  await npm('run', 'build');
  if (name === 'backend') await npm('prune', '--omit=dev', '--ignore-scripts');
}

/** What its `.dockerignore` leaves. */
function sourcesOf(folder: string): readonly string[] {
  const ignored = fs.readFileSync(path.join(folder, '.dockerignore'), 'utf8').split('\n');
  return fs
    .readdirSync(folder)
    .filter((name) => !ignored.includes(name))
    .flatMap((name) =>
      fs.statSync(path.join(folder, name)).isDirectory()
        ? fs
            .readdirSync(path.join(folder, name), { recursive: true, withFileTypes: true })
            .filter((entry) => entry.isFile())
            .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
        : [name],
    )
    .sort();
}

function keyOf(folder: string, files: readonly string[]): string {
  const hash = crypto.createHash('sha256');
  for (const file of files) hash.update(JSON.stringify([file, fs.readFileSync(path.join(folder, file), 'utf8')]));
  return hash.digest('hex').slice(0, 12);
}
