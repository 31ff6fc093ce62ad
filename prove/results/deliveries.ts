import fs from 'node:fs';
import path from 'node:path';
import * as v from 'valibot';

const schema = v.record(
  v.string(),
  v.strictObject({ area: v.string(), date: v.pipe(v.string(), v.isoDate()), seconds: v.number() }),
);

/** When each alert last reached whoever is on call in a drill, in which area, and seconds after it had held long enough. */
export type Deliveries = v.InferOutput<typeof schema>;

/** What somebody was told in a drill. */
export interface Delivered {
  readonly alert: string;
  /** When it had held for as long as it has to. */
  readonly fired: Date;
  readonly at: Date;
}

/** Where the drills write, relative to the root of the repository. */
export const deliveriesFile = 'prove/deliveries.json';

/** @throws ValiError where the file holds anything else */
export function readDeliveries(root: string): Deliveries {
  const file = path.join(root, deliveriesFile);
  return fs.existsSync(file) ? v.parse(schema, JSON.parse(fs.readFileSync(file, 'utf8'))) : {};
}

/** Writes down the first time that each alert was told in a drill, in the place of earlier drills'. */
export function recordDeliveries(root: string, area: string, told: readonly Delivered[], now = new Date()): void {
  const date = now.toISOString().slice(0, 10);
  const own = [...told].reverse().map(({ alert, fired, at }) => {
    const seconds = Math.round((at.getTime() - fired.getTime()) / 100) / 10;
    return [alert, { area, date, seconds }] as const;
  });
  if (own.length === 0) return;
  const all = Object.entries({ ...readDeliveries(root), ...Object.fromEntries(own) });
  const sorted = Object.fromEntries(all.sort(([a], [b]) => (a < b ? -1 : 1)));
  fs.writeFileSync(path.join(root, deliveriesFile), `${JSON.stringify(sorted, null, 2)}\n`);
}
