import type { NextConfig } from 'next';

const config: NextConfig = {
  output: 'standalone',
  // Beside the platform's own lock file, Next.js would take its folder for the root of this application.
  outputFileTracingRoot: import.meta.dirname,
  turbopack: { root: import.meta.dirname },
  poweredByHeader: false,
  // Traefik compresses.
  compress: false,
  // Says that there is an id; the one that counts is NEXT_DEPLOYMENT_ID of the running pod, which the platform sets.
  deploymentId: 'built',
  experimental: {
    runtimeServerDeploymentId: true,
    // The root file system can't be written to. Nothing is kept anyway: see the README, "No shared cache".
    isrFlushToDisk: false,
    serverActions: { bodySizeLimit: '100kb' },
  },
  // Less than the platform's `cacheSize`; without it Next.js takes half of the node's free disk.
  images: { maximumDiskCacheSize: 200 * 1024 * 1024 },
  serverExternalPackages: [
    'prom-client',
    '@opentelemetry/api',
    '@opentelemetry/context-async-hooks',
    '@opentelemetry/core',
    '@opentelemetry/exporter-trace-otlp-proto',
    '@opentelemetry/resources',
    '@opentelemetry/sdk-trace',
  ],
};

export default config;
