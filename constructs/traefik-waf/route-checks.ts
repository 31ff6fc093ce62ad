import { InputError } from '../core/error.ts';
import type { Finding } from '../core/error.ts';
import { checkOptions } from '../core/option-names.ts';
import type { OptionNames, OptionParts } from '../core/option-names.ts';
import type { HttpEndpoint } from '../core/endpoint.ts';
import { allowsInlineScripts, policyProblems } from './content-security-policy.ts';
import { latencySeconds } from './objectives.ts';
import type { RouteObjectives, RouteProps } from './props.ts';
import type { EdgeRoute, WeightedEndpoint } from './routes.ts';

/** What a route is checked against. */
interface Neighbours {
  readonly routes: readonly EdgeRoute[];
  /** Names of the limits there are. */
  readonly limits: readonly string[];
}

const optionNames: OptionNames<RouteProps> = {
  to: 'required',
  path: true,
  limits: true,
  limitedPaths: true,
  mode: true,
  methods: true,
  contentTypes: true,
  bodyLimit: 'size',
  fieldsLimit: 'size',
  jsonDepth: true,
  staticPaths: true,
  contentSecurityPolicy: true,
  inlineScriptsBecause: true,
  objectives: true,
};

const latencyNames: OptionNames<RouteObjectives['latency']> = { percent: 'required', seconds: 'required' };

const objectiveNames: OptionNames<RouteObjectives> = { availability: 'required', latency: 'required' };

const optionParts: OptionParts<RouteProps> = { limitedPaths: { path: 'required', limits: 'required' } };

type Rule = (
  route: EdgeRoute,
  props: RouteProps,
  neighbours: Neighbours,
) => readonly (Omit<Finding, 'where' | 'remedy'> & { readonly remedy?: string })[];

/** @throws InputError with everything that is wrong with a route */
export function checkRoute(edge: string, route: EdgeRoute, props: RouteProps, neighbours: Neighbours): void {
  const { host, path } = route;
  const where = `${edge}: route ${host || '""'}${path === '/' ? '' : path}`;
  checkOptions(where, props, optionNames, optionParts);
  if (props.objectives)
    checkOptions(`${where}: objectives`, props.objectives, objectiveNames, { latency: latencyNames });
  const findings = rules.flatMap((rule) => rule(route, props, neighbours));
  if (findings.length === 0) return;
  throw new InputError(findings.map((finding) => ({ where, remedy: 'change the option', ...finding })));
}

const isPath = (path: string): boolean => /^(\/[\w.~-]+)+$/.test(path);
const isBelow = (path: string, parent: string): boolean =>
  parent === '/' || path === parent || path.startsWith(`${parent}/`);

const pathRule = 'a slash and names of letters, digits and ._~-, such as /shop or /api/v1, with no slash at the end';

