/** A property of the generated output: it holds when a test of this name is in this file. */
export interface StaticProof {
  readonly kind: 'static';
  readonly test: `tests/${string}.test.ts`;
  /** Title of the test itself, without those of the `describe` blocks around it. */
  readonly name: string;
}

/** A figure of a drill: its unit, such as `s`, and one limit; none if it has to be measured but has no bound. */
export interface Measure {
  readonly unit: string;
  readonly below?: number;
  readonly atMost?: number;
  readonly atLeast?: number;
}

/** Measured on the real programs by an area of prove/drills/, which writes prove/results/ID.json. */
export interface DrillProof {
  readonly kind: 'drill';
  /** Figures that every round has to hold, by name. Without any, every round has to hold checks instead. */
  readonly measures?: Readonly<Record<string, Measure>>;
}

/** What cannot be proven without the real provider. */
export interface StatedProof {
  readonly kind: 'stated';
  readonly reason: string;
  /** What checks it on the real thing, where that is planned. */
  readonly check?: string;
}

export type Proof = StaticProof | DrillProof | StatedProof;

/** A sentence of the mission and how it is proven; all of its proofs have to hold. */
export interface PromiseEntry<Id extends string = string> {
  readonly id: Id;
  readonly promise: string;
  /** The bound in words. What a drill is judged by stands in its `measures`: the stronger bound if there are two. */
  readonly bound: string;
  readonly proofs: readonly [Proof, ...Proof[]];
}
