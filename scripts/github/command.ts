import process from 'node:process';
import { environments } from '../../config/index.ts';
import type { Output } from '../../synth/command.ts';
import { generatedCommand } from '../generated/command.ts';
import { staleFinding, wantedFiles } from './files.ts';

const help = `npm run github -- [OPTION]

Writes into .github what follows from the environments: the branch whose pushes .github/workflows/release.yml releases,
which is that of its ENVIRONMENTS, and the branches and release tags that rulesets keep. What is imported at GitHub
already stays as it is: import it anew (.github/rulesets/README.md).

  --check  write nothing; exit code 1 when a file is not current
  --help   this text
`;

/** Runs `npm run github`. @returns the exit code: 0 done, 1 refused or not current, 2 called wrongly */
export function githubCommand(root: string, args: readonly string[], output: Output = process): number {
  const files = (folder: string) => wantedFiles(folder, environments);
  return generatedCommand({ help, what: 'files of .github', files, stale: staleFinding }, root, args, output);
}
