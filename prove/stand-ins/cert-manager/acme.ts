import type { CertificateSpec } from './certificates.ts';

interface KeyOfSecret {
  readonly name: string;
  readonly key: string;
}

/** The fields of an issuer that asks an ACME server, as far as the stand-in for cert-manager's controller knows them. */
export interface AcmeSpec {
  readonly solvers?: readonly {
    readonly selector?: { readonly dnsZones?: readonly string[] };
    readonly dns01?: {
      readonly cloudflare?: { readonly apiTokenSecretRef?: KeyOfSecret };
      readonly webhook?: { readonly config?: { readonly tokenSecretKeyRef?: KeyOfSecret } };
    };
  }[];
}

/** What it proves with whose a domain is. */
export function tokensOf({ solvers = [] }: AcmeSpec): readonly KeyOfSecret[] {
  return solvers.flatMap(
    ({ dns01 }) => dns01?.cloudflare?.apiTokenSecretRef ?? dns01?.webhook?.config?.tokenSecretKeyRef ?? [],
  );
}

/** Whether each name of a certificate lies in a zone that some solver answers for; one without zones does for all. */
export function isOfZones({ dnsNames = [] }: Pick<CertificateSpec, 'dnsNames'>, { solvers = [] }: AcmeSpec): boolean {
  return dnsNames.every((name) =>
    solvers.some(
      ({ selector }) => selector?.dnsZones?.some((zone) => name === zone || name.endsWith(`.${zone}`)) ?? true,
    ),
  );
}
