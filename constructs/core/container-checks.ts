import { InputError } from './error.ts';
import type { Finding } from './error.ts';
import { checkPrivileges } from './privilege.ts';
import { probeFindings } from './probes.ts';
import type { Workload } from './workload.ts';

/** @throws InputError with everything about the containers of a workload that can't work */
export function checkContainers(workload: Workload): void {
  const { secondsToStop } = workload;
  const { containers, initContainers = [] } = workload.props;
  const where = `workload ${workload.namespace}/${workload.name}`;
  const ports = containers.flatMap(({ ports = [] }) => ports.map(({ name }) => name));
  for (const { name, privileges = [] } of workload.allContainers) checkPrivileges(`${where}: ${name}`, privileges);
  const findings = [
    ...portFindings(where, workload),
    ...containers.flatMap(({ name, probes }) => probeFindings(`${where}: probe of ${name}`, probes, ports)),
    ...initContainers
      .filter(({ probes }) => probes !== 'none')
      .map(({ name }) => ({
        where: `${where}: ${name}`,
        what: 'it runs before the others and has probes',
        allowed: "probes: 'none', because it ends",
        remedy: 'remove them, or make it one of the containers',
      })),
    ...initContainers
      .filter(({ preStopSleepSeconds = 0 }) => preStopSleepSeconds > 0)
      .map(({ name }) => ({
        where: `${where}: ${name}`,
        what: 'it runs before the others and has a pause before it stops',
        allowed: 'preStopSleepSeconds of containers that serve',
        remedy: 'remove it',
      })),
    ...containers
      .filter(({ preStopSleepSeconds = 0 }) => preStopSleepSeconds >= secondsToStop)
      .map(({ name, preStopSleepSeconds = 0 }) => ({
        where: `${where}: ${name}`,
        what: `it pauses ${preStopSleepSeconds} seconds before it stops, and is killed after ${secondsToStop}`,
        allowed: 'a preStopSleepSeconds that leaves it time to stop',
        remedy: 'lower it, or raise terminationGracePeriodSeconds of the workload',
      })),
    ...workload.allContainers
      .flatMap(({ files = {} }) => Object.values(files))
      .filter(({ namespace }) => namespace !== workload.namespace)
      .map(({ name, namespace }) => ({
        where,
        what: `it mounts the ConfigMap ${name} of ${namespace}`,
        allowed: `ConfigFiles of ${workload.namespace}: pods see those of their own namespace only`,
        remedy: 'make them in an application of that namespace',
      })),
  ];
  if (findings.length > 0) throw new InputError(findings);
}

function portFindings(where: string, { props }: Workload): Finding[] {
  const seen = new Map<string, string>();
  return props.containers.flatMap((container) =>
    (container.ports ?? []).flatMap(({ name, port, protocol = 'TCP' }) =>
      [`the name "${name}"`, `${protocol} port ${port}`].flatMap((key) => {
        const owner = seen.get(key);
        seen.set(key, owner ?? container.name);
        if (owner === undefined) return [];
        return {
          where,
          what: `${key} is declared twice, by ${owner} and ${container.name}`,
          allowed: 'each port and port name once in a pod',
          remedy: 'change one of them',
        };
      }),
    ),
  );
}
