import { setTimeout as sleep } from 'node:timers/promises';

/** Milliseconds. What takes a moment on an idle machine takes a minute on one that is busy. A test may take twice as long. */
export const patience = 300_000;

/**
 * Waits as long as a test does.
 * @param what is waited for, and what is there instead
 * @param pause milliseconds between two questions at least, where asking costs others something
 */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: () => string,
  pause = 20,
): Promise<void> {
  const deadline = Date.now() + patience;
  for (;;) {
    const asked = Date.now();
    if (await condition()) return;
    const now = Date.now();
    if (now > deadline) throw new Error(`not within ${patience / 1000} s: ${what()}`);
    // A question that starts a program leaves the machine to what it asks for.
    await sleep(Math.max(pause, 4 * (now - asked)));
  }
}

/** The same for something that is looked for. @returns it */
export async function found<T>(
  look: () => T | undefined | Promise<T | undefined>,
  what: () => string,
  pause?: number,
): Promise<T> {
  let it: T | undefined;
  const isThere = async (): Promise<boolean> => (it = await look()) !== undefined;
  await until(isThere, what, pause);
  return it!;
}
