// Runs a TypeScript program of this repository: node scripts/run.cjs FILE [ARGUMENT...]
//
// ts-node (see cdk8s.yaml) needs no cache, but transforms every file and resolves every import at each start, which
// takes longer than the whole synthesis. This launcher keeps each program as one file beside node_modules, under a key
// made of all sources and the lock file, together with what V8 compiled of it. Only code is cached, never results.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');

const root = path.dirname(__dirname);
const folders = ['config', 'constructs', 'apps', 'synth', 'scripts', 'bench', 'prove'];
const cache = path.join(root, 'node_modules', '.cache', 'diptych', 'programs');

/** Every TypeScript file of the repository that a program can import, as paths relative to the root. */
function sources() {
  const inFolders = folders
    .filter((folder) => fs.existsSync(path.join(root, folder)))
    .flatMap((folder) =>
      fs.readdirSync(path.join(root, folder), { recursive: true }).map((file) => path.join(folder, file)),
    );
  return [...fs.readdirSync(root), ...inFolders].filter((file) => file.endsWith('.ts')).sort();
}

/** A digest of whatever decides what a bundle holds; its place too, because bundles know their sources' folders. */
function digest() {
  const hash = crypto.createHash('sha256').update(`${process.version} ${root}`);
  for (const file of [
    __filename,
    path.join(root, 'package-lock.json'),
    ...sources().map((file) => path.join(root, file)),
  ]) {
    hash.update(`${file}\0`).update(fs.readFileSync(file));
  }
  return hash.digest('hex').slice(0, 16);
}

const environmentFiles = path.join(root, 'config', 'environment-files.ts');

/** The same as that file exports: a bundle holds only what it imports by name. */
function foundEnvironments() {
  const files = fs
    .readdirSync(path.join(path.dirname(environmentFiles), 'environments'))
    .filter((file) => file.endsWith('.ts'))
    .sort();
  return [
    ...files.map((file, index) => `import environment${index} from './environments/${file}';`),
    'export const environments = {',
    ...files.map((file, index) => `  '${path.basename(file, '.ts')}': environment${index},`),
    '};',
  ].join('\n');
}

async function bundle(program, outfile) {
  const { build } = require('esbuild');
  await build({
    absWorkingDir: root,
    entryPoints: [program],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    // Loaded by few programs, and large.
    external: ['typescript', 'esbuild'],
    logLevel: 'error',
    plugins: [
      {
        name: 'folders of sources',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.ts$/ }, async ({ path: file }) => ({
            loader: 'ts',
            contents:
              file === environmentFiles
                ? foundEnvironments()
                : (await fs.promises.readFile(file, 'utf8')).replaceAll(
                    'import.meta.dirname',
                    JSON.stringify(path.dirname(file)),
                  ),
          })),
      },
    ],
  });
}

/** Programs that run at the same time never see half a file. */
function writeAtomically(file, content) {
  fs.writeFileSync(`${file}.${process.pid}`, content);
  fs.renameSync(`${file}.${process.pid}`, file);
}

function removeOld(keep) {
  const anHourAgo = Date.now() - 3_600_000;
  for (const name of fs.readdirSync(cache).filter((name) => !name.startsWith(keep))) {
    const file = path.join(cache, name);
    if ((fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < anHourAgo)
      fs.rmSync(file, { force: true });
  }
}

async function main() {
  const [program, ...args] = process.argv.slice(2);
  if (program === undefined || !sources().includes(path.normalize(program))) {
    console.error(
      `run.cjs: ${program ?? 'no program named'}: name a TypeScript file of this repository, such as main.ts`,
    );
    process.exitCode = 2;
    return;
  }
  const key = digest();
  const file = path.join(cache, `${key}-${program.replaceAll('/', '-')}.js`);
  const compiled = `${file}.compiled`;
  if (!fs.existsSync(file)) {
    await bundle(program, `${file}.${process.pid}`);
    fs.renameSync(`${file}.${process.pid}`, file);
    removeOld(key);
  }
  const code = `(function (require, module, exports, __dirname, __filename) {${fs.readFileSync(file, 'utf8')}\n})`;
  const cachedData = fs.existsSync(compiled) ? fs.readFileSync(compiled) : undefined;
  const script = new vm.Script(code, { filename: file, cachedData });
  process.argv = [process.argv[0], path.join(root, program), ...args];
  const module = { exports: {} };
  try {
    script.runInThisContext()(require, module, module.exports, cache, file);
  } catch (error) {
    // Wrong input that is found while modules load: nobody above can tell it in words.
    if (error?.name !== 'InputError') throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
  if (script.cachedDataRejected !== false) writeAtomically(compiled, script.createCachedData());
}

main();
