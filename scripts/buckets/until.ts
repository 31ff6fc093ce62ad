import { setTimeout as pause } from 'node:timers/promises';

/** Asks again until the answer is right, or for as long as one waits. */
export async function until<Value>(
  ask: () => Promise<Value>,
  isRight: (value: Value) => boolean,
  { patienceMilliseconds }: { readonly patienceMilliseconds: number },
): Promise<Value> {
  const end = performance.now() + patienceMilliseconds;
  for (;;) {
    const value = await ask();
    if (isRight(value) || performance.now() > end) return value;
    await pause(Math.min(1000, patienceMilliseconds / 20));
  }
}
