// npm run cost -- --help
import process from 'node:process';
import { costCommand } from './cost/command.ts';

const context = {
  now: new Date(),
  token: process.env.HCLOUD_TOKEN ?? '',
  endpoint: process.env.HCLOUD_ENDPOINT ?? 'https://api.hetzner.cloud/v1',
  timeoutMilliseconds: 10_000,
};

void costCommand(context, process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
