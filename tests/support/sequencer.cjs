// Tests that start programs come first: they take long, wait, and are small files, of which Jest thinks that they are
// quick until it has seen them run. What is left for the end is short.
'use strict';
const fs = require('node:fs');
const path = require('node:path');
const Sequencer = require('@jest/test-sequencer').default;

/** In this order: what waits for clocks of others, then what waits for a server's work. All else has its end before. */
const long = [
  'redis/reported-sentinels',
  'redis/reported-members',
  'redis/handed-over',
  'redis/processes',
  'redis/backup-processes',
  'patroni-agent/gapless',
  'patroni-agent/sql',
  'patroni-agent/python',
].map((name) => fs.realpathSync(path.join(__dirname, `../constructs/${name}.test.ts`)));

module.exports = class extends Sequencer {
  sort(tests) {
    const rank = ({ path: file, context }) => {
      if (long.includes(file)) return long.indexOf(file);
      return long.length + (context.config.displayName.name === 'programs' ? 0 : 1);
    };
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
