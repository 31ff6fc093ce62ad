import type { IPodTemplateSpec } from 'kubernetes-models/v1/PodTemplateSpec';
import type { Manifest } from '../constructs/core/manifest.ts';

interface Templated {
  readonly spec?: {
    readonly template?: IPodTemplateSpec;
    readonly jobTemplate?: { readonly spec?: { readonly template?: IPodTemplateSpec } };
    readonly selector?: { readonly matchLabels?: Readonly<Record<string, string>> };
    readonly replicas?: number;
  };
}

const controllers = new Set(['CronJob', 'DaemonSet', 'Deployment', 'Job', 'StatefulSet']);

/** The part of a manifest that says what its pods are; undefined for kinds without pods. */
export function podTemplateOf(manifest: Manifest): IPodTemplateSpec | undefined {
  if (!controllers.has(manifest.kind)) return undefined;
  const { spec } = manifest as Templated;
  return spec?.template ?? spec?.jobTemplate?.spec?.template;
}

/** The selector and size of a controller. */
export function controllerSpec(manifest: Manifest): NonNullable<Templated['spec']> {
  return (manifest as Templated).spec ?? {};
}
