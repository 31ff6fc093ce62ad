import fs from 'node:fs';
import path from 'node:path';
import { buildPlatform } from '../../apps/platform.ts';
import { environments } from '../../config/index.ts';
import { pkiFolder } from '../cluster/handle.ts';
import type { Cluster } from '../cluster/handle.ts';
import { apply, kubectl, tryKubectl } from '../cluster/kubectl.ts';
import { clusterPrograms } from '../cluster/requirements.ts';
import { applicationsOf, argocdNamespace, refresh, waitForSync } from '../components/argocd/applications.ts';
import { aliasDigest, isReplaced, publishImage } from '../images/publish.ts';
import { logPrograms } from '../images/recipes/logs.ts';
import { observabilityPrograms } from '../images/recipes/observability.ts';
import { tracePrograms } from '../images/recipes/traces.ts';
import { applicationImage, controllerImages } from '../images/recipes/platform.ts';
import type { PlatformImage } from '../images/recipes/platform.ts';
import { ProvingError } from '../machine/error.ts';
import { stopIfAsked } from '../machine/interruption.ts';
import type { Progress } from '../machine/interruption.ts';
import { standIn as certificates, startCertificateController } from '../stand-ins/cert-manager/certificates.ts';
import { standIn as internet, worldHosts } from '../stand-ins/internet/names.ts';
import { standIn as objectStorage } from '../stand-ins/object-storage/index.ts';
import { asset } from '../tools/assets.ts';
import type { ProgramName } from '../tools/programs.ts';
import { bootstrapSteps, upstreamManifests } from './bootstrap.ts';
import { PlatformClone } from './clone.ts';
import { makeSealingKey, sealingKeySecret } from './sealing-key.ts';
import { publishUpstreams } from './upstreams.ts';

/** Programs of the platform in its cluster. */
export const platformPrograms: readonly ProgramName[] = [
  ...clusterPrograms,
  ...([
    'argocd',
    'helm',
    'sealed-secrets-controller',
    'wal-g',
    'postgres-exporter',
    'pgbouncer-exporter',
    'redis-exporter',
    'rclone',
  ] as const),
  ...(Object.values(environments).some(({ observability }) => observability !== undefined)
    ? observabilityPrograms
    : []),
  ...(Object.values(environments).some(({ observability }) => observability?.logs !== undefined) ? logPrograms : []),
  ...(Object.values(environments).some(({ observability }) => observability?.tracing !== undefined)
    ? tracePrograms
    : []),
];

/** What a cluster got. */
export interface Delivery {
  readonly clone: PlatformClone;
  /** Names of all applications, the root among them. */
  readonly applications: readonly string[];
  /** Generated files that the clone's synthesis wrote other than they are in the working tree. */
  readonly changed: readonly string[];
  readonly standIns: readonly string[];
  /** Of what images have in them beside built programs, by name. */
  readonly versions: Readonly<Record<string, string>>;
  /** From the first `kubectl apply` to everything Synced and Healthy. */
  readonly seconds: number;
}

export interface DeliverOptions extends Progress {
  /** Changes sources of the clone that Argo CD reads. @default nothing: it reads the working tree */
  readonly prepare?: (clone: PlatformClone) => void;
  /**
   * Seconds until everything is Synced and Healthy.
   * @default 780
   */
  readonly atMost?: number;
  /**
   * Seconds in which no application's state changes, after which nothing more is to be expected.
   * @default 240
   */
  readonly atRest?: number;
}

/**
 * Installs Argo CD as stages 60 to 80 of install/ do and lets it apply the working tree; or, where it runs already, lets it apply the
 * tree as it is now.
 */
