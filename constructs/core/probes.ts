import type { IProbe } from 'kubernetes-models/v1/Probe';
import type { Finding } from './error.ts';

/** How a container is asked: by HTTP, whether a port takes a connection, or by a program in it that ends with 0. */
export type Question =
  | {
      /** Name of one of the container's ports. */
      readonly port: string;
      /**
       * Asked for by HTTP.
       * @default none: whether the port takes a connection
       */
      readonly path?: string;
    }
  | { readonly command: readonly string[] };

export interface Rhythm {
  readonly periodSeconds: number;
  readonly timeoutSeconds: number;
  readonly failureThreshold: number;
}

/** A question the kubelet asks a container. */
export type Probe = Question & Rhythm;

export interface Probes {
  /** May the other two start asking? Its period times its threshold is the longest start allowed. */
  readonly startup: Probe;
  /** May it get traffic? */
  readonly readiness: Probe;
  /** Is it beyond repair? Asks nothing of its dependencies, or their outage would restart it. */
  readonly liveness: Probe;
}

/** How often each is asked, where it differs from the defaults. */
export interface Rhythms {
  /** @default every 2 seconds, or 5 where a program asks, within 3, for a minute */
  readonly startup?: Partial<Omit<Rhythm, 'failureThreshold'>> & {
    /** The longest start allowed, in seconds. */
    readonly withinSeconds?: number;
  };
  /** @default every 10 seconds, within 3, three times */
  readonly readiness?: Partial<Rhythm>;
  /** @default every 10 seconds, within 3, six times */
  readonly liveness?: Partial<Rhythm>;
}

export const usualRhythms = {
  startup: { periodSeconds: 2, timeoutSeconds: 3, withinSeconds: 60 },
  readiness: { periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 3 },
  liveness: { periodSeconds: 10, timeoutSeconds: 3, failureThreshold: 6 },
} as const;

/** Paths of a port, asked for by HTTP: `live` starts and restarts the container, `ready` gives it traffic. */
export function httpProbes(
  port: string,
  { live, ready = live }: { readonly live: string; readonly ready?: string },
  rhythms: Rhythms = {},
): Probes {
  return probes({ port, path: live }, { port, path: ready }, rhythms);
}

/** Whether a port takes a connection. */
export function tcpProbes(port: string, rhythms: Rhythms = {}): Probes {
  return probes({ port }, { port }, rhythms);
}

/**
 * Programs in the container. Each time the runtime starts a process beside it, which costs more CPU than the answer, and
 * most where it is short: while everything starts. So they are asked less often.
 */
export function execProbes(
  { live, ready = live }: { readonly live: readonly string[]; readonly ready?: readonly string[] },
  rhythms: Rhythms = {},
): Probes {
  const startup = { periodSeconds: 5, ...rhythms.startup };
  return probes({ command: live }, { command: ready }, { ...rhythms, startup });
}

function probes(live: Question, ready: Question, { startup, readiness, liveness }: Rhythms): Probes {
  const { withinSeconds, ...start } = { ...usualRhythms.startup, ...startup };
  return {
    startup: { ...live, ...start, failureThreshold: Math.ceil(withinSeconds / start.periodSeconds) },
    readiness: { ...ready, ...usualRhythms.readiness, ...readiness },
    liveness: { ...live, ...usualRhythms.liveness, ...liveness },
  };
}

/** The fields of a container. */
export function probeFields(probes: Probes | 'none') {
  if (probes === 'none') return {};
  return {
    startupProbe: probeSpec(probes.startup),
    readinessProbe: probeSpec(probes.readiness),
    livenessProbe: probeSpec(probes.liveness),
  };
}

function probeSpec(probe: Probe): IProbe {
  const { periodSeconds, timeoutSeconds, failureThreshold } = probe;
  return { ...questionSpec(probe), periodSeconds, timeoutSeconds, failureThreshold };
}

function questionSpec(question: Question): Pick<IProbe, 'exec' | 'httpGet' | 'tcpSocket'> {
  if ('command' in question) return { exec: { command: [...question.command] } };
  const { port, path } = question;
  return path === undefined ? { tcpSocket: { port } } : { httpGet: { path, port } };
}

/** A probe that can't be asked keeps a pod from ever being ready. `ports` are the names of those there are. */
export function probeFindings(where: string, probes: Probes | 'none', ports: readonly string[]): Finding[] {
  if (probes === 'none') return [];
  return Object.entries(probes as unknown as Readonly<Record<string, Probe>>).flatMap(([kind, probe]) => {
    const finding = (what: string, allowed: string): Finding => ({
      where: where.replace('probe', `${kind} probe`),
      what,
      allowed,
      remedy: 'change the probe',
    });
    return [
      ...('port' in probe && !ports.includes(probe.port)
        ? [finding(`it asks the port "${probe.port}"`, ports.join(', ') || 'none: it has no ports')]
        : []),
      ...('command' in probe && probe.command.length === 0
        ? [finding('its command is empty', 'a program of the container, with its arguments')]
        : []),
      ...[probe.periodSeconds, probe.timeoutSeconds, probe.failureThreshold]
        .filter((value) => !Number.isInteger(value) || value < 1)
        .map((value) => finding(`got ${value}`, 'whole numbers, 1 or more')),
    ];
  });
}
