import fs from 'node:fs';
import path from 'node:path';
import { loadEnvironment, upstreamRelease } from '../../../config/index.ts';
import type { Image as TableImage } from '../../../constructs/core/environment.ts';
import type { Cluster } from '../../cluster/handle.ts';
import { ProvingError } from '../../machine/error.ts';
import { applicationFiles } from '../../stand-ins/applications/index.ts';
import { asset } from '../../tools/assets.ts';
import type { Layer } from '../layer.ts';
import type { Image } from '../store.ts';
import { edgeImages } from './edge.ts';
import { logImages } from './logs.ts';
import { traceImages } from './traces.ts';
import { observabilityImages } from './observability.ts';
import { databaseImages } from './postgres.ts';
import { redisImages } from './redis.ts';
import { sambaImages } from './samba.ts';
import { accounts, debianLayer, nodeLayer, probeLayer } from './system.ts';

/** An image, with what it stands in for where it isn't the real thing. */
export interface PlatformImage extends Image {
  readonly standIn?: string;
  /** Of what is in it beside built programs, by name. @default nothing */
  readonly versions?: Readonly<Record<string, string>>;
}

type Programs = Pick<Cluster, 'program'>;

/** Every image that the pods of the committed tree and of its upstream sources ask for, but the applications' own. */
export function controllerImages(
  environment: string,
  cluster: Pick<Cluster, 'cgroup' | 'folder' | 'program'>,
): readonly PlatformImage[] {
  const loaded = loadEnvironment(environment);
  const controller = loaded.image('sealed-secrets-controller');
  return [
    ...installImages(cluster),
    ...databaseImages(environment, cluster),
    ...redisImages(environment, cluster),
    ...sambaImages(environment),
    ...edgeImages(environment),
    ...observabilityImages(loaded, cluster),
    ...logImages(loaded, cluster),
    ...traceImages(loaded, cluster),
    {
      reference: tagged(controller),
      layers: [
        {
          name: 'sealed-secrets-controller',
          files: { 'usr/local/bin/controller': cluster.program('sealed-secrets-controller') },
          texts: accounts,
          folders: ['tmp'],
        },
      ],
      entrypoint: ['controller'],
      user: 1001,
    },
    ...['controller', 'webhook', 'cainjector'].map((part) => ({
      reference: tagged(loaded.image(`cert-manager-${part}`)),
      layers: [{ name: 'accounts', texts: accounts, folders: ['tmp'] }, probeLayer(cluster)],
      entrypoint: ['/bin/probe'],
      user: 65532,
      standIn: `cert-manager's ${part}: a server that answers probes and does nothing`,
    })),
  ];
}

/** Without the digest, which the one that is made here doesn't have. */
const tagged = ({ repository, tag }: TableImage): string => `${repository}:${tag}`;

/** What Argo CD's own manifests ask for. @throws ProvingError for an image that nobody knows how to make */
function installImages(cluster: Programs): readonly PlatformImage[] {
  const manifests = fs.readFileSync(asset('argocd', 'manifests/install.yaml'), 'utf8');
  const references = new Set([...manifests.matchAll(/^\s+image: (\S+)$/gm)].map(([, reference = '']) => reference));
  return [...references].map((reference) => {
    if (reference.startsWith('quay.io/argoproj/argocd:')) return argoCd(reference, cluster);
    if (reference.includes('/redis:')) return redis(reference);
    if (reference.includes('/dex:')) return dex(reference);
    throw new ProvingError(
      `${reference}: Argo CD ${upstreamRelease('argocd').revision} asks for it, and prove/images has no recipe for it`,
    );
  });
}

function argoCd(reference: string, { program }: Programs): PlatformImage {
  const roles = [
    ...['application-controller', 'applicationset-controller', 'cmp-server', 'commit-server', 'dex'],
    ...['k8s-auth', 'notifications', 'repo-server', 'server'],
  ];
  const bin = 'usr/local/bin';
  return {
    reference,
    layers: [
      debianLayer,
      {
        name: 'argocd',
        files: {
          [`${bin}/argocd`]: program('argocd'),
          [`${bin}/helm`]: program('helm'),
          [`${bin}/kubectl`]: program('kubectl'),
          [`${bin}/kustomize`]: path.join(import.meta.dirname, 'files', 'kustomize.sh'),
          [`${bin}/git-verify-wrapper.sh`]: asset('argocd', 'hack/git-verify-wrapper.sh'),
          [`${bin}/gpg-wrapper.sh`]: asset('argocd', 'hack/gpg-wrapper.sh'),
          [`${bin}/entrypoint.sh`]: asset('argocd', 'entrypoint.sh'),
        },
        links: Object.fromEntries(roles.map((role) => [`${bin}/argocd-${role}`, `/${bin}/argocd`])),
        folders: ['app/config/ssh', 'app/config/tls', 'app/config/gpg/source', 'app/config/gpg/keys', 'home/argocd'],
        texts: {
          'etc/passwd': `${accounts['etc/passwd']}argocd:x:999:999::/home/argocd:/bin/sh\n`,
          'etc/group': `${accounts['etc/group']}argocd:x:999:\n`,
        },
      },
    ],
    entrypoint: ['/usr/bin/tini', '--'],
    user: 999,
    env: { USER: 'argocd' },
    workingDirectory: '/home/argocd',
    standIn: "Argo CD's kustomize: that of kubectl",
  };
}

function redis(reference: string): PlatformImage {
  return {
    reference,
    layers: [debianLayer],
    entrypoint: ['/usr/bin/redis-server'],
    user: 999,
    standIn: "Debian's Redis",
  };
}

/** Argo CD starts its own program in this image, which looks for `dex` and starts it only where one is configured. */
function dex(reference: string): PlatformImage {
  const none: Layer = { name: 'no-dex', links: { 'usr/local/bin/dex': '/bin/false' } };
  return { reference, layers: [debianLayer, none], user: 1001, standIn: 'Dex: not configured, so it is never started' };
}

/**
 * One of the two applications, whose own images come from the company's pipeline.
 * @param version what it says it is; see `applications/` for versions that don't work
 */
export async function applicationImage(
  environment: string,
  name: 'backend' | 'frontend',
  version?: string,
): Promise<PlatformImage> {
  const { repository, tag } = loadEnvironment(environment).image(name);
  return {
    reference: `${repository}:${version ?? tag}`,
    layers: [await nodeLayer(), { name, files: applicationFiles(name) }],
    entrypoint: name === 'backend' ? ['node', 'dist/main.js'] : ['node', 'server.js'],
    user: 10001,
    env: { APP_VERSION: version ?? tag },
    workingDirectory: '/app',
    standIn: `the ${name}: a small server that keeps the contract of its construct`,
  };
}
