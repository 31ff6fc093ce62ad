// npm run prove -- --help
import process from 'node:process';
import { commands } from './verbs/index.ts';
import { proveCommand } from './verbs/command.ts';

void Promise.resolve(proveCommand(commands, process.argv.slice(2))).then((code) => {
  process.exitCode = code;
});
