// npm run ready -- --help
import path from 'node:path';
import process from 'node:process';
import { readyCommand } from './ready/command.ts';

void readyCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
