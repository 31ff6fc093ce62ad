import type { Construct } from 'constructs';
import { publicEndpoint } from '../core/endpoint.ts';
import type { Endpoint } from '../core/endpoint.ts';
import type { ObjectStore } from '../core/environment.ts';
import type { SecretKeyReference } from '../core/secret-ref.ts';
import { sharedSecret } from './shared-secret.ts';

export interface BucketProps {
  /** Name of the secret with its keys, which a person makes at the provider and hands over when sealing. */
  readonly name: string;
  readonly store: ObjectStore;
  /** What the keys are for, in one sentence. */
  readonly purpose: string;
}

/** How pods reach object storage. */
export class Bucket {
  readonly store: ObjectStore;
  readonly endpoint: Endpoint;
  readonly accessKeyId: SecretKeyReference;
  readonly secretAccessKey: SecretKeyReference;
  /**
   * Of programs with a newer SDK of AWS, which would else send checksums that other providers refuse. WAL-G's is older.
   * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html (2025)
   */
  readonly variables: Readonly<Record<string, string>> = {
    AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
    AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
  };

  /** @param owner of the secret; who asks again for the same gets the same */
  constructor(owner: Construct, { name, store, purpose }: BucketProps) {
    this.store = store;
    this.endpoint = publicEndpoint(`object storage ${store.bucket}`, store.host, store.port);
    const secret = sharedSecret(owner, name, {
      name,
      purpose,
      keys: {
        'access-key-id': { kind: 'human', prompt: `access key of ${name}`, minimumLength: 3 },
        'secret-access-key': { kind: 'human', prompt: `secret key of ${name}`, minimumLength: 8 },
      },
    });
    this.accessKeyId = secret.key('access-key-id');
    this.secretAccessKey = secret.key('secret-access-key');
  }

  /** The address of a folder. */
  url(folder: string): string {
    return `s3://${this.store.bucket}/${folder}`;
  }
}
