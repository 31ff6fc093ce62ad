import { App } from 'cdk8s';
import type { ApiObject } from 'cdk8s';
import { environments, loadEnvironment } from '../config/index.ts';
import type { ConfiguredEnvironment, LoadOptions } from '../config/index.ts';
import { AppOfApps } from '../constructs/app-of-apps/index.ts';
import type { ApplicationChart } from '../constructs/core/application-chart.ts';
import type { Application } from '../constructs/core/application.ts';
import { InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import { manifestOf, objectsOf } from '../constructs/core/kube-object.ts';
import { Platform } from '../constructs/core/platform.ts';
import { OffsiteCopy } from '../constructs/stateful/index.ts';
import { snapshotFolder } from './cluster.ts';
import { applicationsOf } from './index.ts';
import { clusterNamespaces } from './namespaces.ts';

/** The platform of one environment, as everything that reads it wants it. @throws InputError */
export function buildPlatform(environment: string, options: LoadOptions = {}): Platform {
  const loaded = loadEnvironment(environment, options);
  return wholePlatform(loaded, applicationsOf(loaded));
}

/**
 * The platform of all applications there are: a name that none of them asks for is a misspelling, and the default would
 * apply without a word.
 * @throws InputError
 */
export function wholePlatform(
  environment: ConfiguredEnvironment,
  applications: readonly Application<unknown>[],
): Platform {
  const platform = new Platform(environment, applications);
  const unused = environment.unused().map((where) => ({
    where,
    what: 'no application asks for it',
    allowed:
      'names that apps/ gives to environment.host(...), server(...), size(...), storage(...), backups(...), objectStore(...), generation(...) and copy(...)',
    remedy: 'correct the name, here or where apps/ asks for it; remove it only if none should',
  }));
  const findings = [...unused, ...uncopied(environment, platform)];
  if (findings.length > 0) throw new InputError(findings);
  return platform;
}

/** Backups that the configuration says are copied to a second provider, while nothing copies them. */
function uncopied({ name, copiedBackups, snapshots }: ConfiguredEnvironment, { charts }: Platform): Finding[] {
  const file = `config/environments/${name}.ts`;
  const constructs = charts.flatMap(({ node }) => node.findAll());
  const copied = constructs.flatMap((each) => (each instanceof OffsiteCopy ? each.folders : []));
  const what = 'no application copies these backups: they would be with the first provider alone';
  const findings = copiedBackups
    .filter((backups) => !copied.includes(backups))
    .map((backups) => ({
      where: `${file}: backups.${backups}.offsite`,
      what,
      allowed: 'stores in the list that copyOffsite is given, or offsite: false',
      remedy: 'make the store in apps/data.ts and add it to that list, or set offsite: false',
    }));
  if (!snapshots?.offsite || copied.includes(snapshotFolder)) return findings;
  return [
    ...findings,
    {
      where: `${file}: k3s.snapshots.offsite`,
      what,
      allowed: 'a bucket that PostgreSQL or Redis has its backups in, which are copied; or offsite: false',
      remedy: 'name the store of their backups, or set offsite: false',
    },
  ];
}

/** A sealed value that is there. */
interface Sealed {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The Argo CD tree over a platform. An application of sealed values alone is no part of it before there are any: Argo CD
 * would look for a folder that is not there.
 */
export function buildAppOfApps(platform: Platform, sealed: readonly Sealed[] = []): AppOfApps {
  const { environment, waves } = platform;
  const charts = platform.charts.map((chart) => ({ chart, objects: objectsOf(chart) }));
  const filled = charts.filter(
    ({ chart, objects }) =>
      objects.length > 0 ||
      platform.upstreamSources(chart).length > 0 ||
      copiesOf(platform, chart).some((copy) =>
        sealed.some((each) => each.namespace === copy.namespace && each.name === copy.name),
      ),
  );
  return new AppOfApps(new App(), 'argocd-tree', {
    environment: environment.name,
    prefix: environment.prefix,
    neighbours: environment.sharesCluster ? [] : applicationsBeside(environment.name),
    home: !environment.sharesCluster,
    repository: environment.repository,
    releaseTag: environment.releaseTag,
    namespace: clusterNamespaces.argocd.name,
    entries: filled.map(({ chart, objects }) => ({
      chart,
      wave: waves.get(chart.application) ?? 0,
      // Sealed secrets too, which synth adds from their files.
      kinds: [...objects.map(kindOf), ...copiesOf(platform, chart).map(() => 'bitnami.com/SealedSecret')],
      namespaces: [
        ...objects.flatMap(({ metadata }) => metadata.namespace ?? []),
        ...copiesOf(platform, chart).map(({ namespace }) => namespace),
      ],
      autoscaled: autoscaledIn(chart, objects),
      runsJobBefore: runsJobBefore(objects),
      upstream: platform.upstreamSources(chart),
    })),
  });
}

/** The applications of the environments that share the cluster of that one. */
export function applicationsBeside(home: string, all: typeof environments = environments): string[] {
  return Object.entries(all)
    .filter(([, { shares }]) => shares === home)
    .flatMap(([environment, { privateRegistries = {}, edge }]) => {
      const own = applicationsOf({ sharesCluster: true, privateRegistries: Object.keys(privateRegistries), edge });
      return ['root', ...own.map(({ name }) => name)].map((name) => `${environment}-${name}`);
    });
}

function autoscaledIn(chart: ApplicationChart, objects: readonly ApiObject[]) {
  const autoscalers = objects.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
  return autoscalers.map(manifestOf).map(({ metadata, spec }) => {
    const { scaleTargetRef: target } = spec as { readonly scaleTargetRef: { readonly name: string } };
    return { name: target.name, namespace: metadata.namespace ?? chart.destination.name };
  });
}

function runsJobBefore(objects: readonly ApiObject[]): boolean {
  const jobs = objects.filter(({ kind }) => kind === 'Job');
  return jobs.map(manifestOf).some(({ metadata }) => metadata.annotations?.['argocd.argoproj.io/hook'] === 'PreSync');
}

/** `group/Kind`; `group/Kind/name` of what judges others: a project permits these by their names alone. */
function kindOf({ apiGroup, kind, name }: ApiObject): string {
  return `${apiGroup === 'core' ? '' : apiGroup}/${kind}${kind.startsWith('ValidatingAdmissionPolicy') ? `/${name}` : ''}`;
}

/** The copies of secrets that an application brings. */
function copiesOf({ secrets }: Platform, { application }: ApplicationChart): Sealed[] {
  return secrets
    .map((secret) => secret.inventoryEntry())
    .flatMap(({ name, copies }) =>
      copies.filter((copy) => copy.application === application).map(({ namespace }) => ({ namespace, name })),
    );
}
