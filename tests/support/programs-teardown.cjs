// After the last test of the project `programs`.
'use strict';
const fs = require('node:fs');

module.exports = () => fs.rmSync(process.env.DIPTYCH_RUN, { recursive: true });
