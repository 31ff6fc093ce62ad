import type { ClientLimits } from '../props.ts';
import type { EdgeRoute } from '../routes.ts';

/**
 * Whether Traefik lets a client that waits have more than its limits say: it forgets who asked nothing for two seconds, or
 * for as long as one request takes to be refilled and a second more, and the burst is whole again.
 * @see https://github.com/traefik/traefik/pull/8254 (still so in 3.7.15: 5 requests each 8 seconds, where 10 a minute may be)
 */
export function isForgotten({ requests, perSeconds, burst }: ClientLimits): boolean {
  const rate = requests / perSeconds;
  return burst / rate > (rate >= 1 ? 2 : 1 + Math.floor(1 / rate));
}

/** How nginx says it: in whole requests, rounded down. */
export const perMinute = ({ requests, perSeconds }: ClientLimits): number => Math.floor((requests * 60) / perSeconds);

/** What nginx holds clients to because Traefik forgets it. Each pod counts for itself, as each Traefik does. */
export function limitsConf(limits: Readonly<Record<string, ClientLimits>>, routes: readonly EdgeRoute[]): string[] {
  const used = new Set(routes.flatMap((route) => [route.limits, ...route.limitedPaths.map((each) => each.limits)]));
  const kept = Object.entries(limits).filter(([name, each]) => used.has(name) && isForgotten(each));
  if (kept.length === 0) return [];
  return [
    '',
    // A network of 64 bits of IPv6 is one client.
    'map $binary_remote_addr $client {',
    '  default $binary_remote_addr;',
    '  "~(?s)^(.{8}).{8}$" $1;',
    '}',
    'map "$request_method $host$uri" $limits {',
    "  default '';",
    ...placesOf(routes).map(({ pattern, name }) => `  "${pattern}" ${name};`),
    '}',
    ...kept.flatMap(([name, each]) => limitLines(name, each)),
    'limit_req_status 429;',
    'limit_req_log_level notice;',
  ];
}

function limitLines(name: string, limits: ClientLimits): string[] {
  const variable = `$client_of_${name.replaceAll('-', '_')}`;
  return [
    `map $limits ${variable} {`,
    "  default '';",
    // As a pattern: the word default, which limits may be called, is nginx' own, and so are some others.
    `  "~^${name}$" $client;`,
    '}',
    `limit_req_zone ${variable} zone=${name}:2m rate=${perMinute(limits)}r/m;`,
    // The first one is no part of it here.
    `limit_req zone=${name}${limits.burst > 1 ? ` burst=${limits.burst - 1}` : ''} nodelay;`,
  ];
}

/** Which limits hold where; the first one that matches counts, as it does in Traefik's routes. */
function placesOf(routes: readonly EdgeRoute[]): readonly { readonly pattern: string; readonly name: string }[] {
  const literal = (text: string): string => text.replaceAll('.', '[.]');
  const longestFirst = (a: { readonly path: string }, b: { readonly path: string }): number =>
    b.path.length - a.path.length;
  const limited = routes.flatMap(({ host, limitedPaths }) => limitedPaths.map((each) => ({ host, ...each })));
  return [
    ...limited.sort(longestFirst).map(({ host, path, limits }) => ({
      pattern: `~*^(?!OPTIONS )\\S+ ${literal(host + path)}(?:/|$)`,
      name: limits,
    })),
    ...[...routes].sort(longestFirst).map(({ host, path, limits }) => ({
      pattern: `~^\\S+ ${literal(host + (path === '/' ? '' : path))}(?:/|$)`,
      name: limits,
    })),
  ];
}
