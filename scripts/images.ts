// npm run images -- --help
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { imagesCommand } from './images/command.ts';

const context = {
  root: path.resolve(process.argv[1] ?? '', '..', '..'),
  now: new Date(),
  dockerFolder: process.env.DOCKER_CONFIG ?? path.join(os.homedir(), '.docker'),
  timeoutMilliseconds: 10_000,
};

void imagesCommand(context, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
