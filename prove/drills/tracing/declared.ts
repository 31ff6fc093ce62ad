import { buildPlatform } from '../../../apps/platform.ts';
import { environmentInput } from '../../../config/index.ts';
import type { Tracing } from '../../../constructs/core/environment.ts';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { ProvingError } from '../../machine/error.ts';

/** What the constructs give the pods of an environment, which keeps traces for the drill whatever its file says. */
export class Declared {
  /** Of what keeps the traces, those that alerts ask for. */
  readonly numbers: readonly string[];
  private readonly manifests: readonly Manifest[];

  constructor(environment: string, tracing: Tracing) {
    const { observability } = environmentInput(environment);
    if (observability === undefined) throw new ProvingError(`nobody watches ${environment}`);
    const changes = { observability: { ...observability, tracing } };
    const { charts, alerts } = buildPlatform(environment, { changes });
    const asked = alerts.flatMap(({ props }) => props.expression.match(/\botelcol_\w+/g) ?? []);
    this.numbers = [...new Set(asked)].sort();
    this.manifests = charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
  }

  /** A file of a ConfigMap. */
  file(configMap: string, name: string): string {
    const { data } = this.manifest('ConfigMap', configMap) as Manifest & { readonly data?: Record<string, string> };
    const text = data?.[name];
    if (text === undefined) throw new ProvingError(`the ConfigMap ${configMap} has no ${name}`);
    return text;
  }

  /** The variables of the first container, as they are written. */
  variables(kind: string, name: string): Readonly<Record<string, string>> {
    const [container] = podTemplateOf(this.manifest(kind, name))?.spec?.containers ?? [];
    return Object.fromEntries((container?.env ?? []).map((each) => [each.name, each.value ?? '']));
  }

  private manifest(kind: string, name: string): Manifest {
    const found = this.manifests.find((each) => each.kind === kind && each.metadata.name === name);
    if (found === undefined) throw new ProvingError(`no ${kind} ${name}`);
    return found;
  }
}
