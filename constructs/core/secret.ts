/** Where a key's value comes from. */
export type SecretSource =
  /** Generated: random bytes, written in that encoding. */
  | { readonly kind: 'random'; readonly bytes: number; readonly encoding: 'hex' | 'base64url' }
  /** Generated: a PKCS8 PEM private key. `publicKey` names the key of the same secret that holds its SPKI PEM public half. */
  | { readonly kind: 'rsa'; readonly bits: 2048 | 3072 | 4096; readonly publicKey?: string }
  | { readonly kind: 'ed25519'; readonly publicKey?: string }
  /** Asked for when sealing. `minimumLength` in characters. */
  | { readonly kind: 'human'; readonly prompt: string; readonly minimumLength?: number }
  /** Not secret, such as a user name, but part of the Secret. */
  | { readonly kind: 'fixed'; readonly value: string };

/** What cert-manager writes into the Secret of a Certificate. */
export const certificateKeys = ['ca.crt', 'tls.crt', 'tls.key'] as const;

/** A secret of the platform: one set of values, copied to each namespace that uses it. */
export interface SecretInventoryEntry {
  /** Name of the Secret, such as `postgres-backend`. */
  readonly name: string;
  /** One sentence. */
  readonly purpose: string;
  /** `Opaque`, `kubernetes.io/basic-auth` and so on. */
  readonly type: string;
  readonly keys: Readonly<Record<string, SecretSource>>;
  readonly copies: readonly { readonly namespace: string; readonly application: string }[];
  /** How old a value may become, in days. */
  readonly rotationDays: number;
}
