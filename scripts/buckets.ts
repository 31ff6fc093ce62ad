// npm run buckets -- --help
import path from 'node:path';
import process from 'node:process';
import { bucketsCommand } from './buckets/command.ts';

const context = {
  root: path.resolve(process.argv[1] ?? '', '..', '..'),
  env: process.env,
  patienceMilliseconds: 60_000,
};

void bucketsCommand(context, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
