import { Cpu } from '../constructs/core/cpu.ts';
import { workersOf } from '../constructs/core/environment.ts';
import type { Environment } from '../constructs/core/environment.ts';
import type { Finding } from '../constructs/core/error.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import { podDemand } from '../constructs/core/pod-demand.ts';
import type { PodDemand } from '../constructs/core/pod-demand.ts';
import { quantity } from '../constructs/core/quantity.ts';
import type { Committed } from './committed.ts';
import type { GeneratedFile } from './write/index.ts';

/** On a quota that is more than its workloads need: the number of the last release for which it stays so. */
export const heldAnnotation = 'diptych/held-for-release';

const units = {
  'requests.cpu': { inUnits: 1000, of: ({ millicores }: PodDemand['each']) => millicores },
  'requests.memory': { inUnits: 2 ** -20, of: ({ mebibytes }: PodDemand['each']) => mebibytes },
} as const;

type Resource = keyof typeof units;
const resources = Object.keys(units) as Resource[];

const kinds = ['cronjob', 'daemonset', 'deployment', 'horizontalpodautoscaler', 'job', 'resourcequota', 'statefulset'];

type Demands = ReadonlyMap<string, PodDemand>;

export interface HeldQuotas {
  readonly dist: readonly GeneratedFile[];
  readonly findings: readonly Finding[];
}

/**
 * Quotas are applied first, while the pods of the release before still run: in a release that shrinks, one keeps the room
 * for them and for the new ones beside them, and is lowered in the release after it. Applications that follow the branch
 * have no releases to tell the two apart, so there a step that is too large is refused.
 */
export function holdQuotas(
  committed: Committed,
  { nodes, release }: Pick<Environment, 'nodes' | 'release'>,
  dist: readonly GeneratedFile[],
): HeldQuotas {
  const quotas = dist.filter(
    ({ manifest }) => manifest.kind === 'ResourceQuota' && resources.some(isLimited(manifest)),
  );
  if (quotas.length === 0) return { dist, findings: [] };
  const workers = workersOf(nodes).length;
  const generated = new Set(dist.map((file) => file.path));
  const before = committed.files(generated, kinds).flatMap((file) => committed.manifests(file));
  const after = dist.map(({ manifest }) => manifest);
  const findings: Finding[] = [];
  const held = new Map<GeneratedFile, GeneratedFile>();
  for (const file of quotas) {
    const { namespace } = file.manifest.metadata;
    const room = roomFor(demandsIn(namespace, before, workers), demandsIn(namespace, after, workers));
    const former = before.filter((each) => each.kind === 'ResourceQuota' && isOf(each, file.manifest));
    const kept = former.filter((each) => release !== undefined && release <= heldFor(each));
    const amounts = resources.filter(isLimited(file.manifest)).map((resource) => {
      const wanted = limitOf(file.manifest, resource);
      return {
        resource,
        wanted,
        room: room[resource],
        least: Math.max(...kept.map((each) => limitOf(each, resource)), 0),
      };
    });
    const short = amounts.filter(({ wanted, room: needed }) => needed > wanted);
    if (release === undefined) findings.push(...short.map((amount) => tooLargeAStep(file.manifest, amount)));
    else if (amounts.some(({ wanted, room: needed, least }) => Math.max(needed, least) > wanted)) {
      const last = Math.max(...kept.map(heldFor), short.length > 0 ? release + 1 : 0);
      const hard = amounts.map(({ resource, ...given }) => [
        resource,
        text(resource, Math.max(...Object.values(given))),
      ]);
      held.set(file, { ...file, manifest: withHard(file.manifest, Object.fromEntries(hard) as object, last) });
    }
  }
  return { dist: dist.map((file) => held.get(file) ?? file), findings };
}

function tooLargeAStep(
  manifest: Manifest,
  { resource, wanted, room }: { readonly resource: Resource; readonly wanted: number; readonly room: number },
): Finding {
  return {
    where: describeManifest(manifest),
    what: `${resource} would be ${text(resource, wanted)} while pods that may request ${text(resource, room)} still run: their successors would never start`,
    allowed: 'steps of no more than half of what runs, where applications follow the branch',
    remedy: 'lower the sizes in several commits, each after the one before is Healthy; or release by tags',
  };
}

/** What runs at full size, and beside it what a release brings before anything goes. */
function roomFor(before: Demands, after: Demands): Readonly<Record<Resource, number>> {
  const room = (resource: Resource): number => {
    const { of } = units[resource];
    const runs = [...before.values()].reduce((sum, { full, each }) => sum + full * of(each), 0);
    const comes = [...after].map(([key, { full, most, each }]) => {
      const old = before.get(key);
      const grows = full * of(each) - (old === undefined ? 0 : old.full * of(old.each));
      // The pod of a Job may still be on its way out.
      return (most - full) * of(each) + (isJob(key) ? full * of(each) : Math.max(0, grows));
    });
    return runs + comes.reduce((sum, each) => sum + each, 0);
  };
  return { 'requests.cpu': room('requests.cpu'), 'requests.memory': room('requests.memory') };
}

function demandsIn(namespace: string | undefined, manifests: readonly Manifest[], workers: number): Demands {
  const own = manifests.filter(({ metadata }) => metadata.namespace === namespace);
  const autoscalers = own.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
  const pods = own.filter(({ kind }) => kinds.includes(kind.toLowerCase()) && !/Quota|Autoscaler/.test(kind));
  return new Map(
    pods.map((manifest) => {
      const autoscaler = autoscalers.find(({ spec }) => scales(spec, manifest));
      return [`${manifest.kind} ${manifest.metadata.name}`, podDemand(manifest, workers, autoscaler)];
    }),
  );
}

function scales(spec: unknown, { kind, metadata }: Manifest): boolean {
  const { scaleTargetRef: target } = spec as {
    readonly scaleTargetRef: { readonly kind: string; readonly name: string };
  };
  return target.kind === kind && target.name === metadata.name;
}

function isJob(key: string): boolean {
  return /^(Cron)?Job /.test(key);
}

function isOf(one: Manifest, { metadata }: Manifest): boolean {
  return one.metadata.name === metadata.name && one.metadata.namespace === metadata.namespace;
}

function hardOf({ spec }: Manifest): Readonly<Record<string, unknown>> {
  return (spec as { readonly hard?: Readonly<Record<string, unknown>> } | undefined)?.hard ?? {};
}

function isLimited(manifest: Manifest): (resource: Resource) => boolean {
  return (resource) => resource in hardOf(manifest);
}

function limitOf(manifest: Manifest, resource: Resource): number {
  return (quantity(hardOf(manifest)[resource]) ?? 0) * units[resource].inUnits;
}

function heldFor({ metadata }: Manifest): number {
  return Number(metadata.annotations?.[heldAnnotation] ?? -1);
}

function text(resource: Resource, amount: number): string {
  return resource === 'requests.cpu' ? Cpu.millicores(Math.ceil(amount)).asString() : `${Math.ceil(amount)}Mi`;
}

function withHard(manifest: Manifest, hard: object, last: number): Manifest {
  const { metadata, spec } = manifest;
  return {
    ...manifest,
    metadata: { ...metadata, annotations: { ...metadata.annotations, [heldAnnotation]: String(last) } },
    spec: { ...(spec as object), hard: { ...hardOf(manifest), ...hard } },
  };
}
