import fs from 'node:fs';
import path from 'node:path';
import vm from 'node:vm';
import { upstream } from '../../config/upstream.ts';
import type { UpstreamPin } from '../../config/upstream.ts';
import { readImages, pinned } from '../../scripts/images/table.ts';
import { root } from '../support/committed.ts';

interface CustomManager {
  readonly managerFilePatterns: readonly string[];
  readonly matchStrings: readonly string[];
  readonly datasourceTemplate?: string;
}

// JSON5 is a subset of JavaScript.
const {
  customManagers,
  extends: presets,
  packageRules,
} = vm.runInNewContext(`(${read('renovate.json5')})`) as {
  readonly customManagers: readonly CustomManager[];
  readonly extends: readonly string[];
  readonly packageRules: readonly { readonly description: string; readonly matchPackageNames?: readonly string[] }[];
};

function read(file: string): string {
  return fs.readFileSync(path.join(root, file), 'utf8');
}

/** What Renovate's regex manager finds in a file: the named groups of every match. */
function found(file: string, text = read(file)): Record<string, string | undefined>[] {
  return customManagers
    .filter(({ managerFilePatterns }) =>
      managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(file)),
    )
    .flatMap(({ matchStrings, datasourceTemplate: datasource }) =>
      matchStrings.flatMap((match) =>
        [...text.matchAll(new RegExp(match, 'g'))].map(({ groups }) => ({ datasource, ...groups })),
      ),
    );
}

test('Renovate finds every image, with its digest where it has one', () => {
  const images = Object.values(readImages(root).images);
  expect(found('config/images.json')).toEqual(
    images.map(({ repository, tag, digest }) => ({
      datasource: 'docker',
      depName: repository,
      currentValue: tag,
      currentDigest: digest,
    })),
  );
});

test('Renovate finds the digest of an image as npm run images -- pin writes it', () => {
  const [before] = Object.values(readImages(root).images);
  const digest = `sha256:${'0'.repeat(64)}`;
  const text = JSON.stringify({ image: pinned(before!, digest, 'ghcr.io', '2026-11-23') }, null, 2);
  expect(found('config/images.json', text).map(({ currentDigest }) => currentDigest)).toEqual([digest]);
});

test('Renovate finds every upstream release, with its commit where it has one', () => {
  const pins: readonly UpstreamPin[] = Object.values(upstream);
  expect(found('config/upstream.ts')).toEqual(
    pins.map((pin) => ({
      datasource: 'github-releases',
      depName: expect.stringMatching(/^[\w-]+\/[\w-]+$/) as string,
      currentValue: pin.version,
      currentDigest: 'commit' in pin ? pin.commit : undefined,
    })),
  );
});

test('Renovate leaves images alone that follow a release of others: they come with it', () => {
  const pins: readonly UpstreamPin[] = Object.values(upstream);
  const all = readImages(root).images;
  const rule = packageRules.find(({ description }) => description.startsWith('Images that a release of upstream'));
  const brought = [...pins.flatMap(({ images = [] }) => images), 'argocd-dex', 'argocd-redis'];
  expect([...(rule?.matchPackageNames ?? [])].sort()).toEqual(brought.map((name) => all[name]!.repository).sort());
});

test('Renovate keeps every action at a commit, with its whole version beside it', () => {
  expect(presets).toContain('helpers:pinGitHubActionDigestsToSemver');
});
