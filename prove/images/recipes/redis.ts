import { loadEnvironment } from '../../../config/index.ts';
import type { Cluster } from '../../cluster/handle.ts';
import type { PlatformImage } from './platform.ts';
import { debianLayer } from './system.ts';

/** What the pods of Redis ask for. Server, Sentinel and proxy are Debian's. */
export function redisImages(environment: string, cluster: Pick<Cluster, 'program'>): readonly PlatformImage[] {
  const table = loadEnvironment(environment);
  const reference = (name: string): string => `${table.image(name).repository}:${table.image(name).tag}`;
  return [
    {
      reference: reference('redis'),
      layers: [debianLayer],
      entrypoint: ['/usr/bin/redis-server'],
      user: 999,
      standIn: "Redis: Debian's, of an older version",
    },
    {
      reference: reference('haproxy'),
      layers: [debianLayer],
      entrypoint: ['/usr/sbin/haproxy'],
      user: 99,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' },
      standIn: "HAProxy: Debian's, of an older version",
    },
    {
      reference: reference('redis-exporter'),
      layers: [debianLayer, { name: 'redis-exporter', files: { redis_exporter: cluster.program('redis-exporter') } }],
      entrypoint: ['/redis_exporter'],
      user: 59000,
      standIn: "the exporter of Redis: of an older version, with Debian's shell, where the original has Alpine's",
    },
  ];
}

/** Valkey's image, which the platform doesn't have: of Debian 13, with the names of Redis' programs as its makers' image has. */
export const valkeyImage = {
  reference: 'docker.io/valkey/valkey:8.1.1-bookworm',
  layers: [
    {
      name: 'valkey',
      release: 'trixie',
      packages: ['valkey-server', 'valkey-tools'],
      links: Object.fromEntries(
        ['server', 'cli', 'check-aof', 'check-rdb'].map((part) => [`usr/bin/redis-${part}`, `valkey-${part}`]),
      ),
    },
  ],
  entrypoint: ['/usr/bin/valkey-server'],
  user: 999,
  standIn: "Valkey's image: Debian's packages",
  versions: { valkey: '8.1.1' },
} as const satisfies PlatformImage;
