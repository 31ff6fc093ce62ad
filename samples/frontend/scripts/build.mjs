// npm run build. Ids of actions follow from a key, and a page of the version before posts to its ids while two versions run:
// so the key of the build is the same at every build. It is public, and protects nothing; the key that encrypts what forms
// carry is the running pod's, from NEXT_SERVER_ACTIONS_ENCRYPTION_KEY_FILE (start.mjs).
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';

const root = path.resolve(import.meta.dirname, '..');
const key = createHash('sha256').update('ids of the actions of sample-frontend').digest('base64');
const next = path.join(root, 'node_modules/next/dist/bin/next');
const { status } = spawnSync(process.execPath, [next, 'build'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, NEXT_SERVER_ACTIONS_ENCRYPTION_KEY: key, NEXT_TELEMETRY_DISABLED: '1' },
});
if (status !== 0) process.exit(status ?? 1);

// What Next.js leaves to whoever has a CDN.
const standalone = path.join(root, '.next/standalone');
fs.cpSync(path.join(root, '.next/static'), path.join(standalone, '.next/static'), { recursive: true });
fs.copyFileSync(path.join(root, 'start.mjs'), path.join(standalone, 'start.mjs'));
fs.mkdirSync(path.join(standalone, '.next/cache'), { recursive: true });
