// A load balancer as a provider has it: node scripts/run.cjs prove/stand-ins/load-balancer/server.ts CONFIGURATION
// with the configuration as JSON. Its log tells which nodes get connections.
import process from 'node:process';
import { balance } from './balancer.ts';
import type { Balancing } from './balancer.ts';

balance(JSON.parse(process.argv[2] ?? '') as Balancing, (line) => {
  process.stdout.write(`${new Date().toISOString()} ${line}\n`);
});
