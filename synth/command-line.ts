import { parseArgs } from 'node:util';
import fs from 'node:fs';
import { runCommand } from './command.ts';
import { summary } from './summary.ts';
import { synthesise } from './synthesise.ts';

const help = `npm run synth -- [OPTION...]

Writes dist/ENVIRONMENT and argocd/ENVIRONMENT from config/, apps/ and constructs/.

  --environment NAME  the environment of config/environments   [production]
  --strict            refuse images without a digest
  --dry-run           tell what would change, and change nothing; exit code 1 if anything would
  --help              this text
`;

/** Runs `npm run synth` with these arguments. @returns the exit code: 0 done, 1 refused, 2 called wrongly */
export function commandLine(root: string, args: readonly string[]): number {
  return runCommand(help, () => {
    const { values } = parseArgs({
      args: [...args],
      options: {
        environment: { type: 'string', default: 'production' },
        strict: { type: 'boolean', default: false },
        'dry-run': { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      process.stdout.write(help);
      return 0;
    }
    const { environment, strict, 'dry-run': dryRun } = values;
    const result = synthesise({ root, environment, strict, dryRun });
    process.stdout.write(`${summary(result, dryRun)}\n`);
    copyForCdk8s(root, environment, process.env.CDK8S_OUTDIR);
    const { added, changed, removed } = result.written;
    return dryRun && added.length + changed.length + removed.length > 0 ? 1 : 0;
  });
}

/** `cdk8s synth` empties its own output folder and lists what it finds there afterwards; ours is never handed to it. */
function copyForCdk8s(root: string, environment: string, folder: string | undefined): void {
  if (folder !== undefined) fs.cpSync(`${root}/dist/${environment}`, folder, { recursive: true });
}
