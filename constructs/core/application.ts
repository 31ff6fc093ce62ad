import type { ApplicationChart, Layer } from './application-chart.ts';
import type { Environment } from './environment.ts';
import type { NamespaceDefinition } from './namespace.ts';

type AnyApplication = Application<unknown>;
export type Uses = Readonly<Record<string, AnyApplication>>;

/** What another application hands out: its constructs, whose endpoints can be wired. */
export type Exports<A> = A extends Application<infer E> ? E : never;

/** One row of the table in `apps/index.ts`. */
export interface Application<E> {
  readonly name: string;
  readonly layer: Layer;
  namespace(environment: Environment): NamespaceDefinition;
  uses(): Uses;
  build(scope: ApplicationChart, environment: Environment, used: Readonly<Record<string, unknown>>): E;
}

export interface ApplicationProps<U extends Uses> {
  readonly layer: Layer;
  /** The namespace of its objects, where it depends on the environment as a function of it. */
  readonly namespace: NamespaceDefinition | ((environment: Environment) => NamespaceDefinition);
  /**
   * Applications whose objects this one wires: the only way to reach them. Waves come from the wires, not from here. A
   * function, because files of applications that use each other import each other; one of the two then has to write its
   * type, `Application<...>`, down.
   * @default none
   */
  readonly uses?: () => U;
}

/**
 * Defines an Argo CD application. `build` runs once an environment. Reading `used.other` builds the other one, if that
 * has not happened: two that use each other work where at least one reads `used` later, in a construct's `collect`.
 */
export function application<E, const U extends Uses = Readonly<Record<string, never>>>(
  name: string,
  { layer, namespace, uses }: ApplicationProps<U>,
  build: (scope: ApplicationChart, environment: Environment, used: { readonly [K in keyof U]: Exports<U[K]> }) => E,
): Application<E> {
  return {
    name,
    layer,
    namespace: (environment) => (typeof namespace === 'function' ? namespace(environment) : namespace),
    uses: () => uses?.() ?? {},
    build: (scope, environment, used) => build(scope, environment, used as { readonly [K in keyof U]: Exports<U[K]> }),
  };
}
