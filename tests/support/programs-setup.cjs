// Before the first test of the project `programs`: the system has the programs that its tests start, and temporary files
// have a folder of this run, which is removed after the last test.
'use strict';
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const needed = ['bash', 'git', 'openssl', 'python3'];

module.exports = () => {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const missing = needed.filter((name) => !folders.some((folder) => fs.existsSync(path.join(folder, name))));
  if (missing.length > 0) {
    throw new Error(
      `These tests start ${needed.join(', ')}, and there is no ${missing.join(', no ')} on the PATH: install it; npm test runs the other half`,
    );
  }
  const folder = inMemory() ?? fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-run-'));
  // For everybody, as /tmp is.
  fs.chmodSync(folder, 0o1777);
  process.env.DIPTYCH_RUN = process.env.TMPDIR = folder;
  // Programs in Go, such as esbuild, end here before their garbage is in the way.
  process.env.GOGC = 'off';
};

/** A folder in memory, where there is room and programs may run: on a disk these tests take a third longer. */
function inMemory() {
  const parent = '/dev/shm';
  if (!fs.existsSync(parent)) return undefined;
  const { bavail, bsize } = fs.statfsSync(parent);
  if (bavail * bsize < 2 ** 30) return undefined;
  const folder = fs.mkdtempSync(path.join(parent, 'diptych-run-'));
  const program = path.join(folder, 'program');
  fs.writeFileSync(program, '#!/bin/sh\n', { mode: 0o755 });
  // Containers forbid programs there.
  const runs = spawnSync(program).status === 0;
  fs.rmSync(runs ? program : folder, { recursive: true });
  return runs ? folder : undefined;
}
