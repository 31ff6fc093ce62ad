// What releases of others bring, as npm run import wrote it down: names, labels, ports, images, rights and policies.
import crypto from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { valuesOf } from '../../constructs/core/upstream-source.ts';
import type { UpstreamSource } from '../../constructs/core/upstream-source.ts';

/** What one source brings. */
export interface UpstreamFacts {
  /** For people, such as `argocd: https://github.com/argoproj/argo-cd.git v3.5.3 manifests/cluster-install`. */
  readonly source: string;
  /** Of everything that what it brings depends on. */
  readonly key: string;
  /** Its objects, with no more of each than `skeletonOf` leaves. */
  readonly objects: readonly Manifest[];
}

export const factsFile = 'imports/upstream.json';

/** A source, and the application that reads it. */
export interface ReadSource {
  readonly chart: ApplicationChart;
  readonly source: UpstreamSource;
}

let committed: readonly UpstreamFacts[] | undefined;

/** What is committed. */
export function committedFacts(): readonly UpstreamFacts[] {
  committed ??= JSON.parse(
    fs.readFileSync(path.join(import.meta.dirname, '../..', factsFile), 'utf8'),
  ) as readonly UpstreamFacts[];
  return committed;
}

export function sourcesOf(platform: Platform): readonly ReadSource[] {
  return platform.charts.flatMap((chart) => platform.upstreamSources(chart).map((source) => ({ chart, source })));
}

/** A release, where it is put and what is changed in it; a digest changes nothing of what is written down. */
export function keyOf({ chart, source: { props } }: ReadSource): string {
  const { repository, revision, path: folder, chart: name, include, patches, releaseName } = props;
  const values = valuesOf(props, ({ tag }) => tag);
  const parts = [chart.destination.name, repository, revision, folder, name, include, patches, releaseName, values];
  return crypto.createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

export function describeSource({ chart, source: { props } }: ReadSource): string {
  const { repository, revision, path: folder, chart: name, include } = props;
  return [`${chart.application}:`, repository, revision, name ?? folder ?? '', include ?? ''].join(' ').trim();
}

/** The objects that the sources of a platform bring, as far as they are written down. */
export function upstreamManifests(platform: Platform, facts = committedFacts()): Manifest[] {
  return sourcesOf(platform).flatMap((read) => factsOf(read, facts)?.objects ?? []);
}

export function factsOf(read: ReadSource, facts: readonly UpstreamFacts[]): UpstreamFacts | undefined {
  const key = keyOf(read);
  return facts.find((each) => each.key === key);
}

/** Sources of which nothing is written down, as they are. */
export function unknownSources(platform: Platform, facts = committedFacts()): readonly ReadSource[] {
  return sourcesOf(platform).filter((read) => factsOf(read, facts) === undefined);
}

/** As JSON with a line for each object, so that a change of versions can be read as a diff. */
export function factsText(facts: readonly UpstreamFacts[]): string {
  const texts = facts.map(({ source, key, objects }) => {
    const lines = objects.map((object) => `  ${JSON.stringify(object)}`).join(',\n');
    return `{"source":${JSON.stringify(source)},"key":${JSON.stringify(key)},"objects":[\n${lines}\n]}`;
  });
  return `[\n${texts.join(',\n')}\n]\n`;
}
