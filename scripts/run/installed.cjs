// Says what to do where packages are missing, in place of the stack of whoever needs one first.
'use strict';
const fs = require('node:fs');
const path = require('node:path');

const root = path.join(__dirname, '..', '..');
const { dependencies, devDependencies } = JSON.parse(fs.readFileSync(path.join(root, 'package.json'), 'utf8'));

function versionOf(name) {
  try {
    const { version } = JSON.parse(fs.readFileSync(path.join(root, 'node_modules', name, 'package.json'), 'utf8'));
    // Grafana's builders call theirs v0.0.21, which npm takes for 0.0.21.
    return version.replace(/^v/, '');
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
