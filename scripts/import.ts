// npm run import -- --help
import path from 'node:path';
import process from 'node:process';
import { importCommand } from './import/command.ts';

process.exitCode = importCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2));
