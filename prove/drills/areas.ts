import { UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { clusterPrograms } from '../cluster/requirements.ts';
import { buildPrograms } from '../tools/build.ts';
import type { ProgramName } from '../tools/build.ts';
import { admissionDrill } from './admission.ts';
import { eachRound } from './area.ts';
import type { Area } from './area.ts';
import { capacityDrill } from './capacity.ts';
import { gitopsDrill } from './gitops/index.ts';
import { networkDrill } from './network.ts';
import { secretsDrill } from './secrets.ts';

const controlPlane = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;

/** What the platform runs on, for areas that need all of it. */
export const platformPrograms: readonly ProgramName[] = [
  ...clusterPrograms,
  ...(['argocd', 'helm', 'sealed-secrets-controller'] as const),
];

/** Every area, by the name under which it is run. */
export const areas: Readonly<Record<string, Area>> = {
  admission: {
    purpose: 'applies every committed object to a real API server, and spoiled ones (promise pss)',
    programs: controlPlane,
    drill: eachRound(admissionDrill),
  },
  capacity: {
    purpose: 'lets the real scheduler place everything, also with a node gone (promise capacity)',
    programs: [...controlPlane, 'kwok'],
    drill: eachRound(capacityDrill),
  },
  gitops: {
    purpose: 'lets Argo CD install the tree in an empty cluster, twice (promises gitops-auto, gitops-waves)',
    programs: platformPrograms,
    drill: gitopsDrill,
  },
  network: {
    purpose: 'tries every connection between all workloads in a real two-node cluster (promise net-deny)',
    programs: [...clusterPrograms, 'netpol-analyzer'],
    drill: eachRound(networkDrill),
  },
  secrets: {
    purpose: 'seals, unseals and rotates every secret with the real controller (promise secrets)',
    programs: [...controlPlane, 'sealed-secrets-controller', 'helm'],
    drill: eachRound(secretsDrill),
  },
};

/** Builds what the named areas need; all of them where none is named. @returns the exit code 0 */
export function buildCommand(args: readonly string[], { stdout }: Output): number {
  const unknown = args.filter((name) => !Object.hasOwn(areas, name));
  if (unknown.length > 0)
    throw new UsageError(`no area ${unknown.join(', ')}: there are ${Object.keys(areas).join(', ')}`);
  const wanted = Object.entries(areas).filter(([name]) => args.length === 0 || args.includes(name));
  const programs = new Set<ProgramName>(wanted.flatMap(([, area]) => area.programs));
  buildPrograms([...programs], (text) => stdout.write(text));
  stdout.write(`built: ${[...programs].join(', ')}\n`);
  return 0;
}
