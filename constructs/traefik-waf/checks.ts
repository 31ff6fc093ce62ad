import net from 'node:net';
import { overlap, parseCidr } from '../core/cidr.ts';
import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { traefikWafDefaults as defaults } from './defaults.ts';
import { checkOptions, optionProblems } from '../core/option-names.ts';
import type { OptionNames, OptionParts } from '../core/option-names.ts';
import type { ClientLimits, TraefikWafProps } from './props.ts';
import type { Exclusion } from './routes.ts';
import { isForgotten, perMinute } from './waf/limits.ts';

const optionNames: OptionNames<TraefikWafProps> = {
  name: true,
  image: 'required',
  wafImage: 'required',
  kubernetesApi: 'required',
  loadBalancer: 'required',
  pods: 'required',
  hosts: 'required',
  issuer: 'required',
  wildcard: true,
  nodePorts: true,
  breakGlass: true,
  size: true,
  wafSize: true,
  limits: true,
  headers: true,
  banned: true,
  paranoiaLevel: true,
  exclusions: true,
  drainSeconds: true,
  traces: true,
};

const exclusionNames: OptionNames<Exclusion> = {
  route: 'required',
  rule: 'required',
  target: 'required',
  reason: 'required',
  until: 'required',
};

const optionParts: OptionParts<TraefikWafProps> = {
  exclusions: exclusionNames,
  nodePorts: { web: 'required', websecure: 'required', health: 'required' },
};

const limitNames: OptionNames<ClientLimits> = {
  requests: 'required',
  perSeconds: 'required',
  burst: 'required',
  inFlight: 'required',
};

/** Of which nobody in the world has an address. */
const privateNetworks = ['10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '127.0.0.0/8', '169.254.0.0/16'];
const privateNetworksOfIpv6 = ['fc00::/7', 'fe80::/10', '::1/128'];

type Rule = (props: TraefikWafProps) => readonly Omit<Finding, 'where'>[];

/** @throws InputError with every option that can't be met */
export function checkEdge(where: string, props: TraefikWafProps): void {
  checkOptions(where, props, optionNames, optionParts);
  const findings = rules.flatMap((rule) => rule(props).map((finding) => ({ where, ...finding })));
  if (findings.length > 0) throw new InputError(findings);
}

/** Whether a wildcard certificate of the domain is for the host too: it reaches one name deep. */
export function belongsTo(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !host.slice(0, -domain.length - 1).includes('.'));
}

/** The first whose aliases of trusted headers can all be refused, and whose table of them is whole. */
const oldest = [3, 7, 13] as const;

