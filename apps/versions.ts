/**
 * Upstream releases that Argo CD reads where their makers publish them. Bump a version here and read its release notes;
 * `npm run schemas` follows where it brings custom resources.
 */
export const versions = {
  // renovate: datasource=github-releases depName=argoproj/argo-cd
  argocd: 'v3.5.3',
  // renovate: datasource=github-releases depName=cert-manager/cert-manager
  certManager: 'v1.21.2',
  // renovate: datasource=github-releases depName=bitnami-labs/sealed-secrets
  sealedSecrets: 'v0.36.6',
  // renovate: datasource=github-releases depName=traefik/traefik
  traefik: 'v3.7.13',
} as const;
