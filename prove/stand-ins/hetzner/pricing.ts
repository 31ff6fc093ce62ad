import type { Body, World } from './world.ts';

/** What things cost here, made up: nobody is to take it for Hetzner's. A month is never more than 625 hours. */
export function pricing({ catalogue }: World): Body {
  const amount = (net: number) => ({ net: net.toFixed(10), gross: (net * 1.19).toFixed(10) });
  const places = (hourly: number) =>
    catalogue.locations.map(({ name: location }) => {
      return { location, price_hourly: amount(hourly), price_monthly: amount(hourly * 625) };
    });
  const types = (all: readonly { readonly id: number; readonly name: string }[]) =>
    all.map(({ id, name }) => ({ id, name, prices: places(id / 100) }));
  return {
    ...{ currency: 'EUR', vat_rate: '19.00', server_types: types(catalogue.server_types) },
    load_balancer_types: types(catalogue.load_balancer_types),
    primary_ips: [
      { type: 'ipv4', prices: places(0.001) },
      { type: 'ipv6', prices: places(0) },
    ],
    floating_ips: [{ type: 'ipv4', prices: places(0.004) }],
    volume: { price_per_gb_month: amount(0.05) },
    server_backup: { percentage: '20.00' },
  };
}
