import fs from 'node:fs';
import { InputError } from '../../constructs/core/error.ts';
import { blobsOf, catFile } from '../../synth/git-blobs.ts';
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

  /** Where a remote is pushed to; undefined where there is no such remote. */
  async pushUrl(remote: string): Promise<string | undefined> {
    const { code, stdout } = await this.attempt(['remote', 'get-url', '--push', remote]);
    return code === 0 ? stdout.trimEnd() : undefined;
  }

  /** What a file is in each of these revisions; undefined where there is none. @throws InputError with git's own words */
  async versions(revisions: readonly string[], file: string): Promise<(string | undefined)[]> {
    const input = revisions.map((revision) => `${revision}:./${file}\n`).join('');
    const ended = await this.attempt(catFile, { input, encoding: 'latin1' });
    if (ended.code !== 0) throw new InputError(gitFailed(catFile, ended, 'see what git says above, then run again'));
    return blobsOf(ended.stdout);
  }

  /** @throws InputError unless the folder is the top of a repository that has a commit */
  async checkRepository(): Promise<void> {
    const { code, stdout, stderr } = await this.attempt(['rev-parse', '--show-toplevel', 'HEAD^{commit}']);
    const [folder = ''] = stdout.split('\n');
    const isTop = folder !== '' && fs.realpathSync(folder) === fs.realpathSync(this.root);
    if (isTop && code === 0) return;
    const other = folder === '' ? stderr.trimEnd() : `git's top folder is ${folder}`;
    throw new InputError({
      where: 'the repository',
      what: isTop ? 'it has no commit yet' : other,
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
