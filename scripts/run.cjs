// Runs a TypeScript program of this repository: node scripts/run.cjs FILE [ARGUMENT...]
//
// ts-node (see cdk8s.yaml) needs no cache, but transforms every file and resolves every import at each start, which
// takes longer than the whole synthesis. This launcher keeps each program as one file beside node_modules, together with
// what V8 compiled of it and a record of the files it was made of. Only code is cached, never results.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const vm = require('node:vm');
const { isCurrent, readRecord, writeAtomically } = require('./run/record.cjs');

require('./run/short-lived.cjs');

const root = path.dirname(__dirname);

/** The program's file, made anew where a source has changed. esbuild writes ASCII, which is fastest read as what it is. */
async function bundleOf(program) {
  const record = readRecord(root, program);
  if (record !== undefined && isCurrent(root, record)) {
    const text = readIfThere(record.bundle, 'latin1');
    if (text !== undefined) return { file: record.bundle, text };
  }
  const file = await require('./run/bundle.cjs').refresh(root, program, record);
  return { file, text: readIfThere(file, 'latin1') };
}

function readIfThere(file, encoding) {
  try {
    return fs.readFileSync(file, encoding);
  } catch (error) {
    if (error.code !== 'ENOENT') throw error;
    return undefined;
  }
}

async function main() {
  const [program, ...args] = process.argv.slice(2);
  if (program === undefined || !program.endsWith('.ts') || !fs.existsSync(path.join(root, program))) {
    console.error(
      `run.cjs: ${program ?? 'no program named'}: name a TypeScript file of this repository, such as main.ts`,
    );
    process.exitCode = 2;
    return;
  }
  const { file, text } = await bundleOf(path.normalize(program));
  // Piped into `head`: what is written to files must not depend on who reads along.
  process.stdout.on('error', (error) => {
    if (error.code !== 'EPIPE') throw error;
  });
  process.on('uncaughtException', (error) => {
    console.error(require('./run/told.cjs').told(root, file, error));
    process.exit(1);
  });
  const compiled = `${file}.compiled`;
  const code = `(function (require, module, exports, __dirname, __filename) {\n${text}\n})`;
  const script = new vm.Script(code, { filename: file, lineOffset: -1, cachedData: readIfThere(compiled) });
  process.argv = [process.argv[0], path.join(root, program), ...args];
  const module = { exports: {} };
  script.runInThisContext()(require, module, module.exports, path.dirname(file), file);
  if (script.cachedDataRejected !== false) writeAtomically(compiled, script.createCachedData());
}

main();
