import type { Construct } from 'constructs';
import { SecretRef } from '../core/secret-ref.ts';
import type { SecretRefProps } from '../core/secret-ref.ts';

/** The secret that `owner` has under that id; made where it has none yet. Two of one name would get two values. */
export function sharedSecret(owner: Construct, id: string, props: SecretRefProps): SecretRef {
  const there = owner.node.tryFindChild(id);
  return there instanceof SecretRef ? there : new SecretRef(owner, id, props);
}
