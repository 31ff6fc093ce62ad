import { describeManifest } from '../../../constructs/core/manifest.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { objectFindings } from '../../../synth/api-server/index.ts';
import type { ControlPlane } from '../../cluster/control-plane.ts';
import { apply, tryApply } from '../../cluster/kubectl.ts';
import { ProvingError } from '../../machine/error.ts';
import type { DrillCheck } from '../../results/index.ts';
import { another, apart, create, inTurn } from './asking.ts';
import { breaking, brokenRules } from './broken-rules.ts';
import { mistakesOf } from './mistakes.ts';
import { podOf } from './spoiled.ts';
import { refusedInPlace, updatesOf, verdictOfSynthOn } from './updates.ts';
import { expectedVerdicts, variantsOf, verdictOfSynth } from './variants.ts';
import { valuesIn, whyStricter } from './values.ts';

// What synth says of objects and what the server says: where it matters, the same.

interface Verdicts {
  readonly checks: readonly DrillCheck[];
  /** Of the table. */
  readonly rows: string[][];
}

/** Whose refusal counts: Pod Security's, and of privileged containers the server's own, which comes before. */
const gates = /violates PodSecurity "restricted:latest"|privileged: Forbidden: disallowed by cluster policy/;

/** What synth and the real admission say of each variant of a pod, as checks and as rows of the table. */
export async function verdictsOf(
  plane: ControlPlane,
  deployment: Manifest,
  environment: string,
  report: (line: string) => void,
): Promise<Verdicts> {
  const variants = variantsOf(podOf(deployment));
  report(`${environment}: asking synth and Pod Security of ${variants.length} pods`);
  const named = variants.map(({ pod }, index) => renamed(pod, `variant-${index}`));
  const { stdout, stderr } = await create(plane, ...named);
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
export async function updatesIn(
  plane: ControlPlane,
  all: readonly Manifest[],
  environment: string,
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  const updates = updatesOf(all);
  report(`${environment}: asking synth and the server of ${updates.length} changes of what is there`);
  return inTurn(updates, async (update) => {
    const { status, stderr } = await tryApply(plane, [update.manifest], '--dry-run=server');
    const refused = refusedInPlace.test(stderr) ? 'refused' : `for something else: ${stderr.trim().slice(0, 300)}`;
    const say = (synth: string, server: string): string => `synth: ${synth}, API server: ${server}`;
    return {
      what: `${environment}: ${update.what}`,
      expected: say(update.verdict, update.verdict),
      got: say(verdictOfSynthOn(update, all), status === 0 ? 'taken' : refused),
    };
  });
}

/** Whether the server takes each object once more, unchanged: else it refuses any change of it, and none was judged. */
export async function samplesIn(
  plane: ControlPlane,
  fresh: readonly Manifest[],
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  if (fresh.length === 0) return [];
  report(`asking the server of ${fresh.length} objects as they are, which others are made of`);
  const refused = await refusedOf(
    plane,
    fresh.map((manifest) => ({ manifest })),
  );
  return fresh.map((manifest, index) => ({
    what: `${describeManifest(manifest)} is taken once more, unchanged`,
    expected: 'yes',
    got: refused.get(index) ?? 'yes',
  }));
}

/** Whether the server refuses every mistake of form in an object of each kind. */
export async function mistakesIn(
  plane: ControlPlane,
  fresh: readonly Manifest[],
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  const mistakes = mistakesOf(fresh);
  if (mistakes.length === 0) return [];
  report(`trying ${mistakes.length} mistakes of form, which synth refuses`);
  const refused = await refusedOf(plane, mistakes);
  return mistakes.map(({ what }, index) => ({
    what,
    expected: 'refused',
    got: refused.has(index) ? 'refused' : 'admitted',
  }));
}

/** What synth and the server say of values of the right type; a row for each on which they differ. */
export async function valuesOf(
  plane: ControlPlane,
  fresh: readonly Manifest[],
  environment: string,
  report: (line: string) => void,
): Promise<Verdicts> {
  const values = valuesIn(fresh);
  if (values.length === 0) return { checks: [], rows: [] };
  report(`asking synth and the server of ${values.length} values in objects of every kind`);
  const refused = await refusedOf(plane, values);
  const asked = values.map((value, index) => {
    const refusal = refused.get(index);
    const server = refusal === undefined ? 'admitted' : 'refused';
    const synth = objectFindings(value.manifest).length === 0 ? 'admitted' : 'refused';
    const because = whyStricter(value);
    const isKnown = server === 'admitted' && synth === 'refused' && because !== undefined;
    const what = `${value.place}: ${value.value}`;
    const got = synth === server || isKnown ? `synth: ${server}` : `synth: ${synth}; server: ${refusal ?? server}`;
    return {
      check: { what: `${what} (as the server)`, expected: `synth: ${server}`, got },
      rows: server === synth ? [] : [[environment, what, synth, server, because ?? '']],
    };
  });
  return { checks: asked.map(({ check }) => check), rows: asked.flatMap(({ rows }) => rows) };
}

/** Rules between fields, each broken in an object that has its form. */
export async function brokenRulesIn(
  plane: ControlPlane,
  fresh: readonly Manifest[],
  report: (line: string) => void,
): Promise<DrillCheck[]> {
  const broken = brokenRules.flatMap((rule) => {
    const manifest = breaking(fresh, rule);
    return manifest === undefined ? [] : [{ rule, manifest }];
  });
  if (broken.length === 0) return [];
  report(`trying ${broken.length} broken rules`);
  const refused = await refusedOf(plane, broken);
  return broken.map(({ rule: [what, kind, , , , stricter], manifest }, index) => ({
    what: `${kind}: ${what}`,
    expected: `synth: refused, API server: ${stricter === undefined ? 'refused' : 'admitted'}`,
    got:
      `synth: ${objectFindings(manifest).length === 0 ? 'admitted' : 'refused'}, ` +
      `API server: ${refused.has(index) ? 'refused' : 'admitted'}`,
  }));
}

/** Which of the objects the server would not create, and why. One call asks of all, because they are hundreds. */
async function refusedOf(
  plane: ControlPlane,
  tried: readonly { readonly manifest: Manifest }[],
): Promise<ReadonlyMap<number, string>> {
  await apply(plane, [apart]);
  const named = tried.map(({ manifest }, index) => another(manifest, `mistake-${index}`));
  const { stdout, stderr } = await create(plane, ...named);
  const admitted = new Set([...stdout.matchAll(/\/mistake-(\d+) created/g)].map(([, index]) => Number(index)));
  const refused = stderr.match(/^(Error from server|The \S+ "?mistake-)/gm)?.length ?? 0;
  // A policy judges what has passed for its form.
  const judged = [...stderr.matchAll(/^.*"mistake-(\d+)" is \S+: .*ValidatingAdmissionPolicy/gm)];
  for (const [, index] of judged) admitted.add(Number(index));
  // Else kubectl itself answered for some, and the server never saw them.
  if (admitted.size - judged.length + refused !== tried.length) {
    throw new ProvingError(`${tried.length} objects, ${admitted.size} admitted, ${refused} refused: ${stderr}`);
  }
  // What has another form than its kind is refused without its name.
  const answers = new Map(
    [...stderr.matchAll(/^.*"mistake-(\d+)".*$/gm)].map(([line, index]) => [Number(index), line]),
  );
  const refusals = [...tried.keys()].map((index) => [index, answers.get(index)?.slice(0, 300) ?? 'its form'] as const);
  return new Map(refusals.filter(([index]) => !admitted.has(index)));
}

/** The object under another name, by which its answer is found among those of one call. */
function renamed(manifest: Manifest, name: string): Manifest {
  return { ...manifest, metadata: { ...manifest.metadata, name } };
}