const rules: readonly Rule[] = [
  function hostIsAName({ host }) {
    if (/^(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])$/.test(host)) return [];
    return [
      {
        what: host === '' ? 'it has no host' : `its host is "${host}"`,
        allowed: "a host in small letters, such as api.example.com: environment.host('backend')",
        remedy: 'name the host that it is for',
      },
    ];
  },
  function pathIsOne({ path }) {
    return path === '/' || isPath(path) ? [] : [{ what: `path: ${path}`, allowed: `/, or ${pathRule}` }];
  },
  function nobodyHasIt({ host, path }, _, { routes }) {
    if (!routes.some((other) => other.host === host && other.path.toLowerCase() === path.toLowerCase())) return [];
    return [
      {
        what: 'another route has the same host and path: which of the two answers?',
        allowed: 'a host once, or several routes of it with different paths',
        remedy: 'give one of them a path, or remove it',
      },
    ];
  },
  function leadsToHttp({ to }) {
    const wrong = to.filter(({ endpoint }) => !isHttp(endpoint));
    return [
      ...(to.length === 0 ? [{ what: 'it leads nowhere', allowed: 'an endpoint, such as frontend.http' }] : []),
      ...wrong.map(({ endpoint }) => ({
        what: `it leads to ${(endpoint as HttpEndpoint | undefined)?.name ?? 'nothing'}, which has no URL that pods of this platform answer`,
        allowed:
          'an HttpEndpoint with a URL such as http://backend.shop.svc.cluster.local:3000: frontend.http, backend.http',
        remedy: 'name the endpoint of a workload that speaks HTTP',
      })),
    ];
  },
  function sharesAreWhole({ to }) {
    const sum = to.reduce((total, { weight }) => total + weight, 0);
    const whole = to.every(({ weight }) => Number.isInteger(weight) && weight >= 0 && weight <= 100);
    if (to.length === 0 || (whole && sum === 100)) return [];
    const shares = to.map(({ weight }: WeightedEndpoint) => weight).join(', ');
    return [{ what: `shares of ${shares}`, allowed: 'whole numbers from 0 to 100 that are 100 together' }];
  },
  function limitsAreThere({ limits, limitedPaths }, _, neighbours) {
    return [limits, ...limitedPaths.map((each) => each.limits)]
      .filter((name) => !neighbours.limits.includes(name))
      .map((name) => ({ what: `limits: ${name}`, allowed: neighbours.limits.join(', ') }));
  },
  function limitedPathsAreItsOwn({ path, limitedPaths }) {
    return limitedPaths.flatMap((each, index) => {
      const what = `limitedPaths: ${each.path}`;
      const twice = limitedPaths.findIndex((other) => other.path.toLowerCase() === each.path.toLowerCase()) < index;
      if (twice) return [{ what, allowed: 'each path once' }];
      if (isPath(each.path) && isBelow(each.path, path) && each.path !== path) return [];
      return [{ what, allowed: `a path below ${path}: ${pathRule}` }];
    });
  },
  function modeIsOne({ mode }) {
    return ['detect', 'block'].includes(mode) ? [] : [{ what: `mode: ${mode}`, allowed: 'detect or block' }];
  },
  function methodsAreKnown({ methods }) {
    const known = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];
    const wrong = methods.filter((method, index) => !known.includes(method) || methods.indexOf(method) < index);
    if (methods.length > 0 && wrong.length === 0) return [];
    return [{ what: `methods: ${methods.join(', ') || 'none'}`, allowed: `${known.join(', ')}, each once` }];
  },
  function typesAreTypes({ contentTypes }) {
    return contentTypes
      .filter((type) => !/^[a-z]+\/[a-z0-9][a-z0-9.+-]*$/.test(type))
      .map((type) => ({
        what: `contentTypes: ${type}`,
        allowed: 'types without parameters, such as application/json',
      }));
  },
  function bodiesHaveALimit({ bodyLimit, fieldsLimit, jsonDepth }) {
    const bytes = bodyLimit.toKibibytes() * 1024;
    const fields = fieldsLimit.toKibibytes() * 1024;
    return [
      ...(fields > 0 && fields <= 2 ** 20
        ? []
        : [{ what: `fieldsLimit: ${fields} bytes`, allowed: '1 KiB to 1 MiB, which takes a second of a processor' }]),
      ...(bytes > 0 && bytes <= 2 ** 30 ? [] : [{ what: `bodyLimit: ${bytes} bytes`, allowed: '1 KiB to 1 GiB' }]),
      ...(Number.isInteger(jsonDepth) && jsonDepth >= 1 && jsonDepth <= 512
        ? []
        : [{ what: `jsonDepth: ${jsonDepth}`, allowed: 'a whole number from 1 to 512' }]),
    ];
  },
  function staticPathsAreBeginnings({ staticPaths, path }) {
    return staticPaths
      .filter((each) => !isPath(each.replace(/\/$/, '')) || !isBelow(each.replace(/\/$/, ''), path))
      .map((each) => ({
        what: `staticPaths: ${each}`,
        allowed: `beginnings of paths below ${path}, such as /static/`,
      }));
  },
  function latencyIsCounted({ objectives }) {
    if (!objectives || latencySeconds.includes(objectives.latency.seconds)) return [];
    return [
      {
        what: `objectives.latency.seconds: ${objectives.latency.seconds}`,
        allowed: `${latencySeconds.join(', ')}, where Traefik counts`,
      },
    ];
  },
  function policyIsOne({ contentSecurityPolicy: policy }) {
    return policy === 'application' ? [] : policyProblems(policy);
  },
  function scriptsHaveANonce({ contentSecurityPolicy: policy }, { inlineScriptsBecause }) {
    const allows = policy !== 'application' && policyProblems(policy).length === 0 && allowsInlineScripts(policy);
    if (allows && (inlineScriptsBecause ?? '').length < 10) {
      return [
        {
          what: `contentSecurityPolicy lets pages run any inline script: ${policy}`,
          allowed:
            "script-src or default-src without 'unsafe-inline', with a nonce where scripts are inline, or a reason",
          remedy: "let the application send its own with a nonce ('application'), or say why in inlineScriptsBecause",
        },
      ];
    }
    if (allows || inlineScriptsBecause === undefined) return [];
    return [
      {
        what: 'inlineScriptsBecause, and its policy lets none run',
        allowed: 'a reason where the policy needs one',
        remedy: 'remove inlineScriptsBecause',
      },
    ];
  },
];

/** Of pods: what is outside has a way of its own to be reached. */
function isHttp(endpoint: HttpEndpoint | undefined): boolean {
  const { url = '', targets = [] } = endpoint ?? {};
  return /^http:\/\/[a-z0-9.-]+(:\d+)?$/.test(url) && targets.some(({ peer }) => 'selector' in peer);
}
