import fs from 'node:fs';
import path from 'node:path';

/** What a rule says of itself. */
export interface RuleFacts {
  /** From which it counts. */
  readonly paranoiaLevel: number;
  /** Such as `CRITICAL`, which alone is enough to refuse a request. */
  readonly severity: string;
}

/** The rules of a folder, by their number. */
export function ruleFacts(folder: string): ReadonlyMap<number, RuleFacts> {
  const facts = new Map<number, RuleFacts>();
  for (const file of fs.readdirSync(folder).filter((name) => name.endsWith('.conf'))) {
    const text = fs.readFileSync(path.join(folder, file), 'utf8');
    for (const rule of text.split(/^(?=Sec)/m)) {
      const id = /\bid:(\d+)/.exec(rule)?.[1];
      const level = /paranoia-level\/(\d)/.exec(rule)?.[1];
      if (id === undefined || level === undefined) continue;
      const severity = /severity:'?(\w+)/.exec(rule)?.[1] ?? '';
      facts.set(Number(id), { paranoiaLevel: Number(level), severity });
    }
  }
  return facts;
}
