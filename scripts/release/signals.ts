import os from 'node:os';
import process from 'node:process';

/** A signal came, and everything was taken back. */
export class Interrupted extends Error {
  /** What a shell expects: 128 and the number of the signal. */
  readonly exitCode: number;

  constructor(signal: NodeJS.Signals) {
    super(`interrupted by ${signal}`);
    this.exitCode = 128 + os.constants.signals[signal];
  }
}

export interface SignalWatch {
  /** @throws Interrupted if a signal came meanwhile */
  check(): void;
  stop(): void;
}

/** From now on signals are noted instead of ending the process. */
export function watchSignals(): SignalWatch {
  let received: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals): void => {
    received ??= signal;
  };
  const signals = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, note);
  return {
    check() {
      if (received !== undefined) throw new Interrupted(received);
    },
    stop() {
      for (const signal of signals) process.off(signal, note);
    },
  };
}
