import process from 'node:process';
import { ProvingError } from './error.ts';

/** Where the proving ground reports what it does, and whether somebody wants it to stop. */
export interface Progress {
  readonly report: (line: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * Runs an action that a signal asks to stop, and that then cleans up: the process ends only after it.
 * @param interrupted told once, with the name of the signal
 */
export async function untilInterrupted<Value>(
  interrupted: (signal: string) => void,
  action: (signal: AbortSignal) => Promise<Value>,
): Promise<Value> {
  const controller = new AbortController();
  const stop = (name: string): void => {
    if (!controller.signal.aborted) interrupted(name);
    controller.abort();
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  // Those of drills end the process at once.
  const others = new Map(signals.map((name) => [name, process.listeners(name)]));
  const unread = (): void => stop('nobody reads the output');
  for (const name of signals) process.removeAllListeners(name).on(name, stop);
  process.stdout.on('error', unread);
  try {
    return await action(controller.signal);
  } finally {
    process.stdout.off('error', unread);
    for (const name of signals) {
      process.off(name, stop);
      for (const other of others.get(name) ?? []) process.on(name, other);
    }
  }
}

/** @throws ProvingError when the signal is aborted */
export function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new ProvingError('interrupted');
}
