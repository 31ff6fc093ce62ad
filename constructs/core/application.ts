import type { ApplicationChart, ApplicationChartProps } from './application-chart.ts';
import type { Environment } from './environment.ts';

type AnyApplication = Application<unknown>;
export type Uses = Readonly<Record<string, AnyApplication>>;

/** What another application hands out: its constructs, whose endpoints can be wired. */
export type Exports<A> = A extends Application<infer E> ? E : never;

/** One row of the table in `apps/index.ts`. */
export interface Application<E> {
  readonly name: string;
  readonly props: ApplicationChartProps;
  readonly uses: Uses;
  build(scope: ApplicationChart, environment: Environment, used: Readonly<Record<string, unknown>>): E;
}

export interface ApplicationProps<U extends Uses> extends ApplicationChartProps {
  /**
   * Applications whose objects this one wires: the only way to reach them. Waves come from the wires, not from here.
   * @default none
   */
  readonly uses?: U;
}

/** Defines an Argo CD application. `build` runs once an environment, after those it uses. */
export function application<E, const U extends Uses = Readonly<Record<string, never>>>(
  name: string,
  { uses, ...props }: ApplicationProps<U>,
  build: (scope: ApplicationChart, environment: Environment, used: { readonly [K in keyof U]: Exports<U[K]> }) => E,
): Application<E> {
  return {
    name,
    props,
    uses: uses ?? {},
    build: (scope, environment, used) => build(scope, environment, used as { readonly [K in keyof U]: Exports<U[K]> }),
  };
}
