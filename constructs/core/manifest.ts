/** A Kubernetes object as plain data, the way it stands in a file. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly [field: string]: unknown;
}

/** `networking.k8s.io/v1 NetworkPolicy`: kinds such as Service or NetworkPolicy exist in several API groups. */
export function typeOf({ apiVersion, kind }: Manifest): string {
  return `${apiVersion} ${kind}`;
}

/** `Deployment shop/backend`, the name by which messages call an object. */
export function describeManifest({ kind, metadata }: Manifest): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`;
}
