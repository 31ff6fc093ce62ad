import type { Size } from 'cdk8s';
import type { HttpEndpoint } from '../core/endpoint.ts';
import { derivedLabel } from '../core/names.ts';
import { routeDefaults as defaults, usualContentSecurityPolicy } from './defaults.ts';
import type { RouteObjectives, RouteProps } from './props.ts';

/** What the firewall does with a request that its rules count against: let it pass and say so, or answer 403. */
export type Mode = 'detect' | 'block';

/** A part of a route's requests, for releases beside each other. */
export interface WeightedEndpoint {
  readonly endpoint: HttpEndpoint;
  /** Percent of the clients; those of a route are 100 together. */
  readonly weight: number;
}

/** A rule that some field of a route's requests is not asked by. */
export interface Exclusion {
  /** The host of the route, such as `api.example.com`. */
  readonly route: string;
  /** Number of the rule, such as 942100, or a group of rules, such as `attack-sqli`, for a field that is code by nature. */
  readonly rule: number | string;
  /** What is not asked, such as `ARGS:comment`, `REQUEST_COOKIES:/^ph_/`; `false` for the whole rule. */
  readonly target: string | false;
  /** One sentence: why it was wrong. */
  readonly reason: string;
  /** The day, such as `2027-03-01`, from which on it is looked at anew. */
  readonly until: string;
}

/** A host, or a part of its paths, and all that holds there: every option with its value. */
export interface EdgeRoute {
  /** Of its objects and in logs, such as `api.example.com`: letters, digits, dashes and dots, and each route its own. */
  readonly name: string;
  /** Such as `api.example.com`, in small letters. */
  readonly host: string;
  /** With a slash at the beginning and none at the end, such as `/shop`; `/` for all that no longer one has. */
  readonly path: string;
  readonly to: readonly WeightedEndpoint[];
  /** Name of the limits that Traefik holds clients to. */
  readonly limits: string;
  /** Paths with limits of their own, such as that of a login, whatever letters they are written in. */
  readonly limitedPaths: readonly { readonly path: string; readonly limits: string }[];
  readonly mode: Mode;
  readonly methods: readonly string[];
  /** Of bodies, without parameters, such as `application/json`. */
  readonly contentTypes: readonly string[];
  readonly bodyLimit: Size;
  /** Of bodies that are no upload: each KiB of fields takes the firewall a millisecond. */
  readonly fieldsLimit: Size;
  /** Levels of a JSON body. */
  readonly jsonDepth: number;
  /** Beginnings of paths of files: GET and HEAD alone, without rules, and without what a rule would look at. */
  readonly staticPaths: readonly string[];
  /** Traefik sets it on every answer; `application` for the application's own, and the firewall sets the default on others. */
  readonly contentSecurityPolicy: string;
  readonly exclusions: readonly Exclusion[];
  readonly objectives: RouteObjectives | false;
}

/** What was given, and the defaults of what wasn't. */
export function edgeRoute(host: string, props: RouteProps, exclusions: readonly Exclusion[]): EdgeRoute {
  const { to, ...given } = props;
  const path = given.path ?? defaults.path;
  return {
    ...defaults,
    limitedPaths: [],
    staticPaths: [],
    contentSecurityPolicy: usualContentSecurityPolicy,
    ...given,
    path,
    name: path === '/' ? host : `${host}.${derivedLabel('path', path)}`,
    host,
    to: isSplit(to) ? to : [{ endpoint: to, weight: 100 }],
    exclusions: exclusions.filter(({ route }) => route === host),
  };
}

/** What is neither is one endpoint to the checks, which say what is wrong with it. */
function isSplit(to: RouteProps['to']): to is readonly WeightedEndpoint[] {
  return Array.isArray(to);
}
