import { ProvingError } from './error.ts';

/** Takes something back. */
type Step = () => unknown;

/**
 * Does something, and takes back what was done, one step after the other: one that fails keeps no other from being done.
 * Unlike in `finally`, what fails there doesn't hide why the action failed.
 * @throws ProvingError with what every step said that failed; the action's own error, with that below it
 */
export async function withCleanUp<Value>(steps: readonly Step[], action: () => Promise<Value>): Promise<Value> {
  let value: Value;
  try {
    value = await action();
  } catch (error) {
    const failures = await cleanUp(steps);
    if (failures.length === 0) throw error;
    const also = `\n  and then, to take back what was done:\n  ${failures.join('\n  ')}`;
    if (!(error instanceof ProvingError)) throw new Error(`${String(error)}${also}`, { cause: error });
    error.message += also;
    throw error;
  }
  const failures = await cleanUp(steps);
  if (failures.length > 0) throw new ProvingError(failures.join('\n'));
  return value;
}

/** @returns what every step said that failed */
async function cleanUp(steps: readonly Step[]): Promise<readonly string[]> {
  const failures: string[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      failures.push(String(error));
    }
  }
  return failures;
}
