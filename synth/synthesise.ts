import { buildAppOfApps, buildPlatform } from '../apps/platform.ts';
import { neighboursOf } from '../config/index.ts';
import type { LoadOptions } from '../config/index.ts';
import { formatFinding, InputError } from '../constructs/core/error.ts';
import type { Finding } from '../constructs/core/error.ts';
import type { Manifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { objectFindings } from './api-server/index.ts';
import { budgetFindings } from './budget.ts';
import { collect } from './collect.ts';
import type { Collection } from './collect.ts';
import { Committed } from './committed.ts';
import { diskFindings } from './disk.ts';
import { followingFindings } from './following.ts';
import { heldDataFindings } from './held-data.ts';
import { holdQuotas } from './held-quota.ts';
import { immutableFindings } from './immutable/index.ts';
import { majorUpgradeFindings } from './major-upgrade.ts';
import { declaredEdges, foreignPodGroups, runtimeLabels } from './model.ts';
import { movedFindings } from './moved.ts';
import { compareReachability } from './network/compare.ts';
import { reachability } from './network/evaluate.ts';
import { networkFindings } from './network/lint.ts';
import { policyFindings } from './policies.ts';
import type { PolicyContext } from './policies.ts';
import { privilegesOf } from './privileges.ts';
import { sealedManifests } from './seal/files.ts';
import { movedArchives } from './moved-archives.ts';
import { readBefore, takenAway } from './taken-away.ts';
import { releaseFindings } from './release-number.ts';
import { unknownSources, upstreamManifests } from './upstream/facts.ts';
import { upstreamFindings } from './upstream/findings.ts';
import { nodePortsBeside, serviceAddressFindings } from './twice.ts';
import { wayInFindings } from './ways-in.ts';
import { writeTrees } from './write/index.ts';
import type { Tree, WriteResult } from './write/index.ts';

export interface SynthOptions {
  /** The repository's root: where `dist/`, `argocd/` and `secrets/` are. */
  readonly root: string;
  readonly environment: string;
  /** Refuse images without a digest. */
  readonly strict: boolean;
  /** Tell what would change, and change nothing. */
  readonly dryRun: boolean;
  /**
   * What to read instead of what the environment's file says.
   * @default nothing
   */
  readonly changes?: LoadOptions['changes'];
  /**
   * What to read instead of what `config/generations.json` says.
   * @default nothing
   */
  readonly generations?: LoadOptions['generations'];
}

export interface SynthResult {
  readonly platform: Platform;
  /** The other environments in its cluster. */
  readonly beside: readonly Platform[];
  readonly collection: Collection;
  /** What pods of the release before lose while they run still. */
  readonly taken: readonly string[];
  /** Buckets that stores no longer archive to. */
  readonly archives: readonly string[];
  readonly written: WriteResult;
}

/** From the configuration to the files. @throws InputError with everything that is wrong, before anything is written */
export function synthesise({ root, environment, dryRun, ...read }: SynthOptions): SynthResult {
  return write(root, prepare({ root, environment, ...read }), dryRun);
}

/** The same for several environments: none is written if any is refused. @throws InputError with what is wrong in all */
export function synthesiseAll(
  environments: readonly string[],
  { root, dryRun, ...read }: Omit<SynthOptions, 'environment'>,
): SynthResult[] {
  const findings: Finding[] = [];
  const prepared = environments.flatMap((environment) => {
    try {
      return prepare({ root, environment, ...read });
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      findings.push(...error.findings.map((finding) => named(environment, finding)));
      return [];
    }
  });
  if (findings.length > 0) throw new InputError(withoutTwins(findings, environments));
  return prepared.map((each) => write(root, each, dryRun));
}

/** Objects are called the same in every environment; a file is one environment's, or everybody's. */
function named(environment: string, finding: Finding): Finding {
  const { where } = finding;
  if (/^(the environment$|config\/|secrets\/|dist\/|argocd\/)/.test(where)) return finding;
  return { ...finding, where: `${environment}: ${where}` };
}

/** What is wrong for several environments is told once, with all of them: the file of one begins with another one's. */
function withoutTwins(findings: readonly Finding[], environments: readonly string[]): Finding[] {
  const merged = new Map<string, { readonly finding: Finding; readonly of: Set<string> }>();
  for (const finding of findings) {
    const environment = environments.find((name) => beginsWith(finding.where, name));
    const rest = environment === undefined ? finding.where : finding.where.replace(environment, '*');
    const key = formatFinding({ ...finding, where: rest });
    const same = merged.get(key) ?? { finding: { ...finding, where: rest }, of: new Set() };
    if (environment !== undefined) same.of.add(environment);
    merged.set(key, same);
  }
  return [...merged.values()].map(({ finding, of }) => {
    const [first = '', ...others] = of;
    const last = finding.where.startsWith('config/') ? others.map((name) => ` and ${name}.ts`) : [];
    const all = last.length > 0 ? first : [...of].join(' and ');
    return { ...finding, where: finding.where.replace('*', all).replace('.ts:', `.ts${last.join('')}:`) };
  });
}

const beginsWith = (where: string, environment: string): boolean =>
  where.startsWith(`${environment}: `) || where.startsWith(`config/environments/${environment}.ts:`);

type Prepared = Omit<SynthResult, 'taken' | 'written'> & { readonly committed: Committed };

function prepare({ root, environment, strict, ...read }: Omit<SynthOptions, 'dryRun'>): Prepared {
  const platform = buildPlatform(environment, { strict, ...read });
  const beside = neighboursOf(environment, read).map((name) => buildPlatform(name, { generations: read.generations }));
  const sealed = sealedManifests(root, environment);
  const collected = collect(platform, buildAppOfApps(platform, sealed), sealed);
  const committed = new Committed(root, environment, collected.dist, platform.environment.repository.url);
  const quotas = holdQuotas(committed, platform.environment, collected.dist);
  const collection = { ...collected, dist: quotas.dist };
  const upgrades = majorUpgradeFindings(committed, platform, collection.dist);
  const kept = [
    ...upgrades,
    ...followingFindings(committed, platform, collection.dist),
    // Another engine is another label too, whose ways out would bring it onto the same volumes.
    ...immutableFindings(committed, collection.dist).filter(
      ({ what }) => upgrades.length === 0 || !/^spec\.\S*(?:[lL]abels|selector)/.test(what),
    ),
    ...movedFindings(committed, collection.dist),
    ...heldDataFindings(committed, collection.dist),
  ];
  check(platform, collection, [
    ...budgetFindings(platform, beside),
    ...nodePortsBeside(
      collection.dist.map(({ manifest }) => manifest),
      beside,
    ),
    ...serviceAddressFindings(
      collection.dist.map(({ manifest }) => manifest),
      platform.environment,
      beside,
    ),
    ...diskFindings(platform),
    ...(committed.staysExample ? kept.map(mayBegin) : kept),
    ...releaseFindings(root, platform.environment, collection.argocd),
    ...quotas.findings,
  ]);
  readBefore(committed, collection.dist);
  return { platform, beside, collection, committed, archives: movedArchives(committed, collection.dist) };
}

/** Who begins with this repository changes what nobody ever deployed. */
function mayBegin(finding: Finding): Finding {
  const way = 'where nothing of this was ever deployed, name your own repository in config/environments';
  return { ...finding, remedy: `${finding.remedy}. Or, ${way}: then all of it may change` };
}

function write(root: string, { committed, ...prepared }: Prepared, dryRun: boolean): SynthResult {
  const { platform, collection } = prepared;
  const { name } = platform.environment;
  const written = writeTrees(root, treesOf(name, collection), { dryRun });
  const changed = new Set(written.changed);
  const files = collection.dist.filter((file) => changed.has(`dist/${name}/${file.path}`));
  return { ...prepared, taken: takenAway(committed, files), written };
}

export function treesOf(environment: string, { dist, argocd }: Collection): Tree[] {
  return [
    { folder: `dist/${environment}`, files: dist },
    { folder: `argocd/${environment}`, files: argocd },
  ];
}

/** @throws InputError with every finding of every check, and of those that looked further than the collection */
function check(platform: Platform, collection: Collection, further: readonly Finding[]): void {
  const findings = [...manifestFindings(platform, collection), ...further];
  if (findings.length > 0) throw new InputError(findings);
}

/** What is wrong with the objects themselves, wherever they run. */
export function manifestFindings(platform: Platform, { dist, argocd }: Collection): Finding[] {
  const manifests = dist.map(({ manifest }) => manifest);
  return [
    ...[...manifests, ...argocd.map(({ manifest }) => manifest)].flatMap(objectFindings),
    ...policyFindings(manifests, policyContext(platform)),
    ...wayInFindings(platform, manifests),
    ...upstreamFindings(platform),
    // Who is reached by pods of which nothing is known can't be told.
    ...(unknownSources(platform).length > 0
      ? []
      : networkChecks(platform, [...manifests, ...upstreamManifests(platform)])),
  ];
}

function networkChecks(platform: Platform, manifests: readonly Manifest[]): Finding[] {
  const foreign = foreignPodGroups(platform);
  return [
    ...networkFindings(manifests, { foreign, runtimeLabels: runtimeLabels(platform) }),
    ...compareReachability(declaredEdges(platform), reachability(manifests, { foreign })),
  ];
}

function policyContext(platform: Platform): PolicyContext {
  const { secrets, environment } = platform;
  const inventory = secrets.flatMap((secret) => {
    const { name, keys, copies } = secret.inventoryEntry();
    return copies.map(({ namespace }) => [`${namespace}/${name}`, Object.keys(keys)] as const);
  });
  return {
    images: environment.imageReferences,
    secrets: new Map(inventory),
    privileges: privilegesOf(platform),
  };
}
