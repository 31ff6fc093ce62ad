// npm run prove -- --help
import process from 'node:process';
import { proveCommand } from './verbs/command.ts';
import { commands } from './verbs/index.ts';

void Promise.resolve(proveCommand(commands, process.argv.slice(2))).then((code) => {
  process.exitCode = code;
});
