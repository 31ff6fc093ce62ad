import { dump } from 'js-yaml';
import { authorityFile } from '../../core/authority-files.ts';
import type { TraceEndpoint } from '../../core/endpoint.ts';
import { idleSeconds } from '../defaults.ts';

/** What the settings are made of. */
export interface SettingsFacts {
  /** Whose routes are read, and nobody else's. */
  readonly namespace: string;
  /** The load balancer, such as `10.10.0.2/32`. */
  readonly loadBalancer: string;
  readonly drainSeconds: number;
  readonly traces: TraceEndpoint | false;
}

/** Where Traefik listens: numbers that need no privilege. */
export const ports = { web: 8000, websecure: 8443, traefik: 8080, metrics: 9100 } as const;

/** What its spans call it. */
export const traceService = 'traefik';

/** Where its settings lie in the pod. */
export const settingsPath = '/etc/traefik';

/** For requests that are under way when it stops taking new ones. */
export const graceSeconds = 30;

/** What is slower has failed: reading a request whole, and waiting for the first byte of an answer. */
export const requestSeconds = 60;

/** Seconds that a request may take: around what objectives ask for, and coarse where nobody waits any more. */
export const buckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

const seconds = (count: number): string => `${count}s`;

/**
 * What Traefik reads once, at its start; routes come from the Kubernetes API. Plugins, other providers, the dashboard and the
 * question for new versions are off because nothing switches them on.
 * @see https://doc.traefik.io/traefik/v3.7/reference/install-configuration/configuration-options/
 */
export function settings(facts: SettingsFacts): string {
  return dump(
    {
      global: { checkNewVersion: false, sendAnonymousUsage: false },
      log: { level: 'INFO', format: 'json' },
      accessLog,
      entryPoints: entryPoints(facts),
      ping: { entryPoint: 'traefik', terminatingStatusCode: 503 },
      metrics: {
        prometheus: {
          entryPoint: 'metrics',
          buckets,
          addEntryPointsLabels: true,
          addRoutersLabels: true,
          // All routes lead to one service, the firewall.
          addServicesLabels: false,
        },
      },
      ...(facts.traces ? { tracing: tracing(facts.namespace, facts.traces) } : {}),
      providers: {
        kubernetesCRD: {
          namespaces: [facts.namespace],
          allowCrossNamespace: false,
          allowExternalNameServices: false,
          // Without a pod behind it, a route is still one: the answer is that there is no server, not that there is no page.
          allowEmptyServices: true,
          crossProviderNamespaces: [facts.namespace],
          defaultTLSResourcesNamespace: facts.namespace,
          // No rights in the whole cluster.
          disableClusterScopeResources: true,
          safeNaming: true,
        },
      },
    },
    { lineWidth: -1 },
  );
}

/** Query strings and headers carry tokens and what people type: neither is written down, but for two. */
const accessLog = {
  format: 'json',
  fields: {
    defaultMode: 'keep',
    // Of the proxy's own password, where a URL has one.
    names: { ClientUsername: 'drop' },
    queryParameters: { defaultMode: 'drop' },
    headers: { defaultMode: 'drop', names: { 'User-Agent': 'keep', 'X-Request-Id': 'keep' } },
  },
};

/**
 * A trace begins here, or is the client's own. Query strings are left out as they are of the log: Traefik's default.
 * @see https://doc.traefik.io/traefik/v3.7/reference/install-configuration/observability/tracing/
 */
function tracing(namespace: string, { url, sharePercent = 100, authority }: TraceEndpoint) {
  return {
    serviceName: traceService,
    resourceAttributes: { 'service.namespace': namespace },
    sampleRate: sharePercent / 100,
    otlp: {
      http: { endpoint: `${url}/v1/traces`, ...(authority ? { tls: { ca: authorityFile(authority) } } : {}) },
    },
  };
}

function entryPoints({ loadBalancer, drainSeconds }: SettingsFacts) {
  /** An alias such as `X.Auth.User` or `X_Auth_User` is `X-Auth-User` to some server behind; Traefik's default keeps them. */
  const common = { http: { aliasHeadersStrategy: 'reject', encodedCharacters: noEncodedCharacters } };
  const inward = (port: number) => ({ address: `:${port}`, ...common });
  const outward = {
    // The load balancer's word for the client's address. Its X-Forwarded-For is nobody's: it passes on what clients send.
    proxyProtocol: { trustedIPs: [loadBalancer] },
    http2: { maxConcurrentStreams: 100 },
    transport: {
      lifeCycle: { requestAcceptGraceTimeout: seconds(drainSeconds), graceTimeOut: seconds(graceSeconds) },
      // Whoever sends slowly is done after as long. Answers may take their time: events are sent for hours.
      respondingTimeouts: {
        readTimeout: seconds(requestSeconds),
        writeTimeout: '0s',
        idleTimeout: seconds(idleSeconds),
      },
    },
  };
  // Room for a ticket of Kerberos, which is a header of up to 16 KiB here.
  const maxHeaderBytes = 32_768;
  return {
    web: {
      address: `:${ports.web}`,
      ...outward,
      http: {
        ...common.http,
        maxHeaderBytes,
        redirections: { entryPoint: { to: ':443', scheme: 'https', permanent: true } },
      },
    },
    websecure: {
      address: `:${ports.websecure}`,
      asDefault: true,
      ...outward,
      http: { ...common.http, maxHeaderBytes, tls: {} },
    },
    // The load balancer asks here whether Traefik takes requests; it may say whom it asks for.
    traefik: { ...inward(ports.traefik), proxyProtocol: outward.proxyProtocol, transport: outward.transport },
    metrics: inward(ports.metrics),
  };
}

/** What is another path to the server behind than to the rules in front of it. All are let through by default. */
const noEncodedCharacters = {
  allowEncodedSlash: false,
  allowEncodedBackSlash: false,
  allowEncodedNullCharacter: false,
  allowEncodedSemicolon: false,
  allowEncodedPercent: false,
  allowEncodedQuestionMark: false,
  allowEncodedHash: false,
};
