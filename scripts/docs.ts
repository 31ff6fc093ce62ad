// npm run docs -- --help
import path from 'node:path';
import process from 'node:process';
import { docsCommand } from './docs/command.ts';

process.exitCode = docsCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2));
