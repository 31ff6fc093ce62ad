import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { changed } from './changed.ts';
import type { Path } from './changed.ts';

/** One way to be wrong, and what the API server says to it. */
export interface Spoiled {
  readonly what: string;
  readonly manifest: Manifest;
  readonly refusedWith: RegExp;
}

const container: Path = ['spec', 'containers', 0];

/**
 * Objects that must not get past the API server, each made of a committed one by one change.
 * @param pod a pod as a committed Deployment would make it
 */
export function spoiledObjects(pod: Manifest, deployment: Manifest): Spoiled[] {
  const inPod = (what: string, path: Path, value: unknown, refusedWith: RegExp): Spoiled => ({
    what,
    manifest: changed(pod, path, value),
    refusedWith,
  });
  const inDeployment = (what: string, path: Path, value: unknown, refusedWith: RegExp): Spoiled => ({
    what,
    manifest: changed(deployment, path, value),
    refusedWith,
  });
  return [
    inPod(
      'an account that does not exist',
      ['spec', 'serviceAccountName'],
      'nobody',
      /serviceaccount "nobody" not found/,
    ),
    inPod('a priority that does not exist', ['spec', 'priorityClassName'], 'first', /no PriorityClass with name first/),
    inPod('no requests, where a quota counts', [...container, 'resources'], {}, /must specify requests/),
    inPod('more than the quota', [...container, 'resources', 'requests', 'cpu'], '100', /exceeded quota/),
    inDeployment('an unknown field', ['spec', 'template', 'spec', 'contianers'], [], /unknown field/),
    inDeployment(
      'text for a number',
      ['spec', 'revisionHistoryLimit'],
      'three',
      /strict decoding|Invalid|cannot unmarshal|expected/,
    ),
    inDeployment(
      'a selector that misses its pods',
      ['spec', 'selector', 'matchLabels', 'other'],
      'x',
      /selector.*does not match template `labels`/,
    ),
    inDeployment('a name with a capital', ['metadata', 'name'], 'Backend', /RFC 1123/),
  ];
}

/** Services that open a way in which nobody declared, for a namespace. */
export function waysIn(namespace: string): Spoiled[] {
  return ['NodePort', 'LoadBalancer'].map((type) => ({
    what: `a ${type} Service in ${namespace}`,
    manifest: {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'way-in', namespace },
      spec: { type, selector: { app: 'x' }, ports: [{ port: 80, protocol: 'TCP' }] },
    },
    refusedWith: /exceeded quota: services/,
  }));
}

/** A pod as the controller of a workload would make it. */
export function podOf(workload: Manifest): Manifest {
  const template = podTemplateOf(workload);
  if (template === undefined) throw new TypeError(`${workload.kind} ${workload.metadata.name} makes no pods`);
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: workload.metadata.name,
      namespace: workload.metadata.namespace ?? '',
      labels: { ...template.metadata?.labels },
    },
    spec: { ...template.spec, volumes: [...(template.spec?.volumes ?? []), ...claimed(workload)] },
  };
}

/** The volumes that a StatefulSet gives its first pod. */
function claimed({ metadata, spec }: Manifest): object[] {
  const { volumeClaimTemplates = [] } = spec as {
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[];
  };
  return volumeClaimTemplates.map(({ metadata: { name } }) => ({
    name,
    persistentVolumeClaim: { claimName: `${name}-${metadata.name}-0` },
  }));
}
