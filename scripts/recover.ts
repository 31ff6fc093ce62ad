// npm run recover -- --help
import path from 'node:path';
import process from 'node:process';
import { synthesise } from '../synth/synthesise.ts';
import { recoverCommand } from './recover/command.ts';

const root = path.resolve(process.argv[1] ?? '', '..', '..');

void recoverCommand(
  {
    root,
    now: new Date(),
    synthesise: (environment, generations, dryRun) =>
      synthesise({ root, environment, strict: false, dryRun, generations }),
  },
  process.argv.slice(2),
).then((code) => {
  process.exitCode = code;
});
