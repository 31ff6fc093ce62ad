// npm run waf -- --help
import path from 'node:path';
import process from 'node:process';
import { wafCommand } from './waf/command.ts';

const context = { root: path.resolve(process.argv[1] ?? '', '..', '..'), now: new Date() };

void wafCommand(context, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
