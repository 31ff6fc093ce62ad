import { pricedLocations, prices } from '../../config/prices.ts';
import { pricing } from '../stock/hetzner.ts';
import type { HetznerContext, PricesOfPlaces } from '../stock/hetzner.ts';

/** What is asked for one thing. */
export interface Price {
  readonly hourly?: number;
  readonly monthly?: number;
  /** Where it is from, and of when. */
  readonly source: string;
}

/** Prices by their key, where they are known. */
export type PriceList = ReadonlyMap<string, Price>;

/** The table of the configuration. */
export function writtenPrices(location: string): PriceList {
  if (!pricedLocations.includes(location)) return new Map();
  return new Map(
    Object.entries(prices).map(([key, { hourly, monthly, date, source }]) => {
      return [key, { hourly, monthly, source: `${date}: ${source}` }];
    }),
  );
}

/** What Hetzner asks for now. @throws InputError where it doesn't answer, or in another currency */
export async function askedPrices(context: HetznerContext, location: string): Promise<PriceList> {
  const told = await pricing(context);
  const source = `${context.now.toISOString().slice(0, 10)}: ${context.endpoint}/pricing`;
  const here = ({ prices: all }: PricesOfPlaces): Price | undefined => {
    const found = all.find((each) => each.location === location);
    if (found === undefined) return undefined;
    return { hourly: numberOf(found.price_hourly), monthly: numberOf(found.price_monthly), source };
  };
  const named = [
    ...told.server_types.map((type) => [`server ${type.name ?? ''}`, here(type)] as const),
    ...told.load_balancer_types.map((type) => [`load balancer ${type.name ?? ''}`, here(type)] as const),
    ...told.primary_ips.map((address) => [`primary ${address.type ?? ''}`, here(address)] as const),
    ...told.floating_ips.map((address) => [`floating ${address.type ?? ''}`, here(address)] as const),
    ['volume', { monthly: numberOf(told.volume.price_per_gb_month), source }] as const,
  ];
  return new Map(named.flatMap(([key, price]) => (price === undefined ? [] : [[key, price] as const])));
}

function numberOf(price: { readonly net: string } | undefined): number | undefined {
  return price === undefined ? undefined : Number(price.net);
}
