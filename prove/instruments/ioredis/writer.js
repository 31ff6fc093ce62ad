// Sets a key all the time by the client that the documentation shows, and prints for each one whether it was
// acknowledged, as the program `probe every` does: node writer.js FIRST MILLISECONDS
import process from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { redis } from './client.js';

const [first, every] = process.argv.slice(2).map(Number);
redis.on('error', (error) => console.error(`ioredis: ${error.message}`));

for (let number = first + 1; ; number += 1) {
  const at = new Date();
  const start = performance.now();
  const written = redis.set(`drill:${number}`, String(number), 'EX', 3600).then(
    () => ['ok', String(number)],
    (error) => ['failed', error.message.split('\n')[0]],
  );
  const [state, text] = await written;
  const milliseconds = performance.now() - start;
  console.log(`${at.toISOString()} ${state} ${milliseconds.toFixed(1)} ${text}`);
  await pause(Math.max(0, every - milliseconds));
}
