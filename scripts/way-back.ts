// npm run way-back -- --help
import path from 'node:path';
import process from 'node:process';
import { synthesise } from '../synth/synthesise.ts';
import { wayBackCommand } from './way-back/command.ts';

const root = path.resolve(process.argv[1] ?? '', '..', '..');

void wayBackCommand(
  {
    root,
    env: process.env,
    platformOf: (environment) => synthesise({ root, environment, strict: false, dryRun: true }).platform,
  },
  process.argv.slice(2),
).then((code) => {
  process.exitCode = code;
});
