import path from 'node:path';
import { environments } from '../../../config/index.ts';
import { describeManifest, typeOf } from '../../../constructs/core/manifest.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { makerNames, makers } from '../../../scripts/import/makers.ts';
import { objectFindings } from '../../../synth/api-server/index.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { toYaml } from '../../../synth/yaml.ts';
import { ControlPlane } from '../../cluster/control-plane.ts';
import type { Answer } from '../../cluster/control-plane.ts';
import { committedObjects, defineCustomResources, inOrder } from '../../delivery/committed.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import type { Area, Outcome } from '../area.ts';
import type { Ground } from '../ground.ts';
import { breaking, brokenRules } from './broken-rules.ts';
import { mistakesOf } from './mistakes.ts';
import { podOf, spoiledObjects, waysIn } from './spoiled.ts';
import type { Spoiled } from './spoiled.ts';
import { refusedInPlace, updatesOf, verdictOfSynthOn } from './updates.ts';
import { expectedVerdicts, variantsOf, verdictOfSynth } from './variants.ts';
import { valuesIn, whyStricter } from './values.ts';

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
    'prove/cluster/settings.ts',
  ],
  run: admission,
};

const dryRun = ['create', '--dry-run=server', '--validate=strict', '-f', '-'];

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
    try {
      await defineCustomResources(plane);
      const all = inOrder(['dist', 'argocd'].flatMap((folder) => committedObjects(root, `${folder}/${environment}`)));
      checks.push(...(await objectsOf(plane, all, environment, report)));
      const verdicts = verdictsOf(plane, all, environment, report);
      checks.push(...verdicts.checks);
      rows.push(...verdicts.rows);
      const fresh = all.filter((manifest) => !tried.has(typeOf(manifest)));
      for (const manifest of all) tried.add(typeOf(manifest));
      checks.push(...mistakesIn(plane, fresh, report));
      const values = valuesOf(plane, fresh, environment, report);
      checks.push(...values.checks, ...brokenRulesIn(plane, fresh, report));
      rows.push(...values.rows);
      checks.push(...updatesIn(plane, all, environment, report));
    } finally {
      await plane.stop();
    }
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
  const workloads = all.filter((manifest) => podTemplateOf(manifest) !== undefined);
  report(`${environment}: creating the pods of ${workloads.length} workloads`);
  const pods = workloads.map((workload) =>
    check(`${environment}: a pod of ${describeManifest(workload)} is admitted`, create(plane, podOf(workload))),
  );

  const deployment = deploymentOf(all, environment);
  const guarded = all.filter(({ kind, metadata }) => kind === 'ResourceQuota' && metadata.name === 'services');
  const spoiled = [
    ...spoiledObjects(podOf(deployment), deployment),
    ...guarded.flatMap(({ metadata }) => waysIn(metadata.namespace ?? '')),
  ];
  report(`${environment}: trying ${spoiled.length} spoiled objects`);
  const refused = spoiled.map((each) => refusalOf(environment, each, create(plane, each.manifest)));
  return [...applied, ...pods, ...refused, changedService(plane, all, environment)];
}

/** A Service of the platform can't become such a way in either. */
function changedService(plane: ControlPlane, all: readonly Manifest[], environment: string): DrillCheck {
  const service = all.find(
    ({ kind, spec }) => kind === 'Service' && !(spec as { readonly clusterIP?: string }).clusterIP && ports(spec) > 0,
  );
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
  return refusalOf(environment, { what, refusedWith: /exceeded quota: services/ }, plane.kubectl(patch));
}

const ports = (spec: unknown): number => (spec as { readonly ports?: readonly object[] }).ports?.length ?? 0;

function refusalOf(
  environment: string,
  { what, refusedWith }: Pick<Spoiled, 'what' | 'refusedWith'>,
  { ok, stderr }: Answer,
): DrillCheck {
  const got = ok ? 'admitted' : refusedWith.test(stderr) ? 'refused for it' : `refused: ${stderr.trim().slice(0, 300)}`;
  return { what: `${environment}: ${what}`, expected: 'refused for it', got };
}

