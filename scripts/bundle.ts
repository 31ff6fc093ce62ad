// npm run bundle -- --help
import path from 'node:path';
import process from 'node:process';
import { bundleCommand } from './bundle/command.ts';
import { run } from './release/child-process.ts';

const root = path.resolve(process.argv[1] ?? '', '..', '..');

void bundleCommand(
  { root, now: new Date(), env: process.env, kubectl: (args) => run(root, 'kubectl', args) },
  process.argv.slice(2),
).then((code) => {
  process.exitCode = code;
});
