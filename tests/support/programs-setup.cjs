// Before the first test of the project `programs`: the system has the programs that its tests start, and there is a
// folder, removed after the last one, for what is costly to make and the same for all of them.
'use strict';
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');

const needed = ['bash', 'git', 'openssl', 'python3'];

module.exports = () => {
  const folders = (process.env.PATH ?? '').split(path.delimiter);
  const missing = needed.filter((name) => !folders.some((folder) => fs.existsSync(path.join(folder, name))));
  if (missing.length > 0) {
    throw new Error(
      `These tests start ${needed.join(', ')}, and there is no ${missing.join(', no ')} on the PATH: install it, or run npm test -- --selectProjects unit`,
    );
  }
  process.env.DIPTYCH_RUN = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-run-'));
};
