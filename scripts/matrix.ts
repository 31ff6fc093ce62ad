// npm run matrix -- --help
import path from 'node:path';
import process from 'node:process';
import { matrixCommand } from './matrix/command.ts';

process.exitCode = matrixCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2));
