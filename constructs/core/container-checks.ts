import type { ContainerProps } from './container.ts';
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
    ...workload.allContainers.flatMap((container) => imageFindings(`${where}: ${container.name}`, container)),
    ...workload.allContainers.flatMap((container) => commandFindings(`${where}: ${container.name}`, container)),
    ...portFindings(where, workload),
    ...workload.allContainers.flatMap((container) => variableFindings(`${where}: ${container.name}`, container)),
    ...nameFindings(where, workload),
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
      .filter((container) => secondsBefore(container) > 0)
      .map(({ name }) => ({
        where: `${where}: ${name}`,
        what: 'it runs before the others and has a pause before it stops',
        allowed: 'preStopSleepSeconds and beforeStop of containers that serve',
        remedy: 'remove it',
      })),
    ...containers
      .filter((container) => secondsBefore(container) >= secondsToStop)
      .map((container) => ({
        where: `${where}: ${container.name}`,
        what: `it pauses ${secondsBefore(container)} seconds before it stops, and is killed after ${secondsToStop}`,
        allowed: 'a preStopSleepSeconds, or atMostSeconds of beforeStop, that leaves it time to stop',
        remedy: 'lower it, or raise terminationGracePeriodSeconds of the workload',
      })),
    ...containers
      .filter(({ preStopSleepSeconds = 0, beforeStop }) => preStopSleepSeconds > 0 && beforeStop)
      .map(({ name }) => ({
        where: `${where}: ${name}`,
        what: 'it is to sleep and to run a program before it stops',
        allowed: 'one of the two: Kubernetes has one hook',
        remedy: 'remove preStopSleepSeconds, or beforeStop',
      })),
    ...workload.allContainers
      .filter(({ user, privileges = [] }) => user !== undefined && privileges.some((each) => 'user' in each))
      .map(({ name }) => ({
        where: `${where}: ${name}`,
        what: 'it has a user of its own, and another one as a privilege',
        allowed: 'one of the two: user where Pod Security admits it, else the privilege',
        remedy: 'remove user, or the privilege',
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

/** Between the order to stop and SIGTERM, at most. */
function secondsBefore({ preStopSleepSeconds = 0, beforeStop }: ContainerProps): number {
  return Math.max(preStopSleepSeconds, beforeStop?.atMostSeconds ?? 0);
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

/** TypeScript says so too, but synth runs without the type checker. */
function imageFindings(where: string, { image }: Partial<ContainerProps>): Finding[] {
  if (typeof image?.reference === 'string') return [];
  return [
    {
      where,
      what: image === undefined ? 'it has no image' : `its image is ${JSON.stringify(image)}`,
      allowed: "an image of config/images.json: environment.image('backend'), for example",
      remedy: 'set image',
    },
  ];
}

/** With an empty command, the image's own program would run. */
function commandFindings(where: string, { command }: ContainerProps): Finding[] {
  if (command === undefined || (Array.isArray(command) && command.length > 0)) return [];
  return [
    {
      where,
      what: `its command is ${JSON.stringify(command)}`,
      allowed: "a program and its arguments, such as ['node', 'dist/migrate.js']",
      remedy: "write it so; or leave the option out for the image's own program",
    },
  ];
}

/** What would be lost without a word: a value that is no text, and the first of two of one name. */
function variableFindings(
  where: string,
  { environment = {}, secretFiles = {}, podFields = {} }: ContainerProps,
): Finding[] {
  const names = [environment, secretFiles, podFields].flatMap((each) => Object.keys(each));
  return [
    ...Object.entries(environment as Readonly<Record<string, unknown>>)
      .filter(([, value]) => typeof value !== 'string')
      .map(([name, value]) => ({
        where,
        what: `the variable ${name} is ${value === undefined ? 'undefined' : JSON.stringify(value)}`,
        allowed: 'a text: something it is made of is missing, or a number has no quotes',
        remedy: 'run npm run typecheck, which names the option that was left out or misspelt',
      })),
    ...[...new Set(names.filter((name, index) => names.indexOf(name) < index))].map((name) => ({
      where,
      what: `the variable ${name} is given twice`,
      allowed: 'each once, in environment, secretFiles or podFields',
      remedy: 'remove one of them',
    })),
  ];
}

/** An annotation of the workload is named after each container: `diptych/privileges-of-NAME`. */
const longestContainerName = 49;

function nameFindings(where: string, { allContainers }: Workload): Finding[] {
  return allContainers
    .filter(({ name }) => name.length > longestContainerName)
    .map(({ name }) => ({
      where,
      what: `the container ${name} has a name of ${name.length} characters`,
      allowed: `at most ${longestContainerName}: annotations are named after it`,
      remedy: 'choose a shorter name',
    }));
}
