import fs from 'node:fs';
import path from 'node:path';
import { inventoryOf } from '../../apps/inventory.ts';
import { bundlesFile } from '../../config/bundles.ts';
import { sharedFindings } from '../../config/environment-checks.ts';
import { imageFindings, upstreamFindings } from '../../config/image-checks.ts';
import { environmentInput, environments } from '../../config/index.ts';
import { upstream } from '../../config/upstream.ts';
import { formatFinding, InputError } from '../../constructs/core/error.ts';
import type { Finding } from '../../constructs/core/error.ts';
import { foreignFindings, strayFindings } from '../../synth/foreign.ts';
import { writeInstall } from '../../synth/install/index.ts';
import { homesOf, writeValues } from '../../synth/machines.ts';
import { sealedManifests } from '../../synth/seal/files.ts';
import { fromManifest } from '../../synth/seal/manifest.ts';
import { sealStatus } from '../../synth/seal/status.ts';
import { synthesise } from '../../synth/synthesise.ts';
import type { SynthResult } from '../../synth/synthesise.ts';
import { readRecords, staleFindings } from '../bundle/record.ts';
import { stateFile } from '../buckets/wanted.ts';
import { staleOf } from '../generated/command.ts';
import { staleFinding, wantedFiles } from '../github/files.ts';
import { imagesFile, readImages } from '../images/table.ts';
import { exampleFindings } from './examples.ts';
import { dueSecrets, outputFindings, secretFindings } from './findings.ts';
import { unmadePods } from './unmade.ts';

/** What a tree has to be before it is deployed, by the name of its check. */
export const treeChecks = {
  environments: 'no two environments have a host, a machine or a bucket in common',
  output: 'dist/ and argocd/ are what npm run synth writes',
  github: '.github has the branches and release tags of the environments',
  foreign: 'nothing lies in dist/ and argocd/ that no construct wrote',
  examples: 'no value is left that came with this repository as an example',
  secrets: 'every secret is sealed',
  bundle: 'the disaster bundle has every key that secrets are sealed with',
  images: 'every image and every release of others is pinned',
  pods: 'something here makes the pods that others are wired to; what does not is told, and may come from elsewhere',
} as const;

export type TreeCheck = keyof typeof treeChecks;

/** How one of them came out. */
export interface Outcome<Name extends string = string> {
  readonly check: Name;
  /** What has to be mended. */
  readonly findings: readonly Finding[];
  /** What is worth knowing, and in nobody's way. */
  readonly notes: readonly string[];
}

/** What npm run synth would write of the environment's machines. @throws InputError for a wrong `config/stock.json` */
function valuesOf(root: string, environment: string): string[] {
  const homes = homesOf([environment]);
  return [...writeValues(root, homes, { dryRun: true }), ...writeInstall(root, homes, { dryRun: true })];
}

/** What an environment's tree is checked for, from its files alone. */
export function checkTree(root: string, environment: string, now: Date): Outcome<TreeCheck>[] {
  const input = environmentInput(environment);
  const shared = sharedFindings(environments);
  const told = new Set(shared.map(formatFinding));
  const { value: result, refused } = attempt(() => synthesise({ root, environment, strict: false, dryRun: true }));
  // What is wrong with the table itself, synth says.
  const { value: images = {} } = attempt(() => readImages(root).images);
  const manifests = result ? [...result.collection.dist, ...result.collection.argocd] : [];
  return [
    outcome('environments', shared),
    outcome(
      'output',
      result
        ? outputFindings(environment, result.written, valuesOf(root, environment))
        : refused.filter((each) => !told.has(formatFinding(each))),
    ),
    outcome('github', githubFindings(root)),
    result
      ? outcome('foreign', [
          ...foreignFindings(result.written.foreign, environment, result.platform.charts),
          ...strayFindings(root, Object.keys(environments)),
        ])
      : unknown('foreign'),
    outcome(
      'examples',
      exampleFindings({
        environment,
        input,
        images,
        owners: textOf(root, '.github/CODEOWNERS'),
        state: input.hetzner === undefined ? undefined : textOf(root, stateFile),
        manifests: manifests.map(({ manifest }) => manifest),
      }),
    ),
    result ? secrets(root, environment, result, now) : unknown('secrets'),
    bundle(root, input.shares ?? environment),
    outcome('images', [
      ...imageFindings(imagesFile, images, true),
      ...upstreamFindings('config/upstream.ts', upstream, images, true),
    ]),
    result ? outcome('pods', [], unmadePods(result.platform)) : unknown('pods'),
  ];
}

function secrets(root: string, environment: string, { platform }: SynthResult, now: Date): Outcome<TreeCheck> {
  const files = sealedManifests(root, environment).map(({ manifest }) => fromManifest(manifest));
  const rows = sealStatus(inventoryOf(platform), files, now);
  return outcome('secrets', secretFindings(environment, rows), dueSecrets(rows));
}

/** Of the environment whose cluster it is. */
function bundle(root: string, environment: string): Outcome<TreeCheck> {
  const { value: records = {}, refused } = attempt(() => readRecords(root));
  if (refused.length > 0) return outcome('bundle', refused);
  const made = records[environment]?.bundle;
  const where = `${bundlesFile}: ${environment}`;
  if (made !== undefined) return outcome('bundle', staleFindings(root, environment, made.sealing, where));
  return outcome(
    'bundle',
    [],
    ['none is made yet: docs/runbooks/disaster-bundle.md, before anything is kept that matters'],
  );
}

function githubFindings(root: string): readonly Finding[] {
  const { value = [], refused } = attempt(() => wantedFiles(root, environments));
  return [...refused, ...staleOf(value).map(({ file }) => staleFinding(file))];
}

function textOf(root: string, name: string): string | undefined {
  const file = path.join(root, name);
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : undefined;
}

function outcome(check: TreeCheck, findings: readonly Finding[], notes: readonly string[] = []): Outcome<TreeCheck> {
  return { check, findings, notes };
}

function unknown(check: TreeCheck): Outcome<TreeCheck> {
  return outcome(check, [], ['not known as long as npm run synth refuses the tree']);
}

/** @throws whatever is no InputError */
function attempt<Value>(action: () => Value): { readonly value?: Value; readonly refused: readonly Finding[] } {
  try {
    return { value: action(), refused: [] };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { refused: error.findings };
  }
}
