// npm run promises -- --help
import path from 'node:path';
import process from 'node:process';
import { promises } from '../promises.ts';
import { promisesCommand } from '../synth/promises/command.ts';
import { figuresPages } from '../synth/promises/readme.ts';

process.exitCode = promisesCommand({
  arguments: process.argv.slice(2),
  root: path.resolve(process.argv[1] ?? '', '..', '..'),
  promises,
  pages: figuresPages,
  stdout: process.stdout,
  stderr: process.stderr,
  colours: !process.env.NO_COLOR,
});
