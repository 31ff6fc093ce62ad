// npm run lint:tools, and the last part of npm run lint
import path from 'node:path';
import process from 'node:process';
import { lintCommand } from './lint/command.ts';

process.exitCode = lintCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2));
