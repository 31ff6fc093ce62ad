import { buildPlatform } from '../../../apps/platform.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { fetchingHere } from '../../../scripts/import/module-files.ts';
import { renderedFacts } from '../../../scripts/import/render.ts';
import { committedFacts } from '../../../synth/upstream/facts.ts';
import type { UpstreamFacts } from '../../../synth/upstream/facts.ts';
import type { Cluster } from '../../cluster/handle.ts';
import type { DrillCheck } from '../../results/index.ts';

/** What upstream's sources bring, rendered here, and whether that is what is committed of them. */
export function renderedUpstream(cluster: Cluster): {
  readonly facts: readonly UpstreamFacts[];
  readonly objects: readonly Manifest[];
  readonly checks: readonly DrillCheck[];
} {
  const fetching = fetchingHere();
  const renderers = { helm: cluster.program('helm'), kubectl: cluster.program('kubectl'), fetching };
  const facts = renderedFacts([buildPlatform(cluster.plan.name)], renderers);
  return { facts, objects: facts.flatMap(({ objects }) => objects), checks: factChecks(facts, committedFacts()) };
}

/** A check for each source, and one for what nobody may bring. */
export function factChecks(rendered: readonly UpstreamFacts[], committed: readonly UpstreamFacts[]): DrillCheck[] {
  const policies = rendered
    .flatMap(({ objects }) => objects)
    .filter(({ kind }) => kind === 'NetworkPolicy')
    .map(({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  return [
    ...rendered.map(({ source, key, objects }) => {
      const known = committed.find((each) => each.key === key)?.objects ?? [];
      const lines = (list: readonly Manifest[]) => new Set(list.map((object) => JSON.stringify(object)));
      const [here, there] = [lines(objects), lines(known)];
      const differences = [
        ...[...here].filter((line) => !there.has(line)).map((line) => `rendered: ${line}`),
        ...[...there].filter((line) => !here.has(line)).map((line) => `committed: ${line}`),
      ];
      return {
        what: `what ${source} brings, rendered here, against imports/upstream.json`,
        expected: `the same ${here.size} objects`,
        got: differences.join('; ') || `the same ${here.size} objects`,
      };
    }),
    { what: "policies that upstream's sources bring", expected: 'none', got: policies.join(', ') || 'none' },
  ];
}
