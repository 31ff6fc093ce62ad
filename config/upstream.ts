/** Where a release of others is, and which one it is. */
export type UpstreamPin = {
  /** Git repository or Helm repository. */
  readonly repository: string;
  /** Name of a chart in a Helm repository. */
  readonly chart?: string;
} & (
  | { readonly version: string }
  /** The image of `images.json` that the same release brings: its tag is the version. */
  | { readonly versionOfImage: string }
);

/**
 * What Argo CD reads where its makers publish it, pinned. A version stands once: here or, where one of our images is of
 * the same release, in `images.json`, so that the two can't drift apart. Bump it there and read its release notes;
 * `npm run import` follows where it brings custom resources.
 */
export const upstream = {
  argocd: {
    repository: 'https://github.com/argoproj/argo-cd.git',
    // renovate: datasource=github-releases depName=argoproj/argo-cd
    version: 'v3.5.3',
  },
  'cert-manager': {
    repository: 'https://charts.jetstack.io',
    chart: 'cert-manager',
    // renovate: datasource=github-releases depName=cert-manager/cert-manager
    version: 'v1.21.2',
  },
  'sealed-secrets': {
    repository: 'https://github.com/bitnami-labs/sealed-secrets.git',
    versionOfImage: 'sealed-secrets-controller',
  },
  traefik: {
    repository: 'https://github.com/traefik/traefik.git',
    // renovate: datasource=github-releases depName=traefik/traefik
    version: 'v3.7.13',
  },
} as const satisfies Readonly<Record<string, UpstreamPin>>;
