// V8 optimises what has run for a while; most programs here, and what a file of tests loads anew, are done by then, and a
// fifth of all CPU time was for nothing. Those that run for longer are optimised a little later than by default. The V8
// of Node.js 22 and 24 has another compiler in between, and no such setting.
'use strict';
const v8 = require('node:v8');

if (process.versions.v8.startsWith('11.')) {
  v8.setFlagsFromString('--interrupt-budget=500000');
  // Room for what is new grows at once to where it would be after four collections.
  v8.setFlagsFromString('--semi-space-growth-factor=16');
}