function deploymentOf(all: readonly Manifest[], environment: string): Manifest {
  const deployment = all.find(({ kind }) => kind === 'Deployment');
  if (deployment === undefined) throw new ProvingError(`dist/${environment} has no Deployment to spoil`);
  return deployment;
}

/** Whose refusal counts: Pod Security's, and of privileged containers the server's own, which comes before. */
const gates = /violates PodSecurity "restricted:latest"|privileged: Forbidden: disallowed by cluster policy/;

/** What synth and the real admission say of each variant of a pod, as checks and as rows of the table. */
function verdictsOf(
  plane: ControlPlane,
  all: readonly Manifest[],
  environment: string,
  report: (line: string) => void,
): { readonly checks: readonly DrillCheck[]; readonly rows: string[][] } {
  const variants = variantsOf(podOf(deploymentOf(all, environment)));
  report(`${environment}: asking synth and Pod Security of ${variants.length} pods`);
  const named = variants.map(({ pod }, index) => renamed(pod, `variant-${index}`));
  const { stdout, stderr } = plane.kubectl(dryRun, named.map(toYaml).join('---\n'));
  const asked = variants.map((variant, index) => {
    const { what, pod, refusedFor, stricter = '' } = variant;
    const answer = stderr.split('\n').find((line) => line.includes(`"variant-${index}"`)) ?? 'no answer';
    const isFor = refusedFor?.test(answer) === true && gates.test(answer);
    const refused = isFor ? 'refused' : `for something else: ${answer.slice(0, 300)}`;
    const server = stdout.includes(`/variant-${index} created`) ? 'admitted' : refused;
    const synth = verdictOfSynth(pod);
    const expected = expectedVerdicts(variant);
    const say = (by: { readonly synth: string; readonly server: string }) =>
      `synth: ${by.synth}, API server: ${by.server}`;
    return {
      check: { what: `${environment}: a pod with ${what}`, expected: say(expected), got: say({ synth, server }) },
      row: [environment, what, synth, server, stricter],
    };
  });
  return { checks: asked.map(({ check }) => check), rows: asked.map(({ row }) => row) };
}

/** What synth and the server say of changes of what is there: of each, that it can be made in place, or can't. */
function updatesIn(
  plane: ControlPlane,
  all: readonly Manifest[],
  environment: string,
  report: (line: string) => void,
): DrillCheck[] {
  const updates = updatesOf(all);
  report(`${environment}: asking synth and the server of ${updates.length} changes of what is there`);
  return updates.map((update) => {
    const { ok, stderr } = plane.apply([update.manifest], '--dry-run=server');
    const refused = refusedInPlace.test(stderr) ? 'refused' : `for something else: ${stderr.trim().slice(0, 300)}`;
    const say = (synth: string, server: string): string => `synth: ${synth}, API server: ${server}`;
    return {
      what: `${environment}: ${update.what}`,
      expected: say(update.verdict, update.verdict),
      got: say(verdictOfSynthOn(update, all), ok ? 'taken' : refused),
    };
  });
}

/** Whether the server refuses every mistake of form in an object of each kind. */
function mistakesIn(plane: ControlPlane, fresh: readonly Manifest[], report: (line: string) => void): DrillCheck[] {
  const mistakes = mistakesOf(fresh);
  if (mistakes.length === 0) return [];
  report(`trying ${mistakes.length} mistakes of form, which synth refuses`);
  const admitted = admittedOf(plane, mistakes);
  return mistakes.map(({ what }, index) => ({
    what,
    expected: 'refused',
    got: admitted.has(index) ? 'admitted' : 'refused',
  }));
}

