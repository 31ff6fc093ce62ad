import type { ObjectiveProps } from '../core/objective.ts';
import { usualObjectives } from './defaults.ts';
import type { RouteObjectives } from './props.ts';
import type { EdgeRoute } from './routes.ts';
import { buckets } from './traefik/settings.ts';

export interface Measured {
  /** Whose they are: the edge, or the name of a route. */
  readonly service: string;
  /** Of Traefik's numbers: `entrypoint`, or `router`. */
  readonly counted: 'entrypoint' | 'router';
  /** Labels that select the requests. */
  readonly labels: string;
  /** What it is to users. */
  readonly forUsers?: string;
}

/** Seconds that a latency can be asked for: where Traefik counts. */
export const latencySeconds = buckets;

/** Of all that comes in by HTTPS. */
export function edgeObjectives(name: string, namespace: string): readonly ObjectiveProps[] {
  const labels = `namespace="${namespace}",entrypoint="websecure"`;
  return objectivesOf({ service: name, counted: 'entrypoint', labels }, usualObjectives, 'Edge');
}

/** Of what one route answers. Traefik calls its routers by the namespace, the object and their place in it. */
export function routeObjectives(
  { name, host, path }: Pick<EdgeRoute, 'name' | 'host' | 'path'>,
  namespace: string,
  objectives: RouteObjectives,
): readonly ObjectiveProps[] {
  const router = `${namespace}_${name.replaceAll('.', '\\\\.')}_[0-9]+@kubernetescrd`;
  const labels = `namespace="${namespace}",router=~"${router}"`;
  const forUsers = path === '/' ? host : `${host}${path}`;
  return objectivesOf({ service: name, counted: 'router', labels, forUsers }, objectives, 'Route');
}

function objectivesOf(
  { service, counted, labels, forUsers }: Measured,
  { availability, latency }: RouteObjectives,
  kind: string,
): readonly ObjectiveProps[] {
  const count = (what: string, more = ''): string =>
    `sum(increase(traefik_${counted}_${what}{${labels}${more}}[{{.window}}]))`;
  const answers = 'requests_total';
  const durations = 'request_duration_seconds';
  // Of a connection that became another one, the time says how long it was used.
  const ofAnswers = ',code!="101"';
  const runbook = 'objective-requests';
  const users = forUsers === undefined ? {} : { forUsers };
  return [
    {
      service,
      name: 'availability',
      percent: availability,
      description: `Of the requests to ${service}, those that are not answered with an error of the server.`,
      // There is no series of errors before the first one.
      bad: `${count(answers, ',code=~"5.."')} or vector(0)`,
      all: count(answers),
      alert: `${kind}AvailabilityBurns`,
      runbook,
      ...users,
    },
    {
      service,
      name: 'latency',
      percent: latency.percent,
      description: `Of the requests to ${service}, those that are answered within ${latency.seconds} s.`,
      bad: `${count(`${durations}_count`, ofAnswers)} - ${count(`${durations}_bucket`, `${ofAnswers},le=~"${bound(latency.seconds)}"`)}`,
      all: count(`${durations}_count`, ofAnswers),
      alert: `${kind}LatencyBurns`,
      runbook,
      ...users,
    },
  ];
}

/** Prometheus 3 writes a whole number as `1.0`, older ones as it is told. */
function bound(seconds: number): string {
  return Number.isInteger(seconds) ? `${seconds}(\\\\.0)?` : String(seconds).replace('.', '\\\\.');
}
