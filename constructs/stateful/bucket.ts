import type { Construct } from 'constructs';
import { serverEndpoint } from '../core/endpoint.ts';
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

/** A pair of keys of object storage. What they may do is what the provider lets them. */
export interface BucketKeys {
  readonly accessKeyId: SecretKeyReference;
  readonly secretAccessKey: SecretKeyReference;
}

/** How pods reach object storage. Its own keys are those of who writes. */
export class Bucket implements BucketKeys {
  readonly store: ObjectStore;
  readonly endpoint: Endpoint;
  readonly accessKeyId: SecretKeyReference;
  readonly secretAccessKey: SecretKeyReference;
  private readonly owner: Construct;
  private readonly props: BucketProps;
  /**
   * Of programs with a newer SDK of AWS, which would else send checksums that other providers refuse. WAL-G's is older.
   * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-dataintegrity.html (2025)
   */
  readonly variables: Readonly<Record<string, string>> = {
    AWS_REQUEST_CHECKSUM_CALCULATION: 'when_required',
    AWS_RESPONSE_CHECKSUM_VALIDATION: 'when_required',
  };

  /** @param owner of the secret; who asks again for the same gets the same */
  constructor(owner: Construct, props: BucketProps) {
    const { name, store, purpose } = props;
    this.owner = owner;
    this.props = props;
    this.store = store;
    this.endpoint = serverEndpoint(`object storage ${store.bucket}`, store);
    const { accessKeyId, secretAccessKey } = bucketKeys(owner, { name, purpose });
    this.accessKeyId = accessKeyId;
    this.secretAccessKey = secretAccessKey;
  }

  /** Other keys, for what only reads: a policy of the bucket has to keep them from writing and deleting. */
  reader(): BucketKeys {
    const { name, purpose } = this.props;
    return bucketKeys(this.owner, {
      name: `${name}-reader`,
      purpose: `may only read, by a policy of the bucket: ${purpose}`,
      note: ', which may only read',
    });
  }

  /** The address of a folder. */
  url(folder: string): string {
    return `s3://${this.store.bucket}/${folder}`;
  }
}

function bucketKeys(
  owner: Construct,
  { name, purpose, note = '' }: { readonly name: string; readonly purpose: string; readonly note?: string },
): BucketKeys {
  const secret = sharedSecret(owner, name, {
    name,
    purpose,
    keys: {
      'access-key-id': { kind: 'human', prompt: `access key of ${name}${note}`, minimumLength: 3, word: true },
      'secret-access-key': { kind: 'human', prompt: `secret key of ${name}${note}`, minimumLength: 8, word: true },
    },
  });
  return { accessKeyId: secret.key('access-key-id'), secretAccessKey: secret.key('secret-access-key') };
}
