import crypto from 'node:crypto';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { upstreamManifests } from '../../../synth/upstream/facts.ts';
import type { Container } from './container-log.ts';

/** A container of the platform, and the app that its lines should be found by. */
export interface Component extends Container {
  readonly app: string;
}

export function manifestsOf(platform: Platform): readonly Manifest[] {
  return platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
}

/** Every container of every workload, of others' too, in a pod of a name as its controller makes it. */
export function componentsOf(platform: Platform): readonly Component[] {
  return [...manifestsOf(platform), ...upstreamManifests(platform)].flatMap((manifest) => {
    const { initContainers = [], containers = [] } = podTemplateOf(manifest)?.spec ?? {};
    const { name, namespace = '' } = manifest.metadata;
    const pod = podNameOf(manifest);
    return [...initContainers, ...containers].map((container) => ({
      ...{ namespace, pod, container: container.name },
      app: name,
    }));
  });
}

/** Letters of what Kubernetes makes up. */
const letters = 'bcdfghjklmnpqrstvwxz2456789';

const madeUp = (length: number): string =>
  Array.from({ length }, () => letters[crypto.randomInt(letters.length)]).join('');

/** @see https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
export function podNameOf({ kind, metadata: { name } }: Manifest): string {
  // Who makes a name up leaves room for it.
  const generated = (base: string): string => `${`${base}-`.slice(0, 58)}${madeUp(5)}`;
  switch (kind) {
    case 'Deployment':
      return generated(`${name}-${madeUp(10)}`);
    case 'StatefulSet':
      return `${name}-0`;
    case 'CronJob':
      return generated(`${name}-${Math.floor(Date.now() / 60_000)}`);
    default:
      return generated(name);
  }
}
