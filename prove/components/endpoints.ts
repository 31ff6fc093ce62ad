import type { Endpoint } from '../../constructs/core/endpoint.ts';
import { PodOwner } from '../../constructs/core/pod-owner.ts';
import { ProvingError } from '../machine/error.ts';

/** Labels of the pods behind an endpoint. @throws ProvingError where there are none */
export function selectorOf({ name, targets }: Endpoint): Readonly<Record<string, string>> {
  const [target] = targets;
  if (target?.peer instanceof PodOwner) return target.peer.selector;
  throw new ProvingError(`no pods of the platform are behind ${name}`);
}

/** As kubectl wants labels. */
export function selectorArgument(labels: Readonly<Record<string, string>>): string {
  return `--selector=${Object.entries(labels)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')}`;
}
