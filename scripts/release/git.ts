import fs from 'node:fs';
import { InputError } from '../../constructs/core/error.ts';
import { run } from './child-process.ts';
import type { Ended, RunOptions } from './child-process.ts';

/** The repository at one folder. Remotes are reached with whatever git itself is set up with. */
export class Git {
  readonly root: string;

  constructor(root: string) {
    this.root = root;
  }

  /** Runs git, whatever comes of it. @throws InputError where git is missing */
  attempt(args: readonly string[], options?: RunOptions): Promise<Ended> {
    return run(this.root, 'git', args, options);
  }

  /** @returns what git printed, without the white space at the end. @throws InputError with git's own words */
  async read(args: readonly string[], options?: RunOptions): Promise<string> {
    const ended = await this.attempt(args, options);
    if (ended.code !== 0) throw new InputError(gitFailed(args, ended, 'see what git says above, then run again'));
    return ended.stdout.trimEnd();
  }

  /** Paths that `git ... -z` printed. */
  async paths(args: readonly string[]): Promise<string[]> {
    return (await this.read(args)).split('\0').filter((path) => path !== '');
  }

  /** @throws InputError unless the folder is the top of a repository that has a commit */
  async checkRepository(): Promise<void> {
    const top = await this.attempt(['rev-parse', '--show-toplevel']);
    const folder = top.stdout.trimEnd();
    const isTop = top.code === 0 && fs.realpathSync(folder) === fs.realpathSync(this.root);
    const head = isTop ? await this.attempt(['rev-parse', '--verify', '--quiet', 'HEAD']) : top;
    if (isTop && head.code === 0) return;
    throw new InputError({
      where: 'the repository',
      what: !isTop && top.code === 0 ? `git's top folder is ${folder}` : top.stderr.trimEnd() || 'it has no commit yet',
      allowed: 'a git repository with this folder as its top and at least one commit',
      remedy: 'run this in the clone that Argo CD reads',
    });
  }
}

/** What git said when it failed, in the four parts of a finding. */
export function gitFailed(args: readonly string[], { code, stdout, stderr }: Ended, remedy: string) {
  const words = `${stderr}${stdout}`.replaceAll(/\s+$/gm, '');
  const [command = ''] = args;
  return {
    where: `git ${command}`,
    what: `it ended with ${code}${words === '' ? '' : `:\n${words.replaceAll(/^/gm, '    ')}`}`,
    allowed: 'git ends with 0',
    remedy,
  };
}
