import { InputError } from '../../constructs/core/error.ts';
import type { LogEntry } from './instance.ts';

/** What the firewall says of requests, among other lines. @throws InputError where there is nothing of it */
export function readLog(text: string): readonly LogEntry[] {
  // kubectl writes the pod before a line, if it is asked.
  const lines = text.split('\n').map((line) => /\{"waf":.*\}$/.exec(line)?.[0]);
  const entries = lines.filter((line) => line !== undefined).map((line) => JSON.parse(line) as LogEntry);
  if (entries.length > 0) return entries;
  throw new InputError({
    where: 'the log',
    what: 'no line of it is about a request that was refused',
    allowed: 'what the pods of the firewall print',
    remedy: 'kubectl -n edge logs deployment/edge-waf --all-pods --since 24h >waf.log, or a longer time',
  });
}

/** A line for each route, outcome, rule and field, those with the most requests first. */
export function countTable(entries: readonly LogEntry[]): string {
  const rows = new Map<string, { requests: number; clients: Set<string> }>();
  const count = (key: readonly string[], { client }: LogEntry): void => {
    const row = rows.get(key.join('  ')) ?? { requests: 0, clients: new Set() };
    row.requests++;
    row.clients.add(client);
    rows.set(key.join('  '), row);
  };
  for (const entry of entries) {
    const { waf, route, rules } = entry;
    count([waf, route, 'all rules'], entry);
    for (const { id, target } of rules) count([waf, route, `${id} ${target}`], entry);
  }
  const lines = [...rows]
    .sort(([, one], [, other]) => other.requests - one.requests)
    .map(
      ([key, { requests, clients }]) => `${String(requests).padStart(8)}  ${String(clients.size).padStart(7)}  ${key}`,
    );
  return `requests  clients  what\n${lines.join('\n')}\n`;
}
