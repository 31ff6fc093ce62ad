import { App } from 'cdk8s';
import { environments, loadEnvironment } from '../config/index.ts';
import type { LoadOptions } from '../config/index.ts';
import { AppOfApps } from '../constructs/app-of-apps/index.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import { objectsOf } from '../constructs/core/kube-object.ts';
import { Platform } from '../constructs/core/platform.ts';
import { applicationsOf } from './index.ts';
import { clusterNamespaces } from './namespaces.ts';

/** The platform of one environment, as everything that reads it wants it. @throws InputError */
export function buildPlatform(environment: string, options: LoadOptions = {}): Platform {
  const loaded = loadEnvironment(environment, options);
  return new Platform(loaded, applicationsOf(loaded));
}

/** The Argo CD tree over a platform. */
export function buildAppOfApps(platform: Platform): AppOfApps {
  const { environment, charts, waves } = platform;
  return new AppOfApps(new App(), 'argocd-tree', {
    environment: environment.name,
    prefix: environment.prefix,
    neighbours: environment.sharesCluster ? [] : prefixesIn(environment.name),
    home: !environment.sharesCluster,
    repository: environment.repository,
    releaseTag: environment.releaseTag,
    namespace: clusterNamespaces.argocd.name,
    entries: charts.map((chart) => ({
      chart,
      wave: waves.get(chart.application) ?? 0,
      kinds: kindsOf(platform, chart),
      namespaces: objectsOf(chart).flatMap(({ metadata }) => metadata.namespace ?? []),
      upstream: platform.upstreamSources(chart),
    })),
  });
}

/** What stands before the names of the environments that share the cluster of that one. */
function prefixesIn(home: string): string[] {
  return Object.entries(environments).flatMap(([name, { shares }]) => (shares === home ? [`${name}-`] : []));
}

/** `group/Kind` of each object, sealed secrets included: synth adds those from their files. */
function kindsOf({ secrets }: Platform, chart: ApplicationChart): string[] {
  const objects = objectsOf(chart).map(({ apiGroup, kind }) => `${apiGroup === 'core' ? '' : apiGroup}/${kind}`);
  const sealed = secrets
    .flatMap((secret) => secret.inventoryEntry().copies)
    .filter(({ application }) => application === chart.application)
    .map(() => 'bitnami.com/SealedSecret');
  return [...objects, ...sealed];
}
