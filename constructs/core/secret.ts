/** Where a key's value comes from. */
export type SecretSource =
  /** Generated: random bytes, written in that encoding. */
  | { readonly kind: 'random'; readonly bytes: number; readonly encoding: 'hex' | 'base64url' }
  /** Generated: a PKCS8 PEM private key. `publicKey` names the key of the same secret that holds its SPKI PEM public half. */
  | { readonly kind: 'rsa'; readonly bits: 2048 | 3072 | 4096; readonly publicKey?: string }
  | { readonly kind: 'ed25519'; readonly publicKey?: string }
  /**
   * Generated: the private key (P-256, PKCS8 PEM) of an authority that signs servers' certificates for ten years.
   * `certificate` names the key of the same secret that holds the authority's own, which its clients get in the clear.
   */
  | { readonly kind: 'authority'; readonly certificate: string }
  /**
   * Asked for when sealing. `minimumLength` in characters; `word` for printable ASCII without a space, as keys of services
   * are. `dockerConfigOf` names a registry: the value has to be a configuration of docker's, with that registry's password.
   * `urlAt` names a host: the value has to be a whole URL of it, by HTTPS.
   */
  | {
      readonly kind: 'human';
      readonly prompt: string;
      readonly minimumLength?: number;
      readonly word?: true;
      readonly dockerConfigOf?: string;
      readonly urlAt?: string;
    }
  /** Not secret, such as a user name, but part of the Secret. */
  | { readonly kind: 'fixed'; readonly value: string };

/** Days that a server's certificate is valid; it is renewed 30 days before. */
export const serverCertificateDays = 90;

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
  /** How old a value may become, in days; false for one that nothing may replace. */
  readonly rotationDays: number | false;
}