const rules: readonly Rule[] = [
  function traefikIsNewEnough({ image }) {
    const [, ...parts] = /^v?(\d+)\.(\d+)\.(\d+)/.exec(image.version) ?? [];
    const version = parts.map(Number);
    const difference = oldest.map((part, index) => (version[index] ?? -1) - part).find((each) => each !== 0) ?? 0;
    if (version.length === 3 && difference >= 0) return [];
    return [
      {
        what: `Traefik ${image.tag}`,
        allowed: `${oldest.join('.')} or newer: earlier ones hand X.Auth.User on, which is X-Auth-User to some servers`,
        remedy: 'change the tag in config/images.json',
      },
    ];
  },
  function loadBalancerIsOneAddress({ loadBalancer }) {
    if (net.isIPv4(loadBalancer)) return [];
    return [
      {
        what: `loadBalancer: ${loadBalancer}`,
        allowed: 'one address of IPv4, such as 10.10.0.2: whoever has one of a range could say that he is anybody',
        remedy: "take the load balancer's own address in the private network",
      },
    ];
  },
  function podsAreANetwork({ pods }) {
    if (parseCidr(pods)) return [];
    return [
      { what: `pods: ${pods}`, allowed: 'a network such as 10.42.0.0/16', remedy: 'take environment.networks.pods' },
    ];
  },
  function wildcardIsADomain({ wildcard = false }) {
    if (wildcard === false || /^([a-z0-9-]+\.)+[a-z][a-z0-9-]*$/.test(wildcard)) return [];
    return [
      {
        what: `wildcard: ${wildcard}`,
        allowed: 'a domain without the asterisk, such as example.com, or false',
        remedy: 'take environment.domain',
      },
    ];
  },
  function nodePortsAreApart({ nodePorts = defaults.nodePorts }) {
    const numbers = Object.values(nodePorts);
    if (new Set(numbers).size === numbers.length) return [];
    return [{ what: `nodePorts: ${numbers.join(', ')}`, allowed: 'three numbers', remedy: 'change one of them' }];
  },
  function limitsLimit({ limits = {} }) {
    const misshapen = Object.entries(limits).flatMap(([name, limit]) =>
      optionProblems(`limits: ${name}`, limit, limitNames),
    );
    if (misshapen.length > 0) return misshapen;
    return Object.entries(limits).flatMap(([name, limit]) => [
      ...(/^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/.test(name)
        ? []
        : [{ what: `limits: the name "${name}"`, allowed: 'small letters, digits and dashes', remedy: 'rename it' }]),
      ...Object.entries(limit)
        .filter(([, value]) => !Number.isInteger(value) || Number(value) < 1)
        .map(([field, value]) => ({
          what: `limits: ${name}.${field} is ${value}`,
          allowed: 'a whole number, 1 or more: to Traefik, 0 is no limit at all',
          remedy: 'write what clients may do',
        })),
      ...(limit.requests > 0 && isForgotten(limit) && perMinute(limit) < 1
        ? [
            {
              what: `limits: ${name} is less than one request a minute`,
              allowed: 'one a minute or more: nginx, which keeps what Traefik forgets, counts in these',
              remedy: 'allow more, or let the application count',
            },
          ]
        : []),
    ]);
  },
  function bannedAreNetworks({ banned = [] }) {
    const unreadable = banned.filter((text) => !parseCidr(text) && !net.isIP(text));
    const wide = banned.filter((text) => {
      const block = parseCidr(text);
      return block !== undefined && block.prefix < (block.family === 4 ? 8 : 16);
    });
    const inside = banned.filter((text) => {
      const block = parseCidr(net.isIP(text) === 0 ? text : `${text}/${net.isIPv4(text) ? 32 : 128}`);
      const networks = [...privateNetworks, ...privateNetworksOfIpv6].flatMap((network) => parseCidr(network) ?? []);
      return block !== undefined && !wide.includes(text) && networks.some((network) => overlap(network, block));
    });
    return [
      ...inside.map((text) => ({
        what: `banned: ${text}, which is private`,
        allowed:
          'addresses of the world: who attacks has no other, and the load balancer and servers of your own have these',
        remedy: 'take the address that the log of requests names as ClientHost',
      })),
      ...unreadable.map((text) => ({
        what: `banned: ${text}`,
        allowed:
          'an address such as 203.0.113.7, or a network from its first address on, such as 203.0.113.0/24 and 2001:db8::/48',
        remedy: 'correct it; any other range is the networks that it is made of',
      })),
      ...wide.map((text) => ({
        what: `banned: ${text}`,
        allowed: 'networks of /8 or smaller, /16 of IPv6: that is a part of the world',
        remedy: 'ban those who do harm',
      })),
    ];
  },
  function headersAreHeaders({ headers = {} }) {
    return Object.entries(headers)
      .filter(([name, value]) => !/^[A-Za-z][A-Za-z0-9-]*$/.test(name) || /[\r\n]/.test(String(value)))
      .map(([name]) => ({ what: `headers: ${name}`, allowed: 'a name and one line', remedy: 'correct it' }));
  },
  function policyIsOfRoutes({ headers = {} }) {
    return Object.keys(headers)
      .filter((name) => name.toLowerCase() === 'content-security-policy')
      .map((name) => ({
        what: `headers: ${name}`,
        allowed: 'contentSecurityPolicy of a route: what may run differs from one application to the other',
        remedy: 'move it there',
      }));
  },
  function paranoiaIsALevel({ paranoiaLevel = defaults.paranoiaLevel }) {
    if ([1, 2, 3, 4].includes(paranoiaLevel)) return [];
    return [{ what: `paranoiaLevel: ${paranoiaLevel}`, allowed: '1, 2, 3 or 4', remedy: 'change it' }];
  },
  function drainingIsTime({ drainSeconds = defaults.drainSeconds }) {
    if (Number.isInteger(drainSeconds) && drainSeconds >= 5 && drainSeconds <= 300) return [];
    return [
      {
        what: `drainSeconds: ${drainSeconds}`,
        allowed: 'a whole number from 5 to 300: as long as the load balancer takes to see that one is leaving',
        remedy: 'change it',
      },
    ];
  },
];
