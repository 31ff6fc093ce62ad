interface Release {
  /** Git repository or Helm repository. */
  readonly repository: string;
  /** Tag or chart version. */
  readonly version: string;
  /**
   * Images of `images.json` that the same release brings: their tag is the version.
   * @default none
   */
  readonly images?: readonly string[];
}

/** Where a release of others is, and which one it is. */
export type UpstreamPin =
  /** A git repository. What is read is the commit: a tag can be moved by whoever may write there. */
  | (Release & { readonly commit: string })
  /** The same, read by its tag until its commit is known. */
  | (Release & { readonly withoutCommit: string })
  /** A chart of a Helm repository, which has versions only. */
  | (Release & { readonly chart: string });

/**
 * What Argo CD reads where its makers publish it, pinned. Bump a version together with its commit (`git ls-remote
 * REPOSITORY TAG`; Renovate does both), read its release notes, and run `npm run import`: it writes down what the
 * release brings.
 */
export const upstream = {
  argocd: {
    repository: 'https://github.com/argoproj/argo-cd.git',
    // renovate: datasource=github-releases depName=argoproj/argo-cd
    version: 'v3.5.3',
    commit: 'c9c369efcc5b2a0bd720803f8d14a1c3eaddf579',
    images: ['argocd'],
  },
  'cert-manager': {
    repository: 'https://charts.jetstack.io',
    chart: 'cert-manager',
    // renovate: datasource=github-releases depName=cert-manager/cert-manager
    version: 'v1.21.2',
    images: ['cert-manager-controller', 'cert-manager-webhook', 'cert-manager-cainjector', 'cert-manager-acmesolver'],
  },
  'sealed-secrets': {
    repository: 'https://github.com/bitnami-labs/sealed-secrets.git',
    // renovate: datasource=github-releases depName=bitnami-labs/sealed-secrets
    version: 'v0.36.6',
    commit: '6dc880366d1cafa16683173cc3c8e3b58e930937',
    images: ['sealed-secrets-controller'],
  },
  traefik: {
    repository: 'https://github.com/traefik/traefik.git',
    // renovate: datasource=github-releases depName=traefik/traefik
    version: 'v3.7.13',
    withoutCommit: 'GitHub could not be asked where this was written; git ls-remote tells it',
    images: ['traefik'],
  },
} as const satisfies Readonly<Record<string, UpstreamPin>>;
