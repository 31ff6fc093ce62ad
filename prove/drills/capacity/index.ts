import path from 'node:path';
import { ForeignWorkload } from '../../../constructs/core/foreign-workload.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import { apply } from '../../cluster/kubectl.ts';
import { KwokNodes } from '../../cluster/kwok-nodes.ts';
import { defineCustomResources, inOrder } from '../../delivery/committed.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { CapacityDrill } from './drill.ts';
import { foreignDeployments } from './foreign.ts';
import { groupsOf } from './placement.ts';
import { RoundRecord } from './record.ts';
import { shapesOf } from './shapes.ts';
import type { Shape } from './shapes.ts';
import { Stage } from './stage.ts';
import { withCleanUp } from '../../machine/clean-up.ts';

export const area: Area<'api'> = {
  purpose: 'lets the real scheduler place everything, also with a node gone',
  promises: {
    capacity:
      'the real scheduler places what synth computes, on nodes of the configured sizes: at its least and its most, ' +
      'during a rollout, and after the loss of each node that leaves a server',
  },
  needs: 'api',
  minutes: 6,
  programs: ['kwok'],
  about: ['config/environments', 'synth/budget.ts', 'prove/cluster/kwok-nodes.ts'],
  run: capacity,
};

/**
 * The real scheduler places the workloads on nodes of the configured sizes, which kwok keeps alive: at their least and
 * their most, during a rollout, and after the loss of each node that leaves a server behind. What it places is compared
 * with what synth computed.
 */
async function capacity({ root, folder, report }: Ground): Promise<Outcome> {
  const shapes = shapesOf(root);
  // At the same time: most of each is waiting for a loss to be noticed. All are awaited, so that none outlives an error.
  const done = await Promise.allSettled(shapes.map((shape) => drillShape(shape, folder, report)));
  const records = done.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
  return {
    capacity: {
      figures: Object.assign({}, ...records.map(({ figures }) => figures)) as RoundRecord['figures'],
      units: Object.assign({}, ...records.map(({ units }) => units)) as RoundRecord['units'],
      checks: records.flatMap(({ checks }) => checks),
      standIns: standInsOf(shapes),
    },
  };
}

function standInsOf(shapes: readonly Shape[]): string[] {
  const foreign = shapes.flatMap(({ platform }) => platform.owners.filter((owner) => owner instanceof ForeignWorkload));
  return [
    ...new Set([
      'kwok for the nodes: pods are placed and marked as ready, nothing runs in them',
      'the API is beside the nodes, so that losing one never takes it away',
      'moved bounds of the autoscalers for load',
      ...foreign.map(({ name, madeBy, requests }) =>
        requests === undefined
          ? `${name} is not counted: it is made by ${madeBy}`
          : `a Deployment with the requests of ${name} for what ${madeBy} makes`,
      ),
    ]),
  ];
}

/** Nobody makes volumes here, and a pod without its volume is placed nowhere. */
function withoutClaims(manifest: Manifest): Manifest {
  if (manifest.kind !== 'StatefulSet') return manifest;
  const { volumeClaimTemplates = [], ...spec } = structuredClone(manifest.spec) as StatefulSetSpec;
  const claimed = new Set(volumeClaimTemplates.map(({ metadata }) => metadata.name));
  for (const container of spec.template.spec.containers) {
    container.volumeMounts = (container.volumeMounts ?? []).filter(({ name }) => !claimed.has(name));
  }
  return { ...manifest, spec };
}

interface StatefulSetSpec {
  readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  readonly template: {
    readonly spec: { readonly containers: { volumeMounts?: { readonly name: string }[] }[] };
  };
}

async function drillShape(shape: Shape, folder: string, report: (line: string) => void): Promise<RoundRecord> {
  const { platform, manifests } = shape;
  const { name, nodes } = platform.environment;
  const record = new RoundRecord();
  const say = (line: string): void => report(`${name}: ${line}`);
  say('starting a control plane and its nodes');
  const plane = await ControlPlane.start(path.join(folder, name));
  return withCleanUp([() => plane.stop()], async () => {
    await defineCustomResources(plane);
    const kwok = await KwokNodes.start(plane, platform.environment);
    const workers = nodes.filter(({ role }) => role !== 'witness');
    const witnesses = nodes.filter(({ role }) => role === 'witness').map(({ name }) => name);
    for (const manifest of [...inOrder(manifests).map(withoutClaims), ...foreignDeployments(platform, manifests)]) {
      await apply(plane, [manifest]);
    }
    const drill = new CapacityDrill(
      platform,
      new Stage(plane, groupsOf(platform), workers.length, witnesses),
      kwok,
      record,
      say,
    );
    await drill.atLeast();
    const servers = nodes.filter(({ role }) => role === 'server');
    const losable = nodes.filter((node) => node.role !== 'witness' && servers.some((server) => server !== node));
    // One server: nodes are lost at the least, which is promised. More: at the most, which is worse.
    if (servers.length === 1) {
      for (const node of losable) await drill.lossAtLeast(node);
      await drill.rollout();
    } else {
      await drill.atMost();
      for (const node of losable) await drill.lossAtMost(node);
    }
    return record;
  });
}
