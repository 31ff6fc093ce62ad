import { setTimeout as delay } from 'node:timers/promises';
import { ProvingError } from './error.ts';
import { stopIfAsked } from './interruption.ts';

export interface WaitOptions {
  /** In seconds. */
  readonly atMost: number;
  /** In milliseconds. @default 100 */
  readonly every?: number;
  /** Where to read more, named when it takes too long. */
  readonly see?: string;
  readonly signal?: AbortSignal;
}

/**
 * Waits until the condition gives something else than undefined or false.
 * @returns what it gave. @throws ProvingError after `atMost` seconds, or when the signal is aborted
 */
export async function waitFor<Value>(
  what: string,
  { atMost, every = 100, see, signal }: WaitOptions,
  condition: () => Value | undefined | false | Promise<Value | undefined | false>,
): Promise<Value> {
  const start = performance.now();
  for (;;) {
    stopIfAsked(signal);
    const value = await condition();
    if (value !== undefined && value !== false) return value;
    if (performance.now() - start > atMost * 1000) {
      throw new ProvingError(`waited ${atMost} s for ${what}, in vain${see === undefined ? '' : `; see ${see}`}`);
    }
    await delay(every);
  }
}
