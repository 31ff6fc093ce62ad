import { area as access } from './access/index.ts';
import { area as admission } from './admission/index.ts';
import type { AnyArea } from './area.ts';
import { area as capacity } from './capacity/index.ts';
import { area as directory } from './directory/index.ts';
import { area as disaster } from './disaster/index.ts';
import { area as drain } from './drain/index.ts';
import { area as edge } from './edge/index.ts';
import { area as envelope } from './envelope/index.ts';
import { area as failover } from './failover/index.ts';
import { area as failures } from './failures/index.ts';
import { area as flow } from './flow/index.ts';
import { area as gapless } from './gapless/index.ts';
import { area as gitops } from './gitops/index.ts';
import { area as hardware } from './hardware/index.ts';
import { area as heal } from './heal/index.ts';
import { area as install } from './install/index.ts';
import { area as logs } from './logs/index.ts';
import { area as modes } from './modes/index.ts';
import { area as names } from './names/index.ts';
import { area as network } from './network/index.ts';
import { area as observability } from './observability/index.ts';
import { area as postgres } from './postgres/index.ts';
import { area as redis } from './redis/index.ts';
import { area as redisDamage } from './redis-damage/index.ts';
import { area as redisPersist } from './redis-persist/index.ts';
import { area as redisServer } from './redis-server/index.ts';
import { area as restore } from './restore/index.ts';
import { area as rights } from './rights/index.ts';
import { area as rollback } from './rollback/index.ts';
import { area as rollout } from './rollout/index.ts';
import { area as scaling } from './scaling/index.ts';
import { area as secrets } from './secrets/index.ts';
import { area as serverDown } from './server-down/index.ts';
import { area as tracing } from './tracing/index.ts';
import { area as statusPage } from './status-page/index.ts';
import { area as updates } from './updates/index.ts';
import { area as valkey } from './valkey/index.ts';
import { area as verify } from './verify/index.ts';
import { area as waf } from './waf/index.ts';

/** Every area, by the name of its folder, under which it is run. */
export const areas = {
  access,
  admission,
  capacity,
  directory,
  disaster,
  drain,
  edge,
  envelope,
  failover,
  failures,
  flow,
  gapless,
  gitops,
  hardware,
  heal,
  install,
  logs,
  modes,
  names,
  network,
  observability,
  postgres,
  redis,
  'redis-damage': redisDamage,
  'redis-persist': redisPersist,
  'redis-server': redisServer,
  restore,
  rights,
  rollback,
  rollout,
  scaling,
  secrets,
  'server-down': serverDown,
  tracing,
  'status-page': statusPage,
  updates,
  valkey,
  verify,
  waf,
} as const satisfies Readonly<Record<string, AnyArea>>;
