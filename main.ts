import process from 'node:process';
import { commandLine } from './synth/command-line.ts';

process.exitCode = commandLine(process.cwd(), process.argv.slice(2));
