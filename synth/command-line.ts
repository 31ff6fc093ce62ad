import fs from 'node:fs';
import { parseArguments } from './arguments.ts';
import { runCommand } from './command.ts';
import { environments } from '../config/index.ts';
import { writeInstall } from './install/index.ts';
import { homesOf, writeValues } from './machines.ts';
import { summary } from './summary.ts';
import { isApplied } from './foreign.ts';
import { synthesiseAll } from './synthesise.ts';
import type { SynthResult } from './synthesise.ts';

const help = `npm run synth -- [OPTION...]

Writes dist/ENVIRONMENT, argocd/ENVIRONMENT, terraform/environments/ENVIRONMENT.tfvars.json and
install/environments/ENVIRONMENT from config/, apps/ and constructs/.

  --environment NAME  one environment of config/environments   [all of them]
  --strict            refuse images without a digest
  --dry-run           tell what would change, and change nothing; exit code 1 if anything would, and if Argo CD would
                      apply a file that no construct wrote
  --help              this text
`;

/** Runs `npm run synth` with these arguments. @returns the exit code: 0 done, 1 refused, 2 called wrongly */
export function commandLine(root: string, args: readonly string[]): number {
  return runCommand(help, () => {
    const { values } = parseArguments({
      args: [...args],
      options: {
        environment: { type: 'string' },
        strict: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) return 'help';
    const { environment, strict, 'dry-run': dryRun } = values;
    const names = environment === undefined ? Object.keys(environments) : [environment];
    const results = synthesiseAll(names, { root, strict, dryRun });
    process.stdout.write(`${results.map((result) => summary(result, dryRun)).join('\n\n')}\n`);
    const machines = writeValues(root, homesOf(names), { dryRun });
    for (const line of machines) process.stdout.write(`  terraform   ${line}\n`);
    const install = writeInstall(root, homesOf(names), { dryRun });
    for (const line of install) process.stdout.write(`  install     ${line}\n`);
    for (const name of names) copyForCdk8s(root, name, process.env.CDK8S_OUTDIR);
    const changes = results.flatMap(({ written: { added, changed, removed } }) => [...added, ...changed, ...removed]);
    return dryRun && (changes.length > 0 || machines.length + install.length > 0 || results.some(hasStrangers)) ? 1 : 0;
  });
}

/** Files that Argo CD would apply, whoever wrote them. */
function hasStrangers({ platform: { environment, charts }, written: { foreign } }: SynthResult): boolean {
  return foreign.some((file) => isApplied(file, environment.name, charts));
}

/** `cdk8s synth` empties its own output folder and lists what it finds there afterwards; ours is never handed to it. */
function copyForCdk8s(root: string, environment: string, folder: string | undefined): void {
  if (folder !== undefined) fs.cpSync(`${root}/dist/${environment}`, `${folder}/${environment}`, { recursive: true });
}
