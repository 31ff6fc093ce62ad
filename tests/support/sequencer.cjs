// Tests that start programs come first: they take long, wait, and are small files, of which Jest thinks that they are
// quick until it has seen them run. What is left for the end is short.
'use strict';
const Sequencer = require('@jest/test-sequencer').default;

module.exports = class extends Sequencer {
  sort(tests) {
    const rank = ({ context }) => (context.config.displayName.name === 'programs' ? 0 : 1);
    return super.sort(tests).sort((a, b) => rank(a) - rank(b));
  }
};
