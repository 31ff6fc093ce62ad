import fs from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { buildPlatform } from '../../apps/platform.ts';
import { environments } from '../../config/index.ts';
import { parseArguments } from '../../synth/arguments.ts';
import { runCommand } from '../../synth/command.ts';
import type { Platform } from '../../constructs/core/platform.ts';
import type { Output } from '../../synth/command.ts';
import { describeSource, factsFile, factsText, keyOf, sourcesOf } from '../../synth/upstream/facts.ts';
import type { UpstreamFacts } from '../../synth/upstream/facts.ts';
import { customResourceTable } from './custom-resources.ts';
import { interfacesOf } from './interfaces.ts';
import { definitionsIn, makerNames, makers, pinnedModule, sourceOf } from './makers.ts';
import type { Maker } from './makers.ts';
import { keptRuleSet, pinnedRuleSet, ruleSet } from '../waf/rule-set.ts';
import { fetchingHere, keptFiles, moduleFiles } from './module-files.ts';
import type { Fetching } from './module-files.ts';
import { kubernetes, packageTable } from './packages.ts';
import { goMod, pin, unpinned } from './pins.ts';
import { renderedFacts, renderersHere } from './render.ts';
import { ruleSetFile, ruleSetText } from './rule-set.ts';
import { tableText } from './table.ts';
import type { Table } from './table.ts';

const help = `npm run import -- [OPTION...]

Writes imports/: the tables of field names and types that synth checks every object by, and TypeScript interfaces. Those
of custom resources are read from their makers' own definitions, in the Go modules of the versions that config/upstream.ts
names (it needs Go and its module proxy); Kubernetes' own from the installed package kubernetes-models. And upstream.json:
what the manifests bring that Argo CD reads where others publish them, rendered with the values and patches of apps/ (it
needs helm and kubectl, on the PATH or named in HELM and KUBECTL).

  --check  write and fetch nothing; exit code 1 when a file is not what would be written. A table whose definitions were
           never fetched here can't be compared, and says so; its version, its interfaces and the pins are compared.
           Nothing is rendered: upstream.json is compared with which sources there are; npm run prove -- network renders
  --help   this text
`;

/** Runs `npm run import`. @returns the exit code: 0 done, 1 refused or different, 2 called wrongly */
export function importCommand(
  root: string,
  args: readonly string[],
  output: Output = process,
  fetching: Fetching = fetchingHere(),
): number {
  const command = () => {
    const { values } = parseArguments({
      args: [...args],
      options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
    });
    if (values.help) return 'help';
    return new Import(path.join(root, 'imports'), values.check, output, fetching).run(path.join(root, 'node_modules'));
  };
  return runCommand(help, command, output);
}

class Import {
  private isRight = true;
  private readonly folder: string;
  private readonly check: boolean;
  private readonly output: Output;
  private readonly fetching: Fetching;

  constructor(folder: string, check: boolean, output: Output, fetching: Fetching) {
    this.folder = folder;
    this.check = check;
    this.output = output;
    this.fetching = fetching;
  }

  /** @returns the exit code */
  run(modules: string): number {
    const all = Object.values(makers);
    if (!this.check) pin(all, this.folder, this.fetching);
    const platforms = Object.keys(environments).map((name) => buildPlatform(name));
    // First, because it needs the most.
    if (this.check) this.compareUpstream(platforms);
    else this.settle(path.basename(factsFile), factsText(renderedFacts(platforms, renderersHere(this.fetching))));
    this.settle('go.mod', goMod(all));
    const lacking = unpinned(all, fs.readFileSync(path.join(this.folder, 'go.sum'), 'utf8'));
    if (lacking.length > 0) this.say('go.sum', `differs: it has no hash of ${lacking.map(sourceOf).join(', ')}`, false);
    this.settle('kubernetes.json', tableText(packageTable(kubernetes, modules)));
    for (const name of makerNames) {
      const text = this.table(makers[name], `${name}.json`);
      if (text !== undefined && makers[name].hasInterfaces) {
        this.settle(`${name}.ts`, interfacesOf(JSON.parse(text) as Table));
      }
    }
    this.ruleSet();
    return this.isRight ? 0 : 1;
  }

  /** The rules of the firewall that exclusions may name. */
  private ruleSet(): void {
    const version = pinnedRuleSet();
    const set = this.check ? keptRuleSet(version, this.fetching) : ruleSet(version, this.fetching);
    if (set !== undefined) {
      this.settle(ruleSetFile, ruleSetText(set));
      return;
    }
    const { source } = JSON.parse(fs.readFileSync(path.join(this.folder, ruleSetFile), 'utf8')) as { source: string };
    const isCurrent = source === `OWASP CRS ${version}`;
    const differs = `differs: it is of ${source}, scripts/waf/go.mod names ${version}`;
    this.say(ruleSetFile, isCurrent ? 'not compared: its rules were never fetched here' : differs, isCurrent);
  }

  /** Whether what is known of upstream is known of the sources that there are. */
  private compareUpstream(platforms: readonly Platform[]): void {
    const name = path.basename(factsFile);
    const file = path.join(this.folder, name);
    const facts = JSON.parse(fs.readFileSync(file, 'utf8')) as readonly UpstreamFacts[];
    const read = new Map(platforms.flatMap(sourcesOf).map((each) => [keyOf(each), describeSource(each)]));
    const lacking = [...read].filter(([key]) => !facts.some((each) => each.key === key)).map(([, source]) => source);
    const idle = facts.filter(({ key }) => !read.has(key)).map(({ source }) => source);
    const parts = [
      ...(lacking.length === 0 ? [] : [`lacks ${lacking.join(', ')}, as it is in apps/ now`]),
      ...(idle.length === 0 ? [] : [`has ${idle.join(', ')}, as it is no more`]),
    ];
    if (parts.length > 0) this.say(name, `differs: it ${parts.join(' and ')}`, false);
    else this.say(name, 'not compared: it names every source; npm run prove -- network renders them', true);
  }

  /** Settles a maker's table. @returns what it holds; undefined where what is committed is of another version */
  private table(maker: Maker, name: string): string | undefined {
    const pinned = pinnedModule(maker, this.folder);
    const files = this.check
      ? keptFiles(pinned, maker.files, this.fetching)
      : moduleFiles(pinned, maker.files, this.fetching);
    if (files !== undefined) {
      const text = tableText(customResourceTable(sourceOf(maker), definitionsIn(files), maker.kinds));
      this.settle(name, text);
      return text;
    }
    const committed = fs.readFileSync(path.join(this.folder, name), 'utf8');
    const { source } = JSON.parse(committed) as Table;
    if (source !== sourceOf(maker)) {
      this.say(name, `differs: it is of ${source}, config/upstream.ts names ${maker.version}`, false);
      return undefined;
    }
    this.say(name, 'not compared: its definitions were never fetched here (npm run import fetches them)', true);
    return committed;
  }

  /** Compares a file with what it should hold, and writes it where it is not that. */
  private settle(name: string, content: string): void {
    const file = path.join(this.folder, name);
    const isCurrent = fs.existsSync(file) && fs.readFileSync(file, 'utf8') === content;
    if (!isCurrent && !this.check) fs.writeFileSync(file, content);
    this.say(name, isCurrent ? 'unchanged' : this.check ? 'differs' : 'written', isCurrent || !this.check);
  }

  private say(name: string, state: string, isRight: boolean): void {
    this.isRight &&= isRight;
    this.output.stdout.write(`imports/${name} ${state}\n`);
  }
}
