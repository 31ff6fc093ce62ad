// npm run release -- --help
import path from 'node:path';
import process from 'node:process';
import { releaseCommand } from './release/command.ts';

void releaseCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
