import { layers } from './application-chart.ts';
import type { ApplicationChart } from './application-chart.ts';
import { isPodPeer } from './endpoint.ts';
import { InputError } from './error.ts';
import { PodOwner } from './pod-owner.ts';
import type { Wire } from './wire.ts';

/** Room between layers, so that one layer's inner order never runs into the next. */
const wavesPerLayer = 10;

/** What an application needs of another one. */
export interface Need {
  readonly application: string;
  readonly because: string;
}

/**
 * The sync wave of each application: its layer's, moved on behind what it needs in the same layer.
 * @throws InputError naming the cycle, or the wire that needs a later layer
 */
export function waves(
  charts: readonly ApplicationChart[],
  needs: ReadonlyMap<string, readonly Need[]>,
): Map<string, number> {
  const byName = new Map(charts.map((chart) => [chart.application, chart]));
  refuseLaterLayers(byName, needs);

  const result = new Map<string, number>();
  const visit = (name: string, path: readonly Need[]): number => {
    const known = result.get(name);
    if (known !== undefined) return known;
    const start = path.findIndex(({ application }) => application === name);
    if (start >= 0) refuseCycle(path.slice(start));
    const chart = byName.get(name);
    const layer = layers.indexOf(chart?.layer ?? 'foundations');
    let wave = layer * wavesPerLayer;
    for (const need of needs.get(name) ?? []) {
      const other = visit(need.application, [...path, { application: name, because: need.because }]);
      if (byName.get(need.application)?.layer === chart?.layer) wave = Math.max(wave, other + 1);
    }
    result.set(name, wave);
    return wave;
  };
  for (const name of byName.keys()) visit(name, []);
  return result;
}

/** The applications that each application needs, by name, with the first reason for each. */
export function applicationNeeds(wires: readonly Wire[]): Map<string, Need[]> {
  const needs = new Map<string, Need[]>();
  for (const { client, endpoint, strength } of wires) {
    if (strength !== 'needs' || !(client instanceof PodOwner)) continue;
    for (const { peer } of endpoint.targets) {
      if (!isPodPeer(peer) || !(peer instanceof PodOwner) || peer.application === client.application) continue;
      const list = needs.get(client.application) ?? [];
      const because = `${client.name} needs ${endpoint.name}`;
      if (!list.some(({ application }) => application === peer.application)) {
        needs.set(client.application, [...list, { application: peer.application, because }]);
      }
    }
  }
  return needs;
}

function refuseLaterLayers(
  charts: ReadonlyMap<string, ApplicationChart>,
  needs: ReadonlyMap<string, readonly Need[]>,
): void {
  const findings = [...needs].flatMap(([name, list]) =>
    list.flatMap(({ application, because }) => {
      const own = charts.get(name)?.layer ?? 'applications';
      const other = charts.get(application)?.layer ?? 'foundations';
      if (layers.indexOf(other) <= layers.indexOf(own)) return [];
      return {
        where: `application ${name} (${own})`,
        what: `${because} of ${application}, which the later layer ${other} brings`,
        allowed: `needs within a layer or on an earlier one: ${layers.join(', ')}`,
        remedy: 'move one of the applications to another layer, or let the wire only observe',
      };
    }),
  );
  if (findings.length > 0) throw new InputError(findings);
}

function refuseCycle(cycle: readonly Need[]): never {
  const names = cycle.map(({ application }) => application);
  throw new InputError({
    where: `applications ${[...names, names[0]].join(' -> ')}`,
    what: `they need each other: ${cycle.map(({ because }) => because).join('; ')}`,
    allowed: 'an order in which each comes after what it needs',
    remedy: 'let one of these wires only observe, or put both sides into one application',
  });
}
