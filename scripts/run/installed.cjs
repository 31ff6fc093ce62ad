// Says what to do where packages are missing, in place of the stack of whoever needs one first.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const { dependencies, devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

function versionOf(name) {
  try {
    return JSON.parse(fs.readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
}

const missing = Object.entries({ ...dependencies, ...devDependencies })
  .filter(([name, version]) => versionOf(name) !== version)
  .map(([name, version]) => `${name} ${version}`);

if (missing.length > 0) {
  const what = fs.existsSync(path.join(root, 'node_modules'))
    ? `${missing[0]}${missing.length > 1 ? ` and ${missing.length - 1} more packages are` : ' is'} not installed`
    : 'node_modules is missing';
  console.error(`${what}: run npm ci, which installs the versions of package-lock.json`);
  process.exit(1);
}
