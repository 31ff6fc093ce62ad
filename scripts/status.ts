// npm run status -- --help
import process from 'node:process';
import { environmentInput } from '../config/index.ts';
import { statusCommand } from './status/command.ts';

const context = { env: process.env, input: environmentInput, now: () => new Date() };

void statusCommand(context, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
