import { losses, nodeLoads, show } from './budget.ts';
import type { Loss, NodeLoad } from './budget.ts';
import { describeManifest } from '../constructs/core/manifest.ts';
import type { Platform } from '../constructs/core/platform.ts';
import { outdatedExclusions, TraefikWaf } from '../constructs/traefik-waf/index.ts';
import { foreignFindings } from './foreign.ts';
import { heldAnnotation } from './held-quota.ts';
import type { SynthResult } from './synthesise.ts';
import { watching } from './watching.ts';
import type { WriteResult } from './write/index.ts';

const width = 11;

/**
 * What a run did, as a short table.
 * @param orders whether it tells what to commit first: not where a procedure around it does
 * @param today of which exclusions of the firewall the day has come
 */
export function summary(
  { platform, beside, collection, taken, archives, written }: SynthResult,
  dryRun: boolean,
  { orders = true, today = new Date() } = {},
): string {
  const { environment, charts } = platform;
  const objects = collection.dist.length + collection.argocd.length;
  const { added, changed, removed, unchanged } = written;
  const counts = [
    `${added.length} added`,
    `${changed.length} changed`,
    `${removed.length} removed`,
    `${unchanged} unchanged`,
  ];
  return [
    `${environment.name}: ${charts.length} applications, ${objects} objects`,
    row(dryRun ? 'would write' : 'written', counts.join(', ')),
    ...files('+', added),
    ...files('~', changed),
    ...files('-', removed),
    ...nodeLoads(platform, beside).map((load, index) => row(index === 0 ? 'requests' : '', requests(load))),
    ...losses(platform, beside).map((loss, index) => row(index === 0 ? 'without' : '', without(loss))),
    ...watching(platform).map((text, index) => row(index === 0 ? 'watching' : '', text)),
    row('secrets', secrets(collection.unsealed, environment.name)),
    row('images', images(environment.imageReferences)),
    ...unusedImages(environment.unusedImages()).map((text) => row('', text)),
    row('release', environment.releaseTag ?? `none: applications follow the branch ${environment.repository.branch}`),
    ...outdated(platform, today).map((text) => row('exclusions', text)),
    ...held(collection.dist).map((text) => row('quota', text)),
    ...taken.map((text) => row('takes away', `${text}: pods that run still use it until they are replaced`)),
    ...(taken.length > 0
      ? [row('', 'where they need it, release first what no longer uses it, and this afterwards')]
      : []),
    ...archives.map((text) => row('archive', `${text}; copy what is to stay recoverable there first`)),
    ...(orders ? unordered(platform, written) : []).map((text) => row('order', text)),
    ...foreignFindings(written.foreign, environment.name, charts).map(({ where, what, remedy }) =>
      row('not ours', `${where}: ${what}; ${remedy}`),
    ),
    ...written.editedByHand.map((file) => row('edited', file)),
  ].join('\n');
}

/** They hold, and synth refuses nothing for them: what it writes depends on files alone. */
function outdated({ charts }: Platform, today: Date): string[] {
  const routes = charts
    .flatMap(({ node }) => node.findAll())
    .flatMap((each) => (each instanceof TraefikWaf ? each.routes : []));
  const past = outdatedExclusions(
    routes.flatMap(({ exclusions }) => exclusions),
    today,
  );
  if (past.length === 0) return [];
  const named = past.map(({ rule, route, until }) => `${rule} on ${route} (${until})`);
  return [`the day of ${past.length} has come, and npm run check fails until somebody has looked: ${named.join(', ')}`];
}

/** Quotas that are lowered later than what they are for. */
function held(dist: SynthResult['collection']['dist']): string[] {
  return dist.flatMap(({ manifest }) => {
    const last = manifest.metadata.annotations?.[heldAnnotation];
    if (last === undefined) return [];
    return `${describeManifest(manifest)} keeps room for what runs now; the release after ${last} lowers it`;
  });
}

function row(title: string, text: string): string {
  return `  ${title.padEnd(width)} ${text}`;
}

const longestList = 12;

function files(mark: string, paths: readonly string[]): string[] {
  const shown = paths.slice(0, longestList).map((path) => row('', `${mark} ${path}`));
  const rest = paths.length - longestList;
  return rest > 0 ? [...shown, row('', `${mark} and ${rest} more`)] : shown;
}

function requests({ node, requested, requestedAtMost, allocatable }: NodeLoad): string {
  const sizes = `${show(requested)}, at full size ${show(requestedAtMost)}`;
  return `${node.role} ${node.name}: ${sizes}, of ${show(allocatable)}`;
}

function without({ node, keepsApi, requested, allocatable }: Loss): string {
  return keepsApi
    ? `${node.name}: ${show(requested)} at the least, of ${show(allocatable)}`
    : `${node.name}: no Kubernetes API; what ran there is gone until it is back`;
}

function secrets(unsealed: readonly string[], environment: string): string {
  if (unsealed.length === 0) return 'all sealed';
  // What the command takes where nothing is said.
  const which = environment === 'production' ? '' : ` --environment ${environment}`;
  return `${unsealed.length} still to seal: ${unsealed.join(', ')} (npm run seal -- --cert FILE${which})`;
}

function images(references: ReadonlySet<string>): string {
  const unpinned = [...references].filter((reference) => !reference.includes('@')).length;
  return unpinned === 0
    ? 'all pinned by digest'
    : `${unpinned} of ${references.size} without a digest (npm run images)`;
}

/** A slip of the pen in a name, or one for an option that nobody has switched on: no error, but nothing runs it. */
function unusedImages(names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`no application asks for ${names.join(', ')}`];
}

/**
 * Applications that follow the branch all move at once, so a change of one and of what it needs has no order. Tags give
 * it one.
 */
function unordered({ environment, needs }: Platform, { added, changed, removed }: WriteResult): string[] {
  if (environment.releaseTag !== undefined) return [];
  const prefix = `dist/${environment.name}/`;
  // On first install everything is new, and the waves hold.
  const touched = new Set(
    [...changed, ...removed, ...(changed.length > 0 ? added : [])]
      .filter((file) => file.startsWith(prefix))
      .map((file) => file.slice(prefix.length).split('/')[0] ?? ''),
  );
  return [...needs].flatMap(([name, list]) =>
    list
      .filter(({ application }) => touched.has(name) && touched.has(application))
      .map(
        ({ application }) =>
          `${name} and ${application}, which it needs, change together, and follow the branch at once: where they run already, commit ${application} first`,
      ),
  );
}