/** What synth and the server say of values of the right type; a row for each on which they differ. */
function valuesOf(
  plane: ControlPlane,
  fresh: readonly Manifest[],
  environment: string,
  report: (line: string) => void,
): { readonly checks: readonly DrillCheck[]; readonly rows: string[][] } {
  const values = valuesIn(fresh);
  if (values.length === 0) return { checks: [], rows: [] };
  report(`asking synth and the server of ${values.length} values in objects of every kind`);
  const admitted = admittedOf(plane, values);
  const asked = values.map((value, index) => {
    const server = admitted.has(index) ? 'admitted' : 'refused';
    const synth = objectFindings(value.manifest).length === 0 ? 'admitted' : 'refused';
    const because = whyStricter(value);
    const isKnown = server === 'admitted' && synth === 'refused' && because !== undefined;
    const what = `${value.place}: ${value.value}`;
    const got = isKnown ? `synth: ${server}` : `synth: ${synth}`;
    return {
      check: { what: `${what} (as the server)`, expected: `synth: ${server}`, got },
      rows: server === synth ? [] : [[environment, what, synth, server, because ?? '']],
    };
  });
  return { checks: asked.map(({ check }) => check), rows: asked.flatMap(({ rows }) => rows) };
}

/** Rules between fields, each broken in an object that has its form. */
function brokenRulesIn(plane: ControlPlane, fresh: readonly Manifest[], report: (line: string) => void): DrillCheck[] {
  const broken = brokenRules.flatMap((rule) => {
    const manifest = breaking(fresh, rule);
    return manifest === undefined ? [] : [{ rule, manifest }];
  });
  if (broken.length === 0) return [];
  report(`trying ${broken.length} broken rules`);
  const admitted = admittedOf(plane, broken);
  return broken.map(({ rule: [what, kind, , , , stricter], manifest }, index) => ({
    what: `${kind}: ${what}`,
    expected: `synth: refused, API server: ${stricter === undefined ? 'refused' : 'admitted'}`,
    got:
      `synth: ${objectFindings(manifest).length === 0 ? 'admitted' : 'refused'}, ` +
      `API server: ${admitted.has(index) ? 'admitted' : 'refused'}`,
  }));
}

/** Which of the objects the server would create, by their place. One call asks of all, because they are hundreds. */
function admittedOf(plane: ControlPlane, tried: readonly { readonly manifest: Manifest }[]): ReadonlySet<number> {
  const named = tried.map(({ manifest }, index) => renamed(manifest, `mistake-${index}`));
  const { stdout, stderr } = plane.kubectl(dryRun, named.map(toYaml).join('---\n'));
  const admitted = new Set([...stdout.matchAll(/\/mistake-(\d+) created/g)].map(([, index]) => Number(index)));
  const refused = stderr.match(/^(Error from server|The \S+ "?mistake-)/gm)?.length ?? 0;
  // A policy judges what has passed for its form.
  const judged = [...stderr.matchAll(/^.*"mistake-(\d+)" is \S+: .*ValidatingAdmissionPolicy/gm)];
  for (const [, index] of judged) admitted.add(Number(index));
  // Else kubectl itself answered for some, and the server never saw them.
  if (admitted.size - judged.length + refused !== tried.length) {
    throw new ProvingError(`${tried.length} objects, ${admitted.size} admitted, ${refused} refused: ${stderr}`);
  }
  return admitted;
}

/** Asks the server whether it would create the object, and leaves nothing behind. */
function create(plane: ControlPlane, manifest: Manifest): Answer {
  return plane.kubectl(dryRun, toYaml(manifest));
}

/** The object under another name, by which its answer is found among those of one call. */
function renamed(manifest: Manifest, name: string): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, name } };
}

function check(what: string, { ok, stderr }: Answer): DrillCheck {
  // A warning is what Pod Security says of a workload whose pods it will refuse.
  const warning = /^Warning: .*$/m.exec(stderr)?.[0];
  return { what, expected: 'yes', got: ok ? (warning ?? 'yes') : stderr.trim().slice(0, 300) };
}
