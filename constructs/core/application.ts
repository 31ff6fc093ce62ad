import { layers } from './application-chart.ts';
import type { ApplicationChart, Layer } from './application-chart.ts';
import type { Environment } from './environment.ts';
import { InputError } from './error.ts';
import { checkOptions } from './option-names.ts';
import type { OptionNames } from './option-names.ts';
import type { NamespaceDefinition } from './namespace.ts';

type AnyApplication = Application<unknown>;
/** By the names they are read by; undefined for one that this environment has not. */
export type Uses = Readonly<Record<string, AnyApplication | undefined>>;

/** What another application hands out: its constructs, whose endpoints can be wired. */
export type Exports<A> = A extends Application<infer E> ? E : undefined;

/** One row of the table in `apps/index.ts`. */
export interface Application<E> {
  readonly name: string;
  readonly layer: Layer;
  namespace(environment: Environment): NamespaceDefinition;
  uses(environment: Environment): Uses;
  build(scope: ApplicationChart, environment: Environment, used: Readonly<Record<string, unknown>>): E;
}

export interface ApplicationProps<U extends Uses> {
  readonly layer: Layer;
  /** The namespace of its objects, where it depends on the environment as a function of it. */
  readonly namespace: NamespaceDefinition | ((environment: Environment) => NamespaceDefinition);
  /**
   * Applications whose objects this one wires: the only way to reach them. Waves come from the wires, not from here. A
   * function, because files of applications that use each other import each other; one of the two then has to write its
   * type, `Application<...>`, down. What some environments have not is undefined there.
   * @default none
   */
  readonly uses?: (environment: Environment) => U;
}

const options: OptionNames<ApplicationProps<Uses>> = { layer: 'required', namespace: 'required', uses: true };

/**
 * Defines an Argo CD application. `build` runs once an environment. Reading `used.other` builds the other one, if that
 * has not happened: two that use each other work where at least one reads `used` later, in a construct's `collect`.
 */
export function application<E, const U extends Uses = Readonly<Record<string, never>>>(
  name: string,
  props: ApplicationProps<U>,
  build: (scope: ApplicationChart, environment: Environment, used: { readonly [K in keyof U]: Exports<U[K]> }) => E,
): Application<E> {
  checkApplication(name, props);
  const { layer, namespace, uses } = props;
  return {
    name,
    layer,
    namespace: (environment) => (typeof namespace === 'function' ? namespace(environment) : namespace),
    uses: (environment) => uses?.(environment) ?? {},
    build: (scope, environment, used) => build(scope, environment, used as { readonly [K in keyof U]: Exports<U[K]> }),
  };
}

/** TypeScript says it too, but synth runs without the type checker: another layer would be one that Argo CD never walks. */
function checkApplication(name: string, props: ApplicationProps<Uses>): void {
  const where = `application ${name}`;
  checkOptions(where, props, options);
  if (layers.includes(props.layer)) return;
  throw new InputError({
    where,
    what: `its layer is ${JSON.stringify(props.layer)}`,
    allowed: layers.join(', '),
    remedy: 'name one of these: Argo CD walks them in this order',
  });
}
