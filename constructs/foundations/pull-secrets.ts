import { Construct } from 'constructs';
import type { PrivateRegistry } from '../core/environment.ts';
import type { Collects, Found } from '../core/phase.ts';
import { SecretRef } from '../core/secret-ref.ts';
import { Workload } from '../core/workload.ts';

export interface PullSecretsProps {
  /** Registries that let nobody pull without a password. */
  readonly registries: readonly PrivateRegistry[];
}

/**
 * The Secrets that nodes pull images of private registries with, in each namespace with pods that run such images.
 * @see https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/ (v1.36)
 */
export class PullSecrets extends Construct implements Collects {
  private readonly secrets: ReadonlyMap<string, SecretRef>;

  constructor(scope: Construct, id: string, { registries }: PullSecretsProps) {
    super(scope, id);
    this.secrets = new Map(registries.map((registry) => [registry.secret, this.secret(registry)]));
  }

  collect({ owners }: Found): void {
    for (const owner of owners) {
      if (!(owner instanceof Workload)) continue;
      for (const { image } of owner.allContainers) this.secrets.get(image.pullSecret ?? '')?.copyInto(owner.namespace);
    }
  }

  private secret({ name, images, secret }: PrivateRegistry): SecretRef {
    const [registry = images] = images.split('/');
    return new SecretRef(this, name, {
      name: secret,
      purpose: `pulls images from ${images}`,
      type: 'kubernetes.io/dockerconfigjson',
      keys: {
        '.dockerconfigjson': {
          kind: 'human',
          prompt: `docker's configuration with the password of ${images}`,
          dockerConfigOf: registry,
        },
      },
    });
  }
}
