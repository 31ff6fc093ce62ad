import { podDemand } from '../constructs/core/pod-demand.ts';
import { describePeer } from '../constructs/core/endpoint.ts';
import { workersOf } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import { glanceAt } from '../constructs/core/kube-object.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { quantity } from '../constructs/core/quantity.ts';
import { Workload } from '../constructs/core/workload.ts';
import { podTemplateOf } from './pods.ts';

/** Volumes of this class are folders of the node's own disk, which nobody keeps them from filling. */
const localClass = 'local-path';

interface Claim {
  readonly storageClassName?: string;
  readonly resources?: { readonly requests?: Readonly<Record<string, unknown>> };
}

interface Claiming {
  readonly volumeClaimTemplates?: readonly { readonly spec?: Claim }[];
}

/** Volumes that are larger than the disks they lie on. */
export function diskFindings({ owners, environment }: Platform): Finding[] {
  const nodes = workersOf(environment.nodes);
  const volumes = owners
    .filter((owner) => owner instanceof Workload)
    .map((workload) => {
      const manifest = glanceAt(workload.object);
      const { apart, least } = podDemand(manifest, nodes.length);
      return { name: describePeer(workload), bytes: localBytes(manifest), everywhere: apart && least >= nodes.length };
    })
    .filter(({ bytes }) => bytes > 0);
  const disks = nodes.map(({ name, disk }) => ({ name, bytes: disk.toKibibytes() * 1024 }));
  const largest = Math.max(...disks.map(({ bytes }) => bytes));
  const remedy = 'lower storageGibibytes in sizes, choose a larger serverType, or a storageClass of other disks';
  const onEach = volumes.filter(({ everywhere }) => everywhere);
  const needed = onEach.reduce((sum, { bytes }) => sum + bytes, 0);
  return [
    ...volumes
      .filter(({ bytes, everywhere }) => !everywhere && bytes > largest)
      .map(({ name, bytes }) => ({
        where: `workload ${name}`,
        what: `the volumes of a pod are ${gibibytes(bytes)} on the disk of its node`,
        allowed: `${gibibytes(largest)}, which the largest of them has`,
        remedy,
      })),
    ...disks
      .filter(({ bytes }) => needed > bytes)
      .map(({ name, bytes }) => ({
        where: `config/environments/${environment.name}.ts: nodes`,
        what: `the volumes of ${onEach.map((each) => each.name).join(' and ')} are ${gibibytes(needed)} on each node`,
        allowed: `${gibibytes(bytes)}, which the disk of ${name} has`,
        remedy,
      })),
  ];
}

/** Of one pod. */
function localBytes(manifest: Manifest): number {
  const { volumeClaimTemplates = [] } = (manifest.spec ?? {}) as Claiming;
  const ephemeral = (podTemplateOf(manifest)?.spec?.volumes ?? []).map(
    (volume) => volume.ephemeral?.volumeClaimTemplate,
  );
  return [...volumeClaimTemplates, ...ephemeral]
    .map((template) => template?.spec)
    .filter((claim) => claim?.storageClassName === localClass)
    .reduce((sum, claim) => sum + (quantity(claim?.resources?.requests?.storage) ?? 0), 0);
}

function gibibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 30)} GiB`;
}
