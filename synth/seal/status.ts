import type { SecretInventoryEntry, SecretSource } from '../../constructs/core/secret.ts';
import { keysOfPart, partsOf } from './inventory.ts';
import { isOutdated } from './manifest.ts';
import type { SealedFile, SealedKey } from './manifest.ts';

/** `changed`: sealed, but the inventory now asks for something else; the next run seals it anew. */
export type SealState = 'sealed' | 'missing' | 'changed' | 'due for rotation' | 'not in the inventory';

/** What is known of one key of one secret, over all its copies. */
export interface SealStatus {
  readonly secret: string;
  readonly key: string;
  /** In words; empty for what the inventory doesn't know. */
  readonly source: string;
  readonly namespaces: readonly string[];
  /** Those of the namespaces where it is not sealed. */
  readonly missingIn: readonly string[];
  readonly state: SealState;
  /** Whole days since the value was made, of the oldest copy; null if nobody knows. */
  readonly ageDays: number | null;
  /** Days it may become old; null for what isn't rotated. */
  readonly rotationDays: number | null;
  /** Fingerprints of the certificates it was sealed with. */
  readonly sealedWith: readonly string[];
}

const DAY = 86_400_000;

/** One row a key: first the inventory's in its order, then what is sealed and no longer in it. */
export function sealStatus(
  inventory: readonly SecretInventoryEntry[],
  files: readonly SealedFile[],
  now: Date,
): SealStatus[] {
  const rest = new Map(files.map((file) => [file, new Map(file.keys)]));
  const rows = inventory.flatMap((entry) =>
    partsOf(entry).flatMap((part) =>
      keysOfPart(part).map((key): SealStatus => {
        const namespaces = entry.copies.map(({ namespace }) => namespace);
        const copies = namespaces.map((namespace) =>
          files.find((file) => file.name === entry.name && file.namespace === namespace),
        );
        for (const file of copies) if (file) rest.get(file)?.delete(key);
        const sealed = copies.flatMap((file) => file?.keys.get(key) ?? []);
        const missingIn = namespaces.filter((_, index) => !copies[index]?.keys.has(key));
        const changed =
          sealed.some((each) => isOutdated(each, part.source)) ||
          copies.some((file) => file && file.type !== entry.type);
        const rotationDays = part.source.kind === 'fixed' || entry.rotationDays === false ? null : entry.rotationDays;
        const ages = sealed.map(({ sealedOn }) => ageInDays(sealedOn, now));
        // An age that nobody knows may be any.
        const due = rotationDays !== null && ages.some((age) => age === null || age > rotationDays);
        return {
          secret: entry.name,
          key,
          source: key === part.key ? describeSource(part.source) : `public half of ${part.key}`,
          namespaces,
          missingIn,
          state: missingIn.length > 0 ? 'missing' : changed ? 'changed' : due ? 'due for rotation' : 'sealed',
          ageDays: oldest(ages),
          rotationDays,
          sealedWith: fingerprints(sealed),
        };
      }),
    ),
  );
  const orphans = [...rest].flatMap(([file, keys]) =>
    [...keys]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, sealed]): SealStatus => ({
        secret: file.name,
        key,
        source: '',
        namespaces: [file.namespace],
        missingIn: [],
        state: 'not in the inventory',
        ageDays: ageInDays(sealed.sealedOn, now),
        rotationDays: null,
        sealedWith: fingerprints([sealed]),
      })),
  );
  return [...rows, ...orphans];
}

/** The rows as an aligned table. */
export function formatStatus(rows: readonly SealStatus[]): string {
  const cells = rows.map((row) => [
    row.secret,
    row.key,
    row.source || '-',
    row.namespaces.join(', '),
    row.missingIn.length > 0 && row.missingIn.length < row.namespaces.length
      ? `missing in ${row.missingIn.join(', ')}`
      : row.state,
    row.ageDays === null ? '-' : row.rotationDays === null ? `${row.ageDays}` : `${row.ageDays} of ${row.rotationDays}`,
    row.sealedWith.join(', ') || '-',
  ]);
  const header = ['SECRET', 'KEY', 'SOURCE', 'NAMESPACES', 'STATE', 'DAYS', 'SEALED WITH'];
  const table = [header, ...cells];
  const widths = header.map((_, column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines.join('\n');
}

function describeSource(source: SecretSource): string {
  switch (source.kind) {
    case 'random':
      return `random, ${source.bytes} bytes`;
    case 'rsa':
      return `rsa, ${source.bits} bits`;
    case 'ed25519':
    case 'authority':
    case 'human':
    case 'fixed':
      return source.kind;
  }
}

function ageInDays(day: string | undefined, now: Date): number | null {
  return day === undefined ? null : Math.max(0, Math.floor((now.getTime() - Date.parse(day)) / DAY));
}

function oldest(ages: readonly (number | null)[]): number | null {
  return ages.reduce((most, age) => (age === null || (most !== null && most > age) ? most : age), null);
}

function fingerprints(sealed: readonly SealedKey[]): string[] {
  return [...new Set(sealed.flatMap(({ sealedWith }) => sealedWith ?? []))].sort();
}
