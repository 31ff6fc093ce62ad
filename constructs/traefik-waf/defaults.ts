import { Size } from 'cdk8s';
import { Cpu } from '../core/cpu.ts';

/** What the tests and the documentation take for the defaults. */
export const traefikWafDefaults = {
  size: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(192) },
  wafSize: { cpuRequest: Cpu.millicores(50), memory: Size.mebibytes(256) },
  nodePorts: { web: 30080, websecure: 30443, health: 30081 },
  paranoiaLevel: 2,
  drainSeconds: 20,
} as const;

/** Of whatever comes in, and of each route that says nothing else. */
export const usualObjectives = { availability: 99.9, latency: { percent: 99, seconds: 1 } } as const;

export const routeDefaults = {
  path: '/',
  limits: 'default',
  mode: 'block',
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'],
  contentTypes: ['application/x-www-form-urlencoded', 'multipart/form-data', 'application/json', 'text/plain'],
  bodyLimit: Size.mebibytes(10),
  fieldsLimit: Size.kibibytes(128),
  jsonDepth: 32,
  objectives: usualObjectives,
} as const;

export const usualContentSecurityPolicy =
  "default-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'; object-src 'none'";

/**
 * What each client is held to. Both Traefiks count for themselves: a client that is led to both has up to twice as much. A
 * burst is what may come at once; one that takes longer to come back than Traefik remembers is counted by the firewall.
 */
export const usualLimits = {
  default: { requests: 100, perSeconds: 1, burst: 200, inFlight: 100 },
  api: { requests: 50, perSeconds: 1, burst: 100, inFlight: 50 },
  auth: { requests: 10, perSeconds: 60, burst: 5, inFlight: 5 },
} as const;

/** Kept open while nothing is asked: shorter than servers behind keep theirs, or a request meets one that is just closed. */
export const idleSeconds = 60;
