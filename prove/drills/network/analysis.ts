import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { DeclaredEdge } from '../../../synth/network/compare.ts';
import { reachability } from '../../../synth/network/evaluate.ts';
import type { PodGroup } from '../../../synth/network/evaluate.ts';
import type { DrillCheck } from '../../results/index.ts';
import { connectionsOf, missingFrom } from './connections.ts';
import type { Connection, End } from './connections.ts';
import type { StandIn } from './stand-ins.ts';

/** How far two readings of the policies are from what the wires declare. */
export interface Analysis {
  readonly checks: readonly DrillCheck[];
  /** Ways in which the repository's own evaluator differs. */
  readonly evaluator: number;
  /** Ways in which np-guard's analyzer differs. */
  readonly analyzer: number;
}

export interface Readings {
  readonly committed: readonly Manifest[];
  readonly foreign: readonly PodGroup[];
  readonly declared: readonly DeclaredEdge[];
  /** Every pod that the analyzer saw. */
  readonly standIns: readonly StandIn[];
  /** What it made of them. */
  readonly analyzed: readonly Connection[];
}

/** Compares what the wires declare with what the evaluator and the analyzer make of the committed policies. */
export function analysisOf({ committed, foreign, declared, standIns, analyzed }: Readings): Analysis {
  const wires = connectionsOf(declared);
  const own = new Set(
    committed.flatMap(({ kind, metadata }) =>
      kind === 'Namespace' ? metadata.name : kind === 'NetworkPolicy' ? (metadata.namespace ?? '') : [],
    ),
  );
  const groups = new Map(standIns.map(({ group, namespace, name }) => [`${namespace}/${name}`, group]));
  const nameOf = (end: End): End => (typeof end === 'string' ? (groups.get(end)?.name ?? end) : end);
  const isOwn = (end: End): boolean => typeof end === 'string' && own.has(groups.get(end)?.namespace ?? '');
  // What pods of others may do among themselves and outside is not said by these policies.
  const governed = analyzed.filter(({ from, to }) => isOwn(from) || isOwn(to));
  const evaluator = differences(wires, connectionsOf(reachability(committed, { foreign })));
  const analyzer = differences(
    wires,
    governed.map((each) => ({ ...each, from: nameOf(each.from), to: nameOf(each.to) })),
  );
  return {
    checks: [
      { what: 'the evaluator of this repository, against the wires', ...evaluator.check },
      { what: "np-guard's analyzer, against the wires", ...analyzer.check },
    ],
    evaluator: evaluator.count,
    analyzer: analyzer.count,
  };
}

function differences(declared: readonly Connection[], found: readonly Connection[]) {
  const closed = missingFrom(found, declared);
  const open = missingFrom(declared, found);
  const lines = [
    ...closed.map((each) => `${each} is declared and not allowed`),
    ...open.map((each) => `${each} is allowed and not declared`),
  ];
  return {
    count: lines.length,
    check: { expected: 'the same connections', got: lines.join('; ') || 'the same connections' },
  };
}
