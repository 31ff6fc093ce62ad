import { usualContentSecurityPolicy } from '../defaults.ts';
import type { EdgeRoute, WeightedEndpoint } from '../routes.ts';
import type { WafSettings } from './index.ts';
import { limitsConf } from './limits.ts';
import { configurationPath, ports } from './paths.ts';

/** Of the file with a route's rules. */
export function rulesFile({ name }: EdgeRoute): string {
  return `route-${name}.conf`;
}

/** The servers of nginx: one for each host, with a place for each of its routes. */
export function routesConf({
  pods,
  idleSeconds,
  limits,
  routes,
}: Pick<WafSettings, 'pods' | 'idleSeconds' | 'limits'> & { readonly routes: readonly EdgeRoute[] }): string {
  const hosts = [...new Set(routes.map(({ host }) => host))].sort();
  const numbered = routes.map((route, index) => ({ route, variable: `$to_${index}` }));
  return [
    `set_real_ip_from ${pods};`,
    // Traefik ends what is idle: of two that end it, one would send a request to nobody.
    `keepalive_timeout ${idleSeconds + 30}s;`,
    '',
    'map $upstream_http_content_security_policy $missing_policy {',
    `  '' "${usualContentSecurityPolicy}";`,
    "  default '';",
    '}',
    ...limitsConf(limits, routes),
    ...numbered.flatMap(split),
    ...hosts.flatMap((host) => [
      '',
      'server {',
      `  listen ${ports.web};`,
      `  server_name ${host};`,
      ...numbered.filter(({ route }) => route.host === host).flatMap(locations),
      ...(routes.some((route) => route.host === host && route.path === '/')
        ? []
        : location('/', ['modsecurity off;', 'return 404;'])),
      '}',
    ]),
    '',
  ].join('\n');
}

/** A route, and the variable that says where a request of it goes. */
interface Numbered {
  readonly route: EdgeRoute;
  readonly variable: string;
}

/** A client stays with whom it was led to: a page and its files are of one release. */
function split({ route, variable }: Numbered): string[] {
  if (route.to.length === 1) return [];
  const [first, ...others] = [...route.to].sort((a, b) => b.weight - a.weight);
  return [
    '',
    `split_clients "$remote_addr$http_user_agent" ${variable} {`,
    ...others.filter(({ weight }) => weight > 0).map((to) => `  ${to.weight}% ${url(to)};`),
    `  * ${url(first)};`,
    '}',
  ];
}

function locations({ route, variable }: Numbered): string[] {
  const { path, staticPaths, bodyLimit, contentSecurityPolicy } = route;
  // By a variable: its name is looked up when it is asked for, and one that leads nowhere yet stops nobody else.
  const goes = [
    ...(route.to.length === 1 ? [`set ${variable} ${url(route.to[0])};`] : []),
    `proxy_pass ${variable};`,
    'include proxy.conf;',
    ...(contentSecurityPolicy === 'application' ? ['add_header Content-Security-Policy $missing_policy always;'] : []),
  ];
  const looked = [
    `client_max_body_size ${bodyLimit.toKibibytes()}k;`,
    `modsecurity_rules_file ${configurationPath}/${rulesFile(route)};`,
    `modsecurity_transaction_id "${route.host}|${route.name}|$request_id";`,
    ...goes,
  ];
  return [
    ...(path === '/' ? location('/', looked) : [...location(`= ${path}`, looked), ...location(`^~ ${path}/`, looked)]),
    ...staticPaths.flatMap((beginning) => location(`^~ ${beginning}`, ['include static.conf;', ...goes])),
  ];
}

function location(what: string, lines: readonly string[]): string[] {
  return ['', `  location ${what} {`, ...lines.map((line) => `    ${line}`), '  }'];
}

function url(to: WeightedEndpoint | undefined): string {
  return to?.endpoint.url ?? '';
}
