import type { IContainer } from 'kubernetes-models/v1/Container';
import type { IVolume } from 'kubernetes-models/v1/Volume';
import { InputError } from './error.ts';
import { checkName } from './names.ts';

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
      /** A directory of the node, seen under the same path. */
      readonly hostPath: string;
      /**
       * Whether the container may write there; the kubelet makes the directory where it is missing.
       * @default false
       */
      readonly writable?: true;
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

/** Two of them never name the same volume. */
const hostPath = /^(\/[a-z0-9]+)+$/;

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

/** Whether a container may write into that directory of the node. */
export function isWritable(privileges: readonly Privilege[], path: string): boolean {
  return privileges.some((privilege) => 'hostPath' in privilege && privilege.hostPath === path && privilege.writable);
}

/** Such as `host-var-log`. */
export function hostVolume(path: string): string {
  return checkName(`volume of the node's ${path}`, `host${path.replaceAll('/', '-')}`);
}

export function hostVolumeSpec(path: string, writable: boolean): IVolume {
  return { name: hostVolume(path), hostPath: { path, type: writable ? 'DirectoryOrCreate' : 'Directory' } };
}

/** @throws InputError for one without a reason or an end, and for what can't be given */
export function checkPrivileges(where: string, privileges: readonly Privilege[]): void {
  const users = privileges.filter((privilege) => 'user' in privilege);
  const findings = [
    ...privileges
      .filter(({ because, until }) => because.length < 10 || !isDay(until))
      .map((privilege) => ({
        what: `got ${JSON.stringify(privilege)}`,
        allowed: 'a privilege with a sentence why (because) and the day of the next look (until), such as 2027-06-30',
        remedy: 'say both, or do without it',
      })),
    ...hostPaths(privileges)
      .filter((path) => !hostPath.test(path))
      .map((path) => ({
        what: `the directory ${path} of the node`,
        allowed:
          'an absolute path of lower-case letters, digits and single slashes, such as /var/log: it names the volume',
        remedy: 'change hostPath',
      })),
    ...(users.length > 1
      ? [{ what: `${users.length} users`, allowed: 'one: a container runs as one user', remedy: 'keep one of them' }]
      : []),
  ];
  if (findings.length > 0) throw new InputError(findings.map((finding) => ({ where, ...finding })));
}

function isDay(text: string): boolean {
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().slice(0, 10) === text;
}

/** One line for whoever reads the YAML. */
export function describePrivilege(privilege: Privilege): string {
  const { because, until, ...what } = privilege;
  const [[key, value] = ['', '']] = Object.entries(what).filter(([name]) => name !== 'writable');
  const writable = 'writable' in what;
  return `${key} ${String(value)}${writable ? ' for writing' : ''} until ${until}: ${because}`;
}
