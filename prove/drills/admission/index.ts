import path from 'node:path';
import { environments } from '../../../config/index.ts';
import { describeManifest } from '../../../constructs/core/manifest.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { toYaml } from '../../../synth/yaml.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import type { Answer } from '../../cluster/control-plane.ts';
import { committedObjects, defineCustomResources, inOrder } from '../../delivery/committed.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { podOf, spoiledObjects } from './spoiled.ts';

export const area: Area<'api'> = {
  purpose: 'applies every committed object to a real API server, and spoiled ones',
  promises: {
    pss:
      'every committed object applied strictly to a real API server with all admission on, every pod created by a dry run, ' +
      'and objects spoiled in one way each',
  },
  needs: 'api',
  minutes: 2,
  programs: [],
  about: ['dist', 'argocd', 'synth/pod-security.ts', 'prove/cluster/settings.ts'],
  run: admission,
};

/**
 * Every committed object of every environment is applied to a real API server with all admission on, strictly; every
 * pod that a workload would make is admitted; objects spoiled in one way each are refused for that reason.
 */
async function admission({ root, folder, report }: Ground): Promise<Outcome> {
  const checks: DrillCheck[] = [];
  for (const environment of Object.keys(environments)) {
    report(`${environment}: starting a control plane`);
    const plane = await ControlPlane.start(path.join(folder, environment));
    try {
      await defineCustomResources(plane);
      checks.push(...(await objectsOf(plane, root, environment, report)));
    } finally {
      await plane.stop();
    }
  }
  return { pss: { figures: {}, units: {}, checks } };
}

async function objectsOf(
  plane: ControlPlane,
  root: string,
  environment: string,
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  const dist = inOrder(committedObjects(root, `dist/${environment}`));
  const all = [...dist, ...committedObjects(root, `argocd/${environment}`)];
  report(`${environment}: applying ${all.length} objects`);
  const applied = all.map((manifest) =>
    check(`${environment}: ${describeManifest(manifest)} is applied`, plane.apply([manifest])),
  );

  // A quota refuses everything until the controllers have counted once.
  await plane.waitFor('the quotas', 30, () => {
    const { items } = plane.get('resourcequotas', '--all-namespaces') as {
      readonly items: readonly { readonly status?: object }[];
    };
    return items.every(({ status }) => status !== undefined && 'hard' in status);
  });
  const workloads = dist.filter((manifest) => podTemplateOf(manifest) !== undefined);
  report(`${environment}: creating the pods of ${workloads.length} workloads`);
  const pods = workloads.map((workload) =>
    check(`${environment}: a pod of ${describeManifest(workload)} is admitted`, create(plane, podOf(workload))),
  );

  const deployment = workloads.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new ProvingError(`dist/${environment} has no Deployment to spoil`);
  const spoiled = spoiledObjects(podOf(deployment), deployment);
  report(`${environment}: trying ${spoiled.length} spoiled objects`);
  const refused = spoiled.map(({ what, manifest, refusedWith }) => {
    const { ok, stderr } = create(plane, manifest);
    const got = ok
      ? 'admitted'
      : refusedWith.test(stderr)
        ? 'refused for it'
        : `refused: ${stderr.trim().slice(0, 300)}`;
    return { what: `${environment}: ${what}`, expected: 'refused for it', got };
  });
  return [...applied, ...pods, ...refused];
}

/** Asks the server whether it would create the object, and leaves nothing behind. */
function create(plane: ControlPlane, manifest: Manifest): Answer {
  return plane.kubectl(['create', '--dry-run=server', '--validate=strict', '-f', '-'], toYaml(manifest));
}

function check(what: string, { ok, stderr }: Answer): DrillCheck {
  // A warning is what Pod Security says of a workload whose pods it will refuse.
  const warning = /^Warning: .*$/m.exec(stderr)?.[0];
  return { what, expected: 'yes', got: ok ? (warning ?? 'yes') : stderr.trim().slice(0, 300) };
}
