// Makes the file of a program, where there is none of the sources as they are.
'use strict';
require('./installed.cjs');
const crypto = require('node:crypto');
const fs = require('node:fs');
const path = require('node:path');
const { build } = require('esbuild');
const { modules } = require('./modules.cjs');
const { cacheOf, stampOf, writeAtomically, writeRecord } = require('./record.cjs');

/** What decides how sources are read, beside the sources themselves. */
const settings = [
  ...['package.json', 'package-lock.json', 'tsconfig.json'],
  ...['scripts/run.cjs', 'scripts/run/bundle.cjs', 'scripts/run/modules.cjs'],
];

const hashOf = (content) => crypto.createHash('sha256').update(content).digest('hex');

/** @returns the bundle: the one of the record if no content changed, else a new one */
async function refresh(root, program, record) {
  fs.mkdirSync(cacheOf(root), { recursive: true });
  const readAt = timeOfFileSystem(root);
  if (record !== undefined && fs.existsSync(record.bundle)) {
    const files = record.files.map(({ file }) => read(root, file));
    if (files.every((now, index) => now !== undefined && now.hash === record.files[index].hash)) {
      writeRecord(root, program, { ...record, readAt, files });
      return record.bundle;
    }
  }
  const files = settings.map((file) => read(root, file)).filter((file) => file !== undefined);
  const { js, map } = await bundle(root, program, files);
  files.sort((a, b) => (a.file < b.file ? -1 : 1));
  // Its place too, because bundles know their sources' folders.
  const key = hashOf(JSON.stringify([process.version, root, files.map(({ file, hash }) => [file, hash])])).slice(0, 16);
  const file = path.join(cacheOf(root), `${key}-${program.replaceAll('/', '-')}.js`);
  writeAtomically(`${file}.map`, map);
  writeAtomically(file, js);
  writeRecord(root, program, {
    bundle: file,
    readAt,
    files: files.map(({ file, stamp, hash }) => ({ file, stamp, hash })),
  });
  removeOld(root, key);
  return file;
}

/**
 * A file, or a folder for the names in it. The stamp is taken before the content is read: a change in between shows the
 * next time.
 */
function read(root, file) {
  const absolute = path.join(root, file);
  const found = stampOf(absolute);
  if (found === undefined) return undefined;
  const content = found.folder ? fs.readdirSync(absolute).sort().join('/') : fs.readFileSync(absolute);
  return { file, stamp: found.stamp, hash: hashOf(content) };
}

const environmentFiles = 'config/environment-files.ts';
const environments = 'config/environments';

/** The same as that file exports: a bundle holds only what it imports by name. */
function foundEnvironments(root) {
  const files = fs
    .readdirSync(path.join(root, environments))
    .filter((file) => file.endsWith('.ts'))
    .sort();
  return [
    ...files.map((file, index) => `import environment${index} from './environments/${file}';`),
    'export const environments = {',
    ...files.map((file, index) => `  '${path.basename(file, '.ts')}': environment${index},`),
    '};',
  ].join('\n');
}

/** By the clock that stamps files, whatever this process takes for the time. */
function timeOfFileSystem(root) {
  const file = path.join(cacheOf(root), `clock.${process.pid}`);
  fs.writeFileSync(file, '');
  const { mtimeNs } = fs.statSync(file, { bigint: true });
  fs.rmSync(file);
  return mtimeNs;
}

/** Adds every source to `files` as it is read. */
async function bundle(root, program, files) {
  const outfile = path.join(cacheOf(root), 'program.js');
  const { outputFiles } = await build({
    absWorkingDir: root,
    entryPoints: [program],
    outfile,
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    charset: 'ascii',
    minifyWhitespace: true,
    target: 'node20',
    sourcemap: 'external',
    sourcesContent: false,
    // Loaded by few programs, and large.
    external: ['typescript', 'esbuild'],
    logLevel: 'silent',
    plugins: [
      modules,
      {
        name: 'sources',
        setup: ({ onLoad }) =>
          onLoad({ filter: /\.(ts|json)$/ }, ({ path: absolute }) => {
            const file = path.relative(root, absolute);
            if (/(^|\/)node_modules\//.test(file)) return undefined;
            const { stamp } = stampOf(absolute);
            const contents = fs.readFileSync(absolute, 'utf8');
            files.push({ file, stamp, hash: hashOf(contents) });
            if (file === environmentFiles) {
              files.push(read(root, environments));
              return { loader: 'ts', contents: foundEnvironments(root) };
            }
            if (file.endsWith('.json')) return { loader: 'json', contents };
            const folder = JSON.stringify(path.dirname(absolute));
            return { loader: 'ts', contents: contents.replaceAll('import.meta.dirname', folder) };
          }),
      },
    ],
  }).catch((error) => {
    if (error.errors === undefined) throw error;
    console.error(error.errors.map(mistake).join('\n'));
    process.exit(1);
  });
  const text = (ending) => outputFiles.find(({ path: name }) => name.endsWith(ending)).text;
  return { js: text('.js'), map: text('.map') };
}

function mistake({ text, location }) {
  if (location === null) return text;
  const { file, line, column, lineText } = location;
  return `${file}:${line}:${column + 1}: ${text}\n  ${lineText.trim()}`;
}

function removeOld(root, keep) {
  const cache = cacheOf(root);
  const anHourAgo = Date.now() - 3_600_000;
  for (const name of fs.readdirSync(cache).filter((name) => !name.startsWith(keep))) {
    const file = path.join(cache, name);
    if ((fs.statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity) < anHourAgo)
      fs.rmSync(file, { force: true });
  }
}

module.exports = { refresh };
