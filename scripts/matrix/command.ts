import process from 'node:process';
import { buildPlatform } from '../../apps/platform.ts';
import { environments } from '../../config/index.ts';
import { InputError } from '../../constructs/core/error.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand, UsageError } from '../../synth/command.ts';
import type { Output } from '../../synth/command.ts';
import { declaredEdges, foreignPodGroups } from '../../synth/model.ts';
import { compareReachability } from '../../synth/network/compare.ts';
import { podGroups, reachability } from '../../synth/network/evaluate.ts';
import type { Edge } from '../../synth/network/evaluate.ts';
import { matrixMarkdown, matrixTable } from '../../synth/network/print.ts';
import { upstreamManifests } from '../../synth/upstream/facts.ts';
import { committedManifests } from './committed.ts';
import type { Committed } from './committed.ts';

const help = `npm run matrix -- [OPTION...]

Who may reach whom: computed from the network policies in dist/ENVIRONMENT as they are committed, and from what the
manifests of others bring, as imports/upstream.json has it.

  --environment NAME  the environment of config/environments   [production]
  --application NAME  only ways from or to pods of this application or namespace; can be repeated
  --markdown          as a Markdown table
  --check             compare all environments, or that one, with the wires in apps/ instead; exit code 1 if they differ
  --help              this text
`;

/** Runs `npm run matrix`. @returns the exit code: 0 done, 1 refused or different, 2 called wrongly */
export function matrixCommand(root: string, args: readonly string[], output: Output = process): number {
  return runCommand(
    help,
    () => {
      const { values } = parseArguments({
        args: [...args],
        options: {
          environment: { type: 'string' },
          application: { type: 'string', multiple: true, default: [] },
          markdown: { type: 'boolean', default: false },
          check: { type: 'boolean', default: false },
          help: { type: 'boolean', default: false },
        },
      });
      if (values.help) return 'help';
      const { environment = 'production', application: names, markdown, check } = values;
      if (check && (markdown || names.length > 0)) {
        throw new UsageError('--check compares everything, without --application and --markdown');
      }
      if (check) {
        const all = values.environment === undefined ? Object.keys(environments) : [environment];
        for (const name of all)
          output.stdout.write(`${compared(root, name)} ways in dist/${name}, as the wires declare\n`);
        return 0;
      }
      const { platform, committed, edges } = waysOf(root, environment);
      const shown = names.length === 0 ? edges : touching(edges, names, platform, committed);
      output.stdout.write(markdown ? matrixMarkdown(shown) : matrixTable(shown));
      return 0;
    },
    output,
  );
}

interface Ways {
  readonly platform: Platform;
  readonly committed: Committed;
  readonly edges: readonly Edge[];
}

function waysOf(root: string, environment: string): Ways {
  const platform = buildPlatform(environment);
  const committed = committedManifests(root, environment);
  const edges = reachability(all(committed, platform), { foreign: foreignPodGroups(platform) });
  return { platform, committed, edges };
}

/** What Argo CD applies: what is committed, and what upstream's sources bring. */
function all(committed: Committed, platform: Platform): Manifest[] {
  return [...[...committed.values()].flat(), ...upstreamManifests(platform)];
}

/** How many ways there are. @throws InputError where they are not what the wires declare */
function compared(root: string, environment: string): number {
  const { platform, edges } = waysOf(root, environment);
  const findings = compareReachability(declaredEdges(platform), edges);
  if (findings.length > 0) throw new InputError(findings);
  return edges.length;
}

/** The edges with an end among the pods of these applications or namespaces. @throws InputError for unknown names */
function touching(
  edges: readonly Edge[],
  names: readonly string[],
  platform: Platform,
  committed: Committed,
): readonly Edge[] {
  const pods = new Map<string, Set<string>>();
  const add = (owner: string, ...groups: readonly string[]): void => {
    pods.set(owner, new Set([...(pods.get(owner) ?? []), ...groups]));
  };
  const foreign = foreignPodGroups(platform);
  for (const { namespace, name } of podGroups(all(committed, platform), foreign)) add(namespace, name);
  for (const [application, manifests] of committed) add(application, ...podGroups(manifests).map(({ name }) => name));
  // Pods that an upstream's manifests make are in no file of ours: the model knows whose they are.
  for (const { application, namespace, name } of platform.owners) add(application, `${namespace}/${name}`);
  const unknown = names.filter((name) => !pods.has(name));
  if (unknown.length > 0) {
    throw new InputError(
      unknown.map((name) => ({
        where: '--application',
        what: `there is no "${name}"`,
        allowed: [...pods.keys()].sort().join(', '),
        remedy: 'name one of these',
      })),
    );
  }
  const wanted = new Set(names.flatMap((name) => [...(pods.get(name) ?? [])]));
  return edges.filter(({ from, to }) => wanted.has(from) || wanted.has(to));
}
