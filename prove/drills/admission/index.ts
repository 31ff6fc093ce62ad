import path from 'node:path';
import { environments } from '../../../config/index.ts';
import { describeManifest, typeOf } from '../../../constructs/core/manifest.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { makerNames, makers } from '../../../scripts/import/makers.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import { getJson, tryApply, tryKubectl } from '../../cluster/kubectl.ts';
import { committedObjects, defineCustomResources, inOrder } from '../../delivery/committed.ts';
import { withCleanUp } from '../../machine/clean-up.ts';
import { ProvingError } from '../../machine/error.ts';
import type { Result } from '../../machine/run.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { create, inTurn } from './asking.ts';
import { podOf, spoiledObjects, waysIn } from './spoiled.ts';
import type { Spoiled } from './spoiled.ts';
import { brokenRulesIn, mistakesIn, samplesIn, updatesIn, valuesOf, verdictsOf } from './verdicts.ts';

export const area: Area<'api'> = {
  purpose: 'applies every committed object to a real API server, and spoiled ones',
  promises: {
    pss:
      'every committed object applied strictly to a real API server with all admission on, every pod created by a dry run, ' +
      'and objects spoiled in one way each; what synth refuses for its form is refused by the definitions of the makers too, ' +
      "what Pod Security says of pods of every kind is what synth's own check says, what can't be changed in place is " +
      'what synth refuses to change, and of values and broken rules at every place that the objects of every kind fill in, ' +
      'synth admits nothing that the server refuses',
  },
  needs: 'api',
  minutes: 5,
  programs: [],
  about: [
    ...['dist', 'argocd', 'synth/api-server', 'synth/immutable', 'synth/schema', 'synth/pod-security.ts'],
    'synth/install/kubernetes.ts',
  ],
  run: admission,
};

interface QuotaList {
  readonly items: readonly { readonly status?: object }[];
}

/**
 * Every committed object of every environment is applied to a real API server with all admission on, strictly; every
 * pod that a workload would make is admitted; objects spoiled in one way each are refused for that reason. What synth
 * refuses for its form, the server refuses too, by the definitions of the makers.
 */
async function admission({ root, folder, report, used }: Ground): Promise<Outcome> {
  const checks: DrillCheck[] = [];
  const versions = Object.fromEntries(makerNames.map((name) => [name, makers[name].version]));
  used.add({ standIns: [], versions });
  const tried = new Set<string>();
  const rows: string[][] = [];
  for (const environment of Object.keys(environments)) {
    report(`${environment}: starting a control plane`);
    const plane = await ControlPlane.start(path.join(folder, environment));
    await withCleanUp([() => plane.stop()], async () => {
      await defineCustomResources(plane);
      const all = inOrder(['dist', 'argocd'].flatMap((folder) => committedObjects(root, `${folder}/${environment}`)));
      checks.push(...(await objectsOf(plane, all, environment, report)));
      const verdicts = await verdictsOf(plane, deploymentOf(all, environment), environment, report);
      checks.push(...verdicts.checks);
      rows.push(...verdicts.rows);
      const fresh = all.filter((manifest) => !tried.has(typeOf(manifest)));
      for (const manifest of all) tried.add(typeOf(manifest));
      checks.push(...(await samplesIn(plane, fresh, report)), ...(await mistakesIn(plane, fresh, report)));
      const values = await valuesOf(plane, fresh, environment, report);
      checks.push(...values.checks, ...(await brokenRulesIn(plane, fresh, report)));
      rows.push(...values.rows);
      checks.push(...(await updatesIn(plane, all, environment, report)));
    });
  }
  const table = { columns: ['environment', 'what is tried', 'synth', 'API server', 'why they differ'], rows };
  return { pss: { figures: {}, units: {}, checks, table } };
}

async function objectsOf(
  plane: ControlPlane,
  all: readonly Manifest[],
  environment: string,
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  report(`${environment}: applying ${all.length} objects`);
  const applied = await inTurn(all, async (manifest) =>
    check(`${environment}: ${describeManifest(manifest)} is applied`, await tryApply(plane, [manifest])),
  );

  // A quota refuses everything until the controllers have counted once.
  await plane.waitFor('the quotas', 30, async () => {
    const { items } = await getJson<QuotaList>(plane, ['resourcequotas', '--all-namespaces']);
    return items.every(({ status }) => status !== undefined && 'hard' in status);
  });
  const workloads = all.filter((manifest) => podTemplateOf(manifest) !== undefined);
  report(`${environment}: creating the pods of ${workloads.length} workloads`);
  const pods = await inTurn(workloads, async (workload) =>
    check(`${environment}: a pod of ${describeManifest(workload)} is admitted`, await create(plane, podOf(workload))),
  );

  const deployment = deploymentOf(all, environment);
  const guarded = all.filter(({ kind, metadata }) => kind === 'ResourceQuota' && metadata.name === 'services');
  const spoiled = [
    ...spoiledObjects(podOf(deployment), deployment),
    ...guarded.flatMap(({ metadata }) => waysIn(metadata.namespace ?? '')),
  ];
  report(`${environment}: trying ${spoiled.length} spoiled objects`);
  const refused = await inTurn(spoiled, async (each) =>
    refusalOf(environment, each, await create(plane, each.manifest)),
  );
  return [...applied, ...pods, ...refused, await changedService(plane, all, environment)];
}

/** A Service of the platform can't become such a way in either. */
async function changedService(plane: ControlPlane, all: readonly Manifest[], environment: string): Promise<DrillCheck> {
  const service = all.find(isInner);
  if (service === undefined) throw new ProvingError(`dist/${environment} has no Service to change`);
  const { name, namespace = '' } = service.metadata;
  const patch = [
    'patch',
    'service',
    name,
    `--namespace=${namespace}`,
    '--dry-run=server',
    '--patch',
    '{"spec":{"type":"NodePort"}}',
  ];
  const what = `${describeManifest(service)} as a NodePort Service`;
  return refusalOf(environment, { what, refusedWith: /exceeded quota: services/ }, await tryKubectl(plane, patch));
}

/** A Service with an address and ports of its own, and with none of the nodes. */
export function isInner({ kind, spec }: Manifest): boolean {
  if (kind !== 'Service') return false;
  const {
    clusterIP,
    type = 'ClusterIP',
    ports = [],
  } = spec as Partial<Record<'clusterIP' | 'type', string>> & {
    readonly ports?: readonly object[];
  };
  return !clusterIP && type === 'ClusterIP' && ports.length > 0;
}

function refusalOf(
  environment: string,
  { what, refusedWith }: Pick<Spoiled, 'what' | 'refusedWith'>,
  { status, stderr }: Result,
): DrillCheck {
  const got =
    status === 0 ? 'admitted' : refusedWith.test(stderr) ? 'refused for it' : `refused: ${stderr.trim().slice(0, 300)}`;
  return { what: `${environment}: ${what}`, expected: 'refused for it', got };
}

function deploymentOf(all: readonly Manifest[], environment: string): Manifest {
  const deployment = all.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new ProvingError(`dist/${environment} has no Deployment to spoil`);
  return deployment;
}

function check(what: string, { status, stderr }: Result): DrillCheck {
  // A warning is what Pod Security says of a workload whose pods it will refuse.
  const warning = /^Warning: .*$/m.exec(stderr)?.[0];
  return { what, expected: 'yes', got: status === 0 ? (warning ?? 'yes') : stderr.trim().slice(0, 300) };
}
