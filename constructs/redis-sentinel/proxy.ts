import path from 'node:path';
import { Size } from 'cdk8s';
import type { Construct } from 'constructs';
import { authorityFile } from '../core/authority-files.ts';
import { ConfigFiles } from '../core/config-files.ts';
import { Cpu } from '../core/cpu.ts';
import type { TrustedAuthority } from '../core/endpoint.ts';
import type { Image } from '../core/environment.ts';
import { httpProbes } from '../core/probes.ts';
import { Scrape } from '../core/scrape.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { Service } from '../core/service.ts';
import { Workload } from '../core/workload.ts';
import { ports, proxyUser } from './paths.ts';

export interface ProxySettings {
  /** What its objects are called. */
  readonly name: string;
  /** Name of the Service that leads to it. */
  readonly service: string;
  /** The name under which the Sentinels know the primary. */
  readonly primaryName: string;
  readonly image: Image;
  /** Of the members and of the Sentinels, in their order. */
  readonly members: readonly string[];
  readonly sentinels: readonly string[];
  readonly authority: TrustedAuthority | false;
  readonly probePassword: SecretKeyReference;
}

const configurationPath = '/etc/haproxy';

/**
 * HAProxy on both nodes, which asks the members and the Sentinels itself: it needs no Kubernetes API to follow the primary, as
 * a Service does that selects by labels. A client is led to the proxy of its own node, and its TLS goes through to the member.
 */
export function proxy(
  construct: Construct,
  settings: ProxySettings,
): { readonly workload: Workload; readonly host: string } {
  const { name, service: serviceName, image, members, sentinels, authority, probePassword } = settings;
  const files = new ConfigFiles(construct, 'proxy-configuration', {
    name: `${name}-configuration`,
    folder: path.join(import.meta.dirname, 'files', 'proxy'),
    data: { 'cluster.cfg': clusterCfg(settings) },
  });
  const workload = new Workload(construct, 'proxy', {
    name,
    program: 'haproxy',
    component: 'proxy',
    controller: { kind: 'Deployment', replicas: 2 },
    containers: [
      {
        name: 'haproxy',
        image,
        command: ['bash', `${configurationPath}/start.sh`],
        environment: { MEMBERS: members.join(' '), SENTINELS: sentinels.join(' ') },
        secretFiles: { PROBE_PASSWORD_FILE: probePassword },
        authorities: authority ? [authority] : [],
        ports: [
          { name: 'redis', port: ports.redis },
          { name: 'proxy-metrics', port: ports.proxyMetrics },
        ],
        resources: {
          cpuRequest: Cpu.millicores(20),
          memory: Size.mebibytes(128),
          because: 'Estimate: 34 KiB a connection with its buffers, and a dozen questions by TLS each second.',
        },
        probes: httpProbes('proxy-metrics', { live: '/healthz' }, { readiness: { periodSeconds: 5 } }),
        // Until clients' nodes know that it is leaving.
        preStopSleepSeconds: 5,
        files: { [configurationPath]: files },
        writableDirectories: [{ name: 'run', path: '/run/haproxy', sizeLimit: Size.mebibytes(1) }],
      },
    ],
    priority: 'critical-data',
    spread: 'strict',
    user: proxyUser,
    // Connections that are open may end.
    terminationGracePeriodSeconds: 30,
  });
  const service = new Service(construct, 'proxy-service', {
    name: serviceName,
    pods: workload,
    ports: [{ name: 'redis' }],
    preferSameNode: true,
  });
  const targets = [{ peer: workload, host: service.host, port: ports.proxyMetrics }];
  new Scrape(construct, 'scrape-proxy', { endpoint: { name: `HAProxy ${name}`, path: '/metrics', targets } });
  return { workload, host: service.host };
}

/** Backends of HAProxy: each member, and for each member the Sentinels that say that it is the primary. */
function clusterCfg(settings: ProxySettings): string {
  const { members, sentinels } = settings;
  const majority = Math.floor(sentinels.length / 2) + 1;
  const said = (index: number): string => `{ nbsrv(says-${index}) ge ${majority} }`;
  const up = (index: number): string => `{ nbsrv(member-${index}) ge 1 }`;
  const nobody = members.map((_, index) => `!${said(index)}`).join(' ');
  return [
    'frontend redis',
    `  bind :${ports.redis}`,
    '  # Whom most Sentinels name, where that one says so too: of two primaries, the one that stays.',
    ...members.map((_, index) => `  use_backend member-${index} if ${said(index)} ${up(index)}`),
    '  # Where too few of them are left to agree, whoever says that it is the primary.',
    ...members.map((_, index) => `  use_backend member-${index} if ${nobody} ${up(index)}`),
    '',
    ...members.flatMap((host, index) => [
      `backend member-${index}`,
      ...question(settings, 'ROLE', 'string master'),
      `  ${server(settings, `member-${index}`, host, ports.redis)} fastinter 300ms downinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions`,
      '',
    ]),
    ...members.flatMap((_, index) => [
      `backend says-${index}`,
      ...question(
        settings,
        `SENTINEL get-master-addr-by-name ${settings.primaryName}`,
        `string "\\r\\n\${MEMBER_${index}}\\r\\n"`,
      ),
      ...sentinels.map(
        (host, number) => `  ${server(settings, `sentinel-${number}`, host, ports.sentinel)} fall 1 rise 1`,
      ),
      '',
    ]),
  ].join('\n');
}

function question({ authority }: ProxySettings, command: string, answer: string): string[] {
  return [
    '  option tcp-check',
    ...(authority ? ['  tcp-check connect ssl'] : ['  tcp-check connect']),
    '  tcp-check send "AUTH probe ${PROBE_PASSWORD}\\r\\n"',
    '  tcp-check expect string +OK',
    `  tcp-check send "${command}\\r\\n"`,
    // Another answer is one too: without this, it would wait for more until the time is over.
    `  tcp-check expect min-recv 0 ${answer}`,
  ];
}

/** @param name whose variable in capitals has the address */
function server({ authority }: ProxySettings, name: string, host: string, port: number): string {
  const tls = authority
    ? ` check-ssl check-sni ${host} verify required verifyhost ${host} ca-file ${authorityFile(authority)}`
    : '';
  const variable = name.toUpperCase().replace('-', '_');
  return `server ${name} "\${${variable}}:${port}" check inter 1s${tls}`;
}
