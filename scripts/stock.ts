// npm run stock -- --help
import path from 'node:path';
import process from 'node:process';
import { stockCommand } from './stock/command.ts';

const context = {
  root: path.resolve(process.argv[1] ?? '', '..', '..'),
  now: new Date(),
  token: process.env.HCLOUD_TOKEN ?? '',
  endpoint: process.env.HCLOUD_ENDPOINT ?? 'https://api.hetzner.cloud/v1',
  timeoutMilliseconds: 10_000,
};

void stockCommand(context, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
