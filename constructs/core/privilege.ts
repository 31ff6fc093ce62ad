import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import { InputError } from './error.ts';

/**
 * What a container may that Pod Security's level `restricted` refuses: each one named, with a reason and an end. The
 * namespace has to have another level, or the API server refuses the pod all the same.
 */
export type Privilege = (
  | {
      /** Such as `NET_ADMIN`. */
      readonly capability: string;
    }
  | {
      /** A directory of the node, seen read-only under the same path. */
      readonly hostPath: string;
    }
  | {
      /** Numeric user of this container alone, such as 0. */
      readonly user: number;
    }
) & {
  /** Why it can't be done without. */
  readonly because: string;
  /** The day after which it has to be looked at again, such as `2027-06-30`. */
  readonly until: string;
};

/** The fields of a container's security context that its privileges change. */
export function privilegedContext(privileges: readonly Privilege[]): NonNullable<IContainer['securityContext']> {
  const add = privileges.flatMap((privilege) => ('capability' in privilege ? [privilege.capability] : []));
  const users = privileges.flatMap((privilege) => ('user' in privilege ? [privilege.user] : []));
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'], ...(add.length > 0 ? { add: add.sort() } : {}) },
    readOnlyRootFilesystem: true,
    ...users.map((user) => ({ runAsUser: user, ...(user === 0 ? { runAsNonRoot: false } : {}) }))[0],
  };
}

export function hostPaths(privileges: readonly Privilege[]): readonly string[] {
  return privileges.flatMap((privilege) => ('hostPath' in privilege ? [privilege.hostPath] : []));
}

/** Such as `host-var-log`. */
export function hostVolume(path: string): string {
  return `host${path.replace(/[^a-zA-Z0-9]+/g, '-').replace(/-$/, '')}`.toLowerCase();
}

export function hostVolumeSpec(path: string): IVolume {
  return { name: hostVolume(path), hostPath: { path, type: 'Directory' } };
}

/** @throws InputError for one without a reason or an end */
export function checkPrivileges(where: string, privileges: readonly Privilege[]): void {
  const findings = privileges
    .filter(({ because, until }) => because.length < 10 || !isDay(until))
    .map((privilege) => ({
      where,
      what: `got ${JSON.stringify(privilege)}`,
      allowed: 'a privilege with a sentence why (because) and the day of the next look (until), such as 2027-06-30',
      remedy: 'say both, or do without it',
    }));
  if (findings.length > 0) throw new InputError(findings);
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

/** One line for whoever reads the YAML. */
export function describePrivilege(privilege: Privilege): string {
  const { because, until, ...what } = privilege;
  const [[key, value] = ['', '']] = Object.entries(what);
  return `${key} ${String(value)} until ${until}: ${because}`;
}
