// npm run prove -- --help
import process from 'node:process';
import { commands } from './commands.ts';
import { proveCommand } from './command.ts';

void Promise.resolve(proveCommand(commands, process.argv.slice(2))).then((code) => {
  process.exitCode = code;
});