export async function deliver(
  cluster: Cluster,
  root: string,
  { report, signal, prepare, atMost = 780, atRest = 240 }: DeliverOptions,
): Promise<Delivery> {
  const start = performance.now();
  const done = (what: string): void => {
    report(`${((performance.now() - start) / 1000).toFixed(1).padStart(6)} s  ${what}`);
    stopIfAsked(signal);
  };
  const { name } = cluster.plan;
  const images = await publishImages(cluster);
  const upstream = await publishUpstreams(cluster);
  const standIns = [
    ...images.flatMap(({ standIn }) => standIn ?? []),
    ...upstream.standIns,
    ...[internet, objectStorage, certificates, 'secrets sealed for the sealing key of the proving ground'],
  ];
  const versions = Object.assign({}, ...images.map((image) => image.versions)) as Delivery['versions'];
  done(`${images.length} images and the upstream repositories published`);
  const key = await makeSealingKey(cluster);
  const { clone, changed } = await PlatformClone.make(cluster, root, key, upstream.commits, prepare);
  done('secrets sealed, the tree committed and pushed');
  const platform = buildPlatform(name);
  const published = new Set(images.map(({ reference }) => reference));
  for (const reference of platform.environment.imageReferences) {
    const [tagged = '', digest] = reference.split('@');
    if (digest !== undefined && published.has(tagged)) await aliasDigest(cluster, tagged, digest);
  }

  const applications = clone.applications();
  startCertificateController(cluster);
  const applied = performance.now();
  if (await isInstalled(cluster)) await refresh(cluster);
  else await bootstrap(cluster, clone, key, done);
  const commit = { repository: platform.environment.repository.url, id: await clone.git(['rev-parse', 'HEAD']) };
  // How long it takes is what gitops measures; here it has to end only where nothing moves, on a slow machine too.
  await waitForSync(cluster, applications, { atMost, atRest, commit, signal, report: done });
  const seconds = (performance.now() - applied) / 1000;
  done(`all ${applications.length} applications Synced and Healthy`);
  return { clone, applications, changed, standIns, versions, seconds };
}

async function publishImages(cluster: Cluster): Promise<readonly PlatformImage[]> {
  const { name } = cluster.plan;
  const images = [
    ...controllerImages(name, cluster),
    await applicationImage(name, 'backend'),
    await applicationImage(name, 'frontend'),
  ];
  // Pods that run would go on with the old one, and a drill would measure that.
  if (await isInstalled(cluster)) {
    const replaced: string[] = [];
    for (const image of images) if (await isReplaced(cluster, image)) replaced.push(image.reference);
    if (replaced.length > 0)
      throw new ProvingError(`nodes keep what they have of ${replaced.join(', ')}: run npm run prove -- down before`);
  }
  for (const image of images) await publishImage(cluster, image);
  return images;
}

async function isInstalled(cluster: Cluster): Promise<boolean> {
  const { status } = await tryKubectl(cluster, ['get', 'application', 'root', `--namespace=${argocdNamespace}`]);
  return status === 0 && (await applicationsOf(cluster)).length > 0;
}

/** What stages 60 to 80 of install/ do, with the difference that the proving ground is for Argo CD. */
async function bootstrap(
  cluster: Cluster,
  { folder, environment }: PlatformClone,
  key: Parameters<typeof sealingKeySecret>[0],
  done: (what: string) => void,
): Promise<void> {
  const steps = bootstrapSteps(environment, argocdNamespace);
  const fileOf = (name: string): string =>
    name === upstreamManifests ? asset('argocd', name) : path.join(folder, name);
  for (const [index, step] of steps.entries()) {
    if ('apply' in step) await applyFiles(cluster, step.apply.map(fileOf), step.options);
    else if ('sealingKey' in step) await apply(cluster, [sealingKeySecret(key)]);
    else if ('remove' in step) await kubectl(cluster, ['delete', ...step.remove]);
    else {
      const isFirst = !steps.slice(0, index).some((before) => 'waitFor' in before);
      if (isFirst) {
        await trustWorld(cluster);
        done('Argo CD applied');
      }
      const args = ['rollout', 'status', step.waitFor, `--namespace=${argocdNamespace}`, '--timeout=180s'];
      await kubectl(cluster, args, { timeout: 200 });
    }
  }
  done('Argo CD ready, the root application applied');
}

/** The certificate of the stand-in for GitHub is not one that the world trusts. */
async function trustWorld(cluster: Cluster): Promise<void> {
  const authority = fs.readFileSync(path.join(pkiFolder(cluster), 'world-ca.crt'), 'utf8');
  const data = Object.fromEntries(Object.values(worldHosts).map((host) => [host, authority]));
  const metadata = { name: 'argocd-tls-certs-cm', namespace: argocdNamespace };
  await apply(cluster, [{ apiVersion: 'v1', kind: 'ConfigMap', metadata, data }]);
}

/** As `apply` of install/lib.sh does. */
function applyFiles(cluster: Cluster, files: readonly string[], options: readonly string[] = []): Promise<string> {
  const names = files.map((file) => `--filename=${file}`);
  return kubectl(cluster, ['apply', '--server-side', '--force-conflicts', ...options, ...names], { timeout: 180 });
}
