import { buildPlatform } from '../../apps/platform.ts';
import { Firewall } from '../../constructs/traefik-waf/index.ts';

/** Those of an environment. */
export function firewalls(environment: string): readonly Firewall[] {
  return buildPlatform(environment).charts.flatMap((chart) =>
    chart.node.findAll().filter((node) => node instanceof Firewall),
  );
}
