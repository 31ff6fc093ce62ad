import { UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { clusterPrograms } from '../cluster/requirements.ts';
import { buildPrograms } from '../tools/build.ts';
import type { ProgramName } from '../tools/build.ts';
import { toolsHere } from '../tools/cache.ts';
import { installPackages, missingPackages } from '../tools/packages.ts';
import { accessDrill } from './access/index.ts';
import { admissionDrill } from './admission/index.ts';
import { eachRound, runArea } from './area.ts';
import type { Area } from './area.ts';
import { capacityDrill } from './capacity/index.ts';
import { failuresDrill } from './failures/index.ts';
import { gitopsDrill } from './gitops/index.ts';
import { healDrill } from './heal/index.ts';
import { modesDrill } from './modes/index.ts';
import { networkDrill } from './network/index.ts';
import { onPlatform } from './on-platform.ts';
import { failoverDrill, postgresDrill } from './postgres/index.ts';
import { rollbackDrill } from './rollback/index.ts';
import { scalingDrill } from './scaling/index.ts';
import { secretsDrill } from './secrets/index.ts';
import { updatesDrill } from './updates/index.ts';

const controlPlane = ['etcd', 'kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl'] as const;

/** What the platform runs on, for areas that need all of it. */
export const platformPrograms: readonly ProgramName[] = [
  ...clusterPrograms,
  ...(['argocd', 'helm', 'sealed-secrets-controller', 'wal-g', 'postgres-exporter', 'rclone'] as const),
];

/** Every area, by the name under which it is run. */
export const areas: Readonly<Record<string, Area>> = {
  access: {
    purpose: 'lets every role, and nobody, try what can be called in Argo CD (promise gitops-rbac)',
    programs: platformPrograms,
    drill: onPlatform(accessDrill),
  },
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
  failures: {
    purpose: 'kills a pod and takes node 2 away, under clients (promises pod-crash, node2-down)',
    programs: platformPrograms,
    drill: onPlatform(failuresDrill),
  },
  heal: {
    purpose: 'changes and deletes by hand what Argo CD brings back (promise gitops-heal)',
    programs: platformPrograms,
    drill: onPlatform(healDrill),
  },
  failover: {
    purpose:
      'loses the PostgreSQL primary in seven ways, under a writing client (promises pg-failover, pg-rpo, pg-spread)',
    programs: platformPrograms,
    drill: onPlatform(failoverDrill),
  },
  modes: {
    purpose: 'tries the options of PostgreSQL that the platform does not use (promises pg-pooler, pg-standby)',
    programs: platformPrograms,
    drill: onPlatform(modesDrill),
  },
  postgres: {
    purpose:
      'the same, then backups, retention, recovery to a moment and copies elsewhere (pg-backup, pg-pitr, offsite)',
    programs: platformPrograms,
    drill: postgresDrill,
  },
  rollback: {
    purpose: 'rolls a release back as a developer, and lets nothing undo it (promise gitops-rollback)',
    programs: platformPrograms,
    drill: onPlatform(rollbackDrill),
  },
  scaling: {
    purpose: 'lets load move the replicas up and its end move them down (promise hpa)',
    programs: platformPrograms,
    drill: onPlatform(scalingDrill),
  },
  secrets: {
    purpose: 'seals, unseals and rotates every secret with the real controller (promise secrets)',
    programs: [...controlPlane, 'sealed-secrets-controller', 'helm'],
    drill: eachRound(secretsDrill),
  },
  updates: {
    purpose: 'releases what works and what does not, under clients (promise gitops-update)',
    programs: platformPrograms,
    drill: onPlatform(updatesDrill),
  },
};

/** Runs every area, one after the other. @returns the exit code: 1 if any failed */
export async function allCommand(args: readonly string[], output: Output): Promise<number> {
  const failed: string[] = [];
  for (const [name, area] of Object.entries(areas)) {
    output.stdout.write(`\n== ${name}\n`);
    if ((await runArea(name, area, args, output)) !== 0) failed.push(name);
  }
  const count = Object.keys(areas).length;
  output.stdout.write(`\n${count - failed.length} of ${count} areas passed\n`);
  if (failed.length > 0) output.stderr.write(`failed: ${failed.join(', ')}\n`);
  return failed.length === 0 ? 0 : 1;
}

/** Installs and builds what the named areas need; all of them where none is named. @returns the exit code 0 */
export function buildCommand(args: readonly string[], { stdout }: Output): number {
  const unknown = args.filter((name) => !Object.hasOwn(areas, name));
  if (unknown.length > 0)
    throw new UsageError(`no area ${unknown.join(', ')}: there are ${Object.keys(areas).join(', ')}`);
  const wanted = Object.entries(areas).filter(([name]) => args.length === 0 || args.includes(name));
  const programs = new Set<ProgramName>(wanted.flatMap(([, area]) => area.programs));
  const report = (text: string) => stdout.write(text);
  const tools = toolsHere();
  installPackages(missingPackages(tools.env), report, tools);
  buildPrograms([...programs], report);
  stdout.write(`built: ${[...programs].join(', ')}\n`);
  return 0;
}
