import { Size } from 'cdk8s';
import type { ContainerProps } from '../core/container.ts';
import { serviceHost } from '../core/endpoint.ts';
import type { PodVolume } from '../core/pod-volume.ts';
import type { Life } from '../stateful/index.ts';
import type { Exporter } from './exporter.ts';
import { dataPath, ports, runPath, tlsPath } from './paths.ts';
import type { Passwords } from './users.ts';

/** What members and Sentinels have in common. */
export interface Parts {
  readonly life: Life;
  readonly passwords: Passwords;
  /** The certificate that all of them share; undefined without TLS. */
  readonly certificate: PodVolume | undefined;
  /** Undefined where there is none. */
  readonly exporter: Exporter | undefined;
  /** How many Sentinels there are. */
  readonly sentinels: number;
}

export const serviceNames = (scope: string) => ({
  /** Leads to the primary, by the proxy. */
  primary: `${scope}-primary`,
  proxy: `${scope}-proxy`,
  members: `${scope}-members`,
  sentinel: `${scope}-sentinel`,
  sentinels: `${scope}-sentinels`,
});

type Named = Pick<Life, 'scope' | 'namespace'>;

/** The host of each member, whose address stays when its pod is made anew. */
export function membersOf({ scope, namespace }: Named): string[] {
  return [0, 1].map((index) => serviceHost(`${scope}-${index}`, namespace));
}

/** The host of each Sentinel. */
export function sentinelsOf({ scope, namespace }: Named, sentinels: number): string[] {
  const name = serviceNames(scope).sentinel;
  return Array.from({ length: sentinels }, (_, index) => serviceHost(`${name}-${index}`, namespace));
}

/** Names that the certificate is for. Clients that are told addresses by Sentinels ask for the first. */
export function hostsOf(life: Named, sentinels: number): string[] {
  const { primary } = serviceNames(life.scope);
  return [serviceHost(primary, life.namespace), ...membersOf(life), ...sentinelsOf(life, sentinels)];
}

/** Where the programs of a pod write, and the certificate they read. */
export function places({ certificate }: Parts): Pick<ContainerProps, 'mounts' | 'writableDirectories'> {
  return {
    mounts: [
      { volume: 'data', path: dataPath },
      { volume: 'run', path: runPath },
      ...(certificate ? [{ volume: 'tls', path: tlsPath, readOnly: true }] : []),
    ],
    writableDirectories: [{ name: 'tmp', path: '/tmp', sizeLimit: Size.mebibytes(16) }],
  };
}

/** The volumes of those places that are no claims. */
export function podVolumes({ certificate }: Parts): Record<string, PodVolume> {
  return { run: { sizeLimit: Size.mebibytes(4), inMemory: true }, ...(certificate ? { tls: certificate } : {}) };
}

/** Variables of the scripts. */
export function common({ life, certificate, sentinels }: Parts): Record<string, string> {
  return {
    MEMBERS: membersOf(life).join(' '),
    SENTINELS: sentinelsOf(life, sentinels).join(' '),
    PORT: String(ports.redis),
    SENTINEL_PORT: String(ports.sentinel),
    PRIMARY_NAME: life.name,
    TLS: certificate ? 'yes' : 'no',
  };
}
