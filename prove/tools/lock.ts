import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';

/**
 * Runs an action while no other process holds the lock, waiting for that as long as it takes. The kernel frees the lock
 * of a process that ends in whatever way, so a file that a killed one left behind holds nobody up.
 * @param file where the holder's process id stands
 * @param waiting called once, with the holder's process id, if the lock isn't free at once
 */
export function withLock<Result>(file: string, waiting: (holder: string) => void, action: () => Result): Result {
  const descriptor = fs.openSync(file, 'a+');
  try {
    // flock(1) locks the open file, which stays ours after that process has ended.
    const lock = (...options: string[]) =>
      spawnSync('flock', [...options, '3'], { stdio: ['ignore', 'ignore', 'inherit', descriptor] });
    const { error, status } = lock('--nonblock');
    if (error !== undefined) throw error;
    if (status !== 0) {
      waiting(fs.readFileSync(file, 'utf8').trim());
      if (lock().status !== 0) throw new Error(`waiting for ${file} was interrupted`);
    }
    fs.ftruncateSync(descriptor);
    fs.writeSync(descriptor, `${process.pid}\n`);
    return action();
  } finally {
    fs.closeSync(descriptor);
  }
}
