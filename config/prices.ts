// VOLATILE. What Hetzner asked for, in EUR and net of VAT, each with its day and source. Prices rose twice in 2026, and a
// machine that is made anew has the new one: npm run cost asks Hetzner itself once HCLOUD_TOKEN is set. What isn't here is
// unknown, and told as that.

export interface DatedPrice {
  /** Of an hour that it exists; a month is billed by its hours, up to `monthly`. */
  readonly hourly?: number;
  /** The most that is asked for a month. */
  readonly monthly?: number;
  /** When it was so; a month where no day is known. */
  readonly date: string;
  readonly source: string;
}

const table =
  "constants in a public repository, said to be of August 2026, after the rises of April and June; not Hetzner's own";

/** In German and Finnish locations. */
export const prices: Readonly<Record<string, DatedPrice>> = {
  'server ccx13': { hourly: 0.0689, date: '2026-08', source: table },
  'server ccx23': { hourly: 0.1378, date: '2026-08', source: table },
  'server ccx33': { hourly: 0.2219, monthly: 138.49, date: '2026-08', source: table },
  // Of one gigabyte.
  volume: {
    monthly: 0.0572,
    date: '2026-05-27',
    source: "devantler-tech/platform, commit cb791c6, read from Hetzner's API",
  },
};

/** Where the prices of the table hold. */
export const pricedLocations: readonly string[] = ['fsn1', 'nbg1', 'hel1'];
