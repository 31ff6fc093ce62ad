// Child processes as Node.js has them: a worker of jest that ran a test of the project `unit` before has them refused.
'use strict';
require('../../scripts/run/short-lived.cjs');
const children = require('node:child_process');

const original = Symbol.for('diptych.programs');
const starts = ['exec', 'execFile', 'execFileSync', 'execSync', 'fork', 'spawn', 'spawnSync'];
children[original] ??= Object.fromEntries(starts.map((name) => [name, children[name]]));
Object.assign(children, children[original]);

/** From here on whoever starts a program gets the error that `refusal` throws. */
exports.refuse = (refusal) => {
  for (const name of starts) children[name] = refusal;
};
