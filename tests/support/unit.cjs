// A test of the project `unit` starts no program: it runs anywhere, and in no time.
'use strict';
const path = require('node:path');
const programs = require('./programs.cjs');

programs.refuse((program) => {
  const file = path.relative(process.cwd(), expect.getState().testPath ?? '');
  throw new Error(`${file} starts ${program}: name it among the programs in jest.config.mjs`);
});
