import fs from 'node:fs';
import path from 'node:path';
import { dump } from 'js-yaml';
import { upstreamRelease } from '../../../../config/index.ts';
import type { Upstream } from '../../../../constructs/core/environment.ts';
import { InputError } from '../../../../constructs/core/error.ts';
import { definitionFiles, makers } from '../../../../scripts/import/makers.ts';
import type { MakerName } from '../../../../scripts/import/makers.ts';
import { argocdFolders } from '../../../../scripts/import/render.ts';
import { asset } from '../../../tools/assets.ts';
import { toolsHere } from '../../../tools/cache.ts';
import type { Tools } from '../../../tools/cache.ts';
import { versionOf } from '../../../tools/modules.ts';
import type { ProgramName } from '../../../tools/programs.ts';

/** A git repository that the committed tree reads, with the part of it that is read. */
export interface UpstreamRepository {
  readonly url: string;
  readonly tag: string;
  /** That of the tag, where the committed tree reads it. */
  readonly commit?: string;
  /** Text by path in the repository. */
  readonly files: Readonly<Record<string, string>>;
  /** In which way it is not its maker's. @default it is */
  readonly standIn?: string;
}

/** A Helm chart that the committed tree reads from a chart repository. */
export interface UpstreamChart {
  readonly repository: string;
  readonly name: string;
  readonly version: string;
  /** Text by path in the chart, such as `Chart.yaml`. */
  readonly files: Readonly<Record<string, string>>;
  /** In which way it is not its maker's. @default it is */
  readonly standIn?: string;
}

/**
 * The git repositories that the committed tree reads, but for our own.
 * @throws InputError where a module can't be had, or is of another version than config/upstream.ts names
 */
export function upstreamRepositories(tools: Tools = toolsHere()): readonly UpstreamRepository[] {
  const argocd = upstreamRelease('argocd');
  const sealedSecrets = upstreamRelease('sealed-secrets');
  const traefik = upstreamRelease('traefik');
  return [
    {
      ...pinOf(argocd),
      files: Object.assign(
        {},
        ...argocdFolders.map((folder) => assetFiles('argocd', argocd.revision, folder, tools)),
      ) as UpstreamRepository['files'],
    },
    {
      ...pinOf(sealedSecrets),
      files: assetFiles('sealed-secrets-controller', sealedSecrets.revision, 'helm/sealed-secrets', tools),
    },
    {
      ...pinOf(traefik),
      files: definitionsOf('traefik', tools),
    },
  ];
}

function pinOf({ repository, revision, commit }: Upstream): Omit<UpstreamRepository, 'files'> {
  return { url: repository, tag: revision, ...(commit === undefined ? {} : { commit }) };
}

/** The Helm charts that the committed tree reads from chart repositories. @throws InputError as above */
export function upstreamCharts(tools: Tools = toolsHere()): readonly UpstreamChart[] {
  const definitions = Object.entries(definitionsOf('cert-manager', tools)).filter(([file]) => file.endsWith('.yaml'));
  const { repository, revision } = upstreamRelease('cert-manager');
  const about = {
    apiVersion: 'v2',
    name: 'cert-manager',
    description: 'A stand-in for the chart of cert-manager, whose pods do nothing but listen',
    version: revision,
    appVersion: revision,
  };
  return [
    {
      repository,
      name: about.name,
      version: about.version,
      files: {
        'Chart.yaml': dump(about),
        ...filesOf(path.join(import.meta.dirname, '..', '..', 'cert-manager', 'chart')),
        ...Object.fromEntries(definitions.map(([file, text]) => [`definitions/${path.basename(file)}`, text])),
      },
      standIn:
        "cert-manager is a chart of our own with its maker's definitions: its pods do nothing but listen, and it " +
        'registers no webhooks',
    },
  ];
}

/** The definitions of a maker by their path in its repository, as the tag has them. */
function definitionsOf(name: MakerName, tools: Tools): Readonly<Record<string, string>> {
  const files: readonly string[] = makers[name].files;
  const texts = definitionFiles(name, tools).map((source, index) => filesOf(source, files[index]));
  return Object.assign({}, ...texts) as Readonly<Record<string, string>>;
}

/** A file or folder of the module that a program is built from, as the tag has it. */
function assetFiles(program: ProgramName, tag: string, file: string, tools: Tools): Readonly<Record<string, string>> {
  const pinned = versionOf(program, tools.folder);
  if (pinned !== tag) {
    throw new InputError({
      where: `${program}: ${file}`,
      what: `prove/tools pins ${pinned}`,
      allowed: `${tag}, as config/upstream.ts has it`,
      remedy: 'pin the same version in both',
    });
  }
  return filesOf(asset(program, file, tools), file);
}

/** The text of a file, or of every file of a folder, by its path below `prefix`. */
function filesOf(source: string, prefix = ''): Readonly<Record<string, string>> {
  if (fs.statSync(source).isFile()) return { [prefix]: fs.readFileSync(source, 'utf8') };
  const entries = fs.readdirSync(source).sort();
  return Object.assign(
    {},
    ...entries.map((name) => filesOf(path.join(source, name), path.posix.join(prefix, name))),
  ) as Readonly<Record<string, string>>;
}
