import { parseArgs } from 'node:util';
import type { ParseArgsConfig } from 'node:util';
import { UsageError } from './command.ts';

/**
 * As Node reads them, but for an option that is there twice: of two values, the last would win without a word.
 * @throws UsageError, or Node's own for what is not declared
 */
export function parseArguments<const T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  const { tokens = [] } = parseArgs({ ...config, tokens: true });
  const seen = new Set<string>();
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    if (seen.has(token.name) && config.options?.[token.name]?.multiple !== true) {
      throw new UsageError(`Option '--${token.name}' is given twice`);
    }
    seen.add(token.name);
  }
  return parseArgs(config);
}
