// npm run github -- --help
import path from 'node:path';
import process from 'node:process';
import { githubCommand } from './github/command.ts';

process.exitCode = githubCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2));
