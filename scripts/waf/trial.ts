import http from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EdgeRoute, WafSettings } from '../../constructs/traefik-waf/index.ts';
import { statusOf } from './attacks.ts';
import type { Attack } from './attacks.ts';
import { WafInstance } from './instance.ts';
import { ordinaryTraffic } from './ordinary-traffic.ts';
import type { OrdinaryRequest } from './ordinary-traffic.ts';
import type { RuleSet } from './rule-set.ts';
import { send } from './send.ts';

/** What a firewall refuses of what it is sent. */
export interface Verdict {
  /** Names of ordinary requests. */
  readonly ordinary: readonly string[];
  /** Attacks, as `942100-1`. */
  readonly attacks: ReadonlySet<string>;
}

export interface Sent {
  readonly host: string;
  readonly ordinary: readonly OrdinaryRequest[];
  readonly attacks: readonly Attack[];
}

/** Ordinary requests of the application behind a host; all of them where nothing is known of it. @param hosts by their names */
export function ordinaryOf(host: string, hosts: Readonly<Record<string, string>>): readonly OrdinaryRequest[] {
  const own = ordinaryTraffic.filter(({ to }) => hosts[to] === host);
  return own.length === 0 ? ordinaryTraffic : own;
}

/**
 * Starts the firewall as a process of this machine, blocking whatever its routes say, and sends it requests.
 * @throws InputError where it doesn't start
 */
export async function verdicts(
  settings: WafSettings,
  routes: readonly EdgeRoute[],
  ruleSet: RuleSet,
  sent: readonly Sent[],
): Promise<readonly Verdict[]> {
  const server = http.createServer((request, response) => {
    request.resume().on('end', () => response.end('from the application'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const application = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const blocking = routes.map((route): EdgeRoute => ({ ...route, mode: 'block' }));
  try {
    const waf = await WafInstance.start({
      settings: { ...settings, routes: () => blocking },
      ruleSet,
      application: () => application,
    });
    try {
      const all: Verdict[] = [];
      for (const each of sent) all.push(await verdict(waf, each));
      return all;
    } finally {
      await waf.stop();
    }
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function verdict(waf: WafInstance, { host, ordinary, attacks }: Sent): Promise<Verdict> {
  const refused: string[] = [];
  for (const request of ordinary) {
    if ((await send(waf.port, host, request)).status !== 200) refused.push(request.name);
  }
  const found = new Set<string>();
  for (const { rule, test, message } of attacks) {
    // An answer that is none was refused as well.
    if ((await statusOf(waf.port, message(host))) !== 200) found.add(`${rule}-${test}`);
  }
  return { ordinary: refused, attacks: found };
}
