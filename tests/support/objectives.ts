import { load } from 'js-yaml';
import { at, only } from './harness.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';

/** A rule of Prometheus, as far as tests look at it. */
export interface Rule {
  readonly record?: string | undefined;
  readonly alert?: string | undefined;
  readonly expr: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

export interface RuleGroup {
  readonly name: string;
  readonly rules: readonly Rule[];
}

function files(manifests: readonly Manifest[], name: string): [file: string, content: unknown][] {
  const data = at(only(manifests, 'ConfigMap', name), 'data') as Readonly<Record<string, string>>;
  return Object.entries(data).map(([file, text]) => [file, load(text)]);
}

/** Those of objectives among the rules that Prometheus reads. */
export function objectiveGroups(manifests: readonly Manifest[]): RuleGroup[] {
  return files(manifests, 'prometheus-rules')
    .filter(([file]) => file.startsWith('objectives-of-'))
    .flatMap(([, content]) => (content as { groups: RuleGroup[] }).groups);
}

/** What Sloth is given, as far as tests look at it. */
export interface Specification {
  readonly version: string;
  readonly service: string;
  readonly slos: readonly {
    readonly name: string;
    readonly objective: number;
    readonly sli: { readonly events: { readonly error_query: string; readonly total_query: string } };
  }[];
}

export function specifications(manifests: readonly Manifest[]): Specification[] {
  return files(manifests, 'objectives').map(([, content]) => content as Specification);
}
