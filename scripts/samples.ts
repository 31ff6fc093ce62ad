// npm run samples -- --help
import path from 'node:path';
import process from 'node:process';
import { samplesCommand } from './samples/command.ts';

process.exitCode = samplesCommand(path.resolve(process.argv[1] ?? '', '..', '..'), process.argv.slice(2));
