import type { Platform } from '../constructs/core/platform.ts';
import type { Privilege } from '../constructs/core/privilege.ts';
import { Workload } from '../constructs/core/workload.ts';
import type { Privileges } from './pod-security.ts';

/** What each workload declares to need beyond Pod Security's level `restricted`, by kind, namespace and name. */
export function privilegesOf({ owners }: Pick<Platform, 'owners'>): ReadonlyMap<string, Privileges> {
  const workloads = owners.filter((owner) => owner instanceof Workload);
  return new Map(
    workloads.map((workload) => [
      `${workload.object.kind} ${workload.namespace}/${workload.name}`,
      Object.fromEntries(workload.allContainers.map(({ name, privileges = [] }) => [name, privileges])),
    ]),
  );
}

/** An exception by where it is made. */
export interface PlacedPrivilege {
  /** Such as `DaemonSet node-agents/wazuh: agent`. */
  readonly where: string;
  readonly privilege: Privilege;
}

/** Every exception of the platform: the tests list them. */
export function placedPrivileges(platform: Pick<Platform, 'owners'>): readonly PlacedPrivilege[] {
  return [...privilegesOf(platform)].flatMap(([workload, containers]) =>
    Object.entries(containers).flatMap(([name, privileges]) =>
      privileges.map((privilege) => ({ where: `${workload}: ${name}`, privilege })),
    ),
  );
}

/**
 * Those whose day has passed. Asked by the tests, not by synth: what synth says depends on files alone, and on the night
 * when something has to be mended it doesn't ask for something else first.
 */
export function outdatedPrivileges(list: readonly PlacedPrivilege[], today: Date): readonly PlacedPrivilege[] {
  const day = today.toISOString().slice(0, 10);
  return list.filter(({ privilege }) => privilege.until < day);
}
