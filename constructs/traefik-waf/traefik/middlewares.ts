import type { IMiddleware } from '@kubernetes-models/traefik/traefik.io/v1alpha1/Middleware';
import type { Construct } from 'constructs';
import { kubeObject } from '../../core/kube-object.ts';
import type { ClientLimits } from '../props.ts';
import type { EdgeRoute } from '../routes.ts';
import { answerHeaders, removedFromAnswers, removedFromRequests } from './headers.ts';

const apiVersion = 'traefik.io/v1alpha1';

type Spec = NonNullable<IMiddleware['spec']>;

/** A client: an address, or what a subscriber of IPv6 has at the least. */
const sourceCriterion = { ipStrategy: { ipv6Subnet: 64 } };

export interface MiddlewareFacts {
  readonly limits: Readonly<Record<string, ClientLimits>>;
  /** Headers of every answer, beside or instead of ours; `false` for none. */
  readonly headers: Readonly<Record<string, string | false>>;
}

/** What every route shares. */
export function sharedMiddlewares(construct: Construct, { limits, headers }: MiddlewareFacts): void {
  const add = (name: string, spec: Spec): void => middleware(construct, name, spec);
  add('headers', {
    headers: { customRequestHeaders: emptied(removedFromRequests), customResponseHeaders: answered(headers) },
  });
  // For what leads to no application: its answers load and run nothing.
  add(ownPolicy, {
    headers: { customResponseHeaders: { 'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'" } },
  });
  // No address is that one: whoever comes is refused.
  const nobody = ['255.255.255.255/32'];
  add('banned', { ipAllowList: { sourceRange: nobody, rejectStatusCode: 403 } });
  add('not-found', { ipAllowList: { sourceRange: nobody, rejectStatusCode: 404 } });
  for (const [name, { requests, perSeconds, burst, inFlight }] of Object.entries(limits)) {
    add(`limits-${name}-rate`, {
      rateLimit: { average: requests, period: `${perSeconds}s`, burst, sourceCriterion },
    });
    add(`limits-${name}-in-flight`, { inFlightReq: { amount: inFlight, sourceCriterion } });
  }
  // Pods that are gone are still led to for a second or two. What was sent to one of the firewall is not sent again; where an
  // application was gone, which the firewall says by 502, or by 504 after two seconds, what may be asked twice is. Not what
  // took long: it was slow for its own reasons.
  const status = ['502', '504'];
  add('retry', {
    retry: { attempts: 5, initialInterval: '250ms', status, timeout: '10s', maxRequestBodyBytes: 65_536 },
  });
  add('compress', { compress: { excludedContentTypes: ['text/event-stream'] } });
}

/** What a route has for itself: its policy, where it is not the application's. */
export function routeMiddlewares(construct: Construct, route: EdgeRoute): void {
  if (route.contentSecurityPolicy === 'application') return;
  const customResponseHeaders = { 'Content-Security-Policy': route.contentSecurityPolicy };
  middleware(construct, policyOf(route), { headers: { customResponseHeaders } });
}

/** In the order in which requests pass them; answers pass them backwards, so what is first is on those of all others too. */
export function chain(route: EdgeRoute, limits: string): string[] {
  return [
    'headers',
    ...(route.contentSecurityPolicy === 'application' ? [] : [policyOf(route)]),
    `limits-${limits}-rate`,
    `limits-${limits}-in-flight`,
    'retry',
    'compress',
  ];
}

/** Of answers that Traefik gives in the place of any application. */
export const ownPolicy = 'own.policy';

const policyOf = ({ name }: EdgeRoute): string => `${name}.policy`;

function middleware(construct: Construct, name: string, spec: Spec): void {
  const manifest: IMiddleware = { apiVersion, kind: 'Middleware', metadata: { name }, spec };
  kubeObject(construct, `middleware-${name}`, manifest);
}

/** To Traefik, an empty header is one to take away. */
const emptied = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, '']));

function answered(changed: Readonly<Record<string, string | false>>): Record<string, string> {
  const all: Record<string, string | false> = { ...emptied(removedFromAnswers), ...answerHeaders, ...changed };
  return Object.fromEntries(Object.entries(all).flatMap(([name, value]) => (value === false ? [] : [[name, value]])));
}
