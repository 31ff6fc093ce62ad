// npm run archives -- --help
import path from 'node:path';
import process from 'node:process';
import { environments } from '../config/index.ts';
import { synthesise } from '../synth/synthesise.ts';
import { archivesCommand } from './archives/command.ts';
import { run } from './release/child-process.ts';

const root = path.resolve(process.argv[1] ?? '', '..', '..');

void archivesCommand(
  {
    root,
    environments: Object.keys(environments),
    platformOf: (environment) => synthesise({ root, environment, strict: false, dryRun: true }).platform,
    kubectl: (args) => run(root, 'kubectl', args),
  },
  process.argv.slice(2),
).then((code) => {
  process.exitCode = code;
});
