import type { Item } from './items.ts';
import type { Price, PriceList } from './prices.ts';

/** Of the longest month: what is known by the hour alone costs no more than that. */
const mostHours = 31 * 24;

/** What an item costs in a month. */
export interface BillLine {
  readonly what: string;
  readonly price: Price | undefined;
  /** In EUR; undefined where nobody knows. */
  readonly month: number | undefined;
  /** Whether a month may be less, because its most isn't known. */
  readonly atMost: boolean;
}

export interface Bill {
  readonly lines: readonly BillLine[];
  /** Of what is known. */
  readonly total: number;
  readonly atMost: boolean;
  readonly unknown: readonly string[];
}

export function billOf(items: readonly Item[], prices: PriceList): Bill {
  const lines = items.map(({ what, price: key, count }): BillLine => {
    const price = key === undefined ? undefined : prices.get(key);
    const { monthly, hourly } = price ?? {};
    const each = monthly ?? (hourly === undefined ? undefined : hourly * mostHours);
    const month = each === undefined ? undefined : Math.round(each * count * 100) / 100;
    return { what, price, month, atMost: monthly === undefined && hourly !== undefined };
  });
  return {
    lines,
    total: Math.round(lines.reduce((sum, { month = 0 }) => sum + month, 0) * 100) / 100,
    atMost: lines.some(({ atMost }) => atMost),
    unknown: lines.filter(({ month }) => month === undefined).map(({ what }) => what),
  };
}
