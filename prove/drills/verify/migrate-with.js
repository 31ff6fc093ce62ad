// Starts the backend's migrations with variables changed: node -e THIS NAME=VALUE... The image has no shell. What stands on
// standard input goes into the file that DATABASE_CA_FILE names, if it is given.
const { spawnSync } = require('node:child_process');
const fs = require('node:fs');

const changed = Object.fromEntries(process.argv.slice(1).map((text) => text.split('=')));
if (changed.DATABASE_CA_FILE !== undefined) {
  fs.writeFileSync(changed.DATABASE_CA_FILE, fs.readFileSync(process.stdin.fd));
}
const environment = { ...process.env, ...changed };
process.exitCode = spawnSync(process.execPath, ['dist/migrate.js'], { env: environment, stdio: 'inherit' }).status ?? 1;
