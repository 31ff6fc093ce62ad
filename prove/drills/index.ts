import { area as access } from './access/index.ts';
import { area as admission } from './admission/index.ts';
import type { AnyArea } from './area.ts';
import { area as capacity } from './capacity/index.ts';
import { area as failover } from './failover/index.ts';
import { area as failures } from './failures/index.ts';
import { area as gapless } from './gapless/index.ts';
import { area as gitops } from './gitops/index.ts';
import { area as heal } from './heal/index.ts';
import { area as modes } from './modes/index.ts';
import { area as network } from './network/index.ts';
import { area as postgres } from './postgres/index.ts';
import { area as restore } from './restore/index.ts';
import { area as rights } from './rights/index.ts';
import { area as rollback } from './rollback/index.ts';
import { area as rollout } from './rollout/index.ts';
import { area as scaling } from './scaling/index.ts';
import { area as secrets } from './secrets/index.ts';
import { area as updates } from './updates/index.ts';
import { area as verify } from './verify/index.ts';

/** Every area, by the name of its folder, under which it is run. */
export const areas = {
  access,
  admission,
  capacity,
  failover,
  failures,
  gapless,
  gitops,
  heal,
  modes,
  network,
  postgres,
  restore,
  rights,
  rollback,
  rollout,
  scaling,
  secrets,
  updates,
  verify,
} as const satisfies Readonly<Record<string, AnyArea>>;
