// npm run seal -- --help
import path from 'node:path';
import process from 'node:process';
import { secretInventory } from '../apps/inventory.ts';
import { sealCommand } from '../synth/seal/command.ts';

void sealCommand({
  arguments: process.argv.slice(2),
  root: path.dirname(path.dirname(path.resolve(process.argv[1] ?? ''))),
  inventory: secretInventory,
  now: new Date(),
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
}).then((code) => {
  process.exitCode = code;
});
