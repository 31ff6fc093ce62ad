// Runs a TypeScript program of this repository: node scripts/run.mjs FILE [ARGUMENT...]
//
// ts-node (see cdk8s.yaml) needs no cache but transforms every file at each start, which takes longer than the whole
// synthesis. This launcher keeps the transformed tree beside node_modules, under a key made of every source's content,
// and runs that. Only sources are cached, never results.
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import process from 'node:process';

const root = path.dirname(import.meta.dirname);
const sources = ['main.ts', 'promises.ts', 'config', 'constructs', 'apps', 'synth', 'scripts'];
const cache = path.join(root, 'node_modules', '.cache', 'diptych');
const require = createRequire(import.meta.url);

/** Every file below `name`, as paths relative to the root. */
function* walk(name) {
  const stat = fs.statSync(path.join(root, name), { throwIfNoEntry: false });
  if (stat?.isFile()) yield name;
  if (stat?.isDirectory()) for (const child of fs.readdirSync(path.join(root, name)).sort()) yield* walk(`${name}/${child}`);
}

const files = new Map();
const hash = createHash('sha256').update(`${process.version} ${root}`);
for (const name of ['package-lock.json', 'scripts/run.mjs', ...sources]) {
  for (const file of walk(name)) {
    files.set(file, fs.readFileSync(path.join(root, file)));
    hash.update(`${file}\0`).update(files.get(file)).update('\0');
  }
}
const target = path.join(cache, hash.digest('hex').slice(0, 16));

if (!fs.existsSync(target)) {
  const { transformSync } = require('@swc/core');
  const staging = `${target}.${process.pid}`;
  for (const [file, content] of files) {
    const to = path.join(staging, file);
    fs.mkdirSync(path.dirname(to), { recursive: true });
    if (!file.endsWith('.ts')) {
      fs.writeFileSync(to, content);
      continue;
    }
    const { code } = transformSync(content.toString(), {
      filename: path.join(root, file),
      swcrc: false,
      sourceMaps: 'inline',
      jsc: { parser: { syntax: 'typescript' }, target: 'es2022', rewriteRelativeImportExtensions: true },
      module: { type: 'commonjs' },
    });
    fs.writeFileSync(to.replace(/ts$/, 'js'), code);
  }
  fs.writeFileSync(path.join(staging, 'package.json'), '{ "type": "commonjs" }\n');
  // Another run may have been first: the same key means the same content, so either will do.
  try {
    fs.renameSync(staging, target);
  } catch (error) {
    fs.rmSync(staging, { recursive: true, force: true });
    if (!fs.existsSync(target)) throw error;
  }
  const anHourAgo = Date.now() - 3_600_000;
  for (const old of fs.readdirSync(cache)) {
    const folder = path.join(cache, old);
    if (folder !== target && fs.statSync(folder, { throwIfNoEntry: false })?.mtimeMs < anHourAgo) {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  }
}

const [program, ...argumentsOfProgram] = process.argv.slice(2);
if (!program || !files.has(program)) {
  console.error(`run.mjs: ${program ?? 'no program named'}: allowed are TypeScript files of this repository, such as main.ts`);
  process.exit(2);
}
process.argv = [process.argv[0], path.join(root, program), ...argumentsOfProgram];
process.setSourceMapsEnabled(true);
require(path.join(target, program.replace(/ts$/, 'js')));
