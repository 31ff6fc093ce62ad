// npm run whois -- --help
import path from 'node:path';
import process from 'node:process';
import { buildPlatform } from '../apps/platform.ts';
import { SambaDC } from '../constructs/samba-dc/index.ts';
import { run } from './release/child-process.ts';
import { whoisCommand } from './whois/command.ts';

const root = path.resolve(process.argv[1] ?? '', '..', '..');

void whoisCommand(
  {
    directoriesOf: (environment) => buildPlatform(environment).all(SambaDC),
    kubectl: (args) => run(root, 'kubectl', args),
    now: () => new Date(),
  },
  process.argv.slice(2),
).then((code) => {
  process.exitCode = code;
});
