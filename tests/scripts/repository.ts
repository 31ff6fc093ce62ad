import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Git } from '../../scripts/release/git.ts';
import type { ReleaseContext } from '../../scripts/release/plan.ts';

// A hook that runs these tests points git at its own repository, and a person's settings sign commits.
for (const name of Object.keys(process.env)) if (name.startsWith('GIT_')) Reflect.deleteProperty(process.env, name);
Object.assign(process.env, { GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' });
// Repositories that live for a second are neither tidied up, in processes of their own, nor kept safe from power cuts.
const settings = { 'gc.auto': '0', 'maintenance.auto': 'false', 'receive.autogc': 'false', 'core.fsync': 'none' };
Object.assign(process.env, { GIT_CONFIG_COUNT: String(Object.keys(settings).length) });
Object.entries(settings).forEach(([key, value], index) => {
  Object.assign(process.env, { [`GIT_CONFIG_KEY_${index}`]: key, [`GIT_CONFIG_VALUE_${index}`]: value });
});

const init = ['init', '--quiet', '--initial-branch', 'main', '--template='];

/** A clone and the bare remote it was pushed to, below one temporary folder. */
export class Repository {
  readonly folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-release-'));
  readonly clone = path.join(this.folder, 'clone');
  readonly remote = path.join(this.folder, 'remote.git');

  /** Makes a repository of what is in the clone's folder, in one commit. */
  begin(): void {
    this.git(...init);
    this.git('config', 'user.name', 'Somebody');
    this.git('config', 'user.email', 'somebody@example.com');
    fs.mkdirSync(path.join(this.clone, '.git/info'));
    fs.writeFileSync(path.join(this.clone, '.git/info/exclude'), 'node_modules\n');
    this.commit('Begin');
  }

  /** Begins, and pushes to a new remote. */
  publish(): void {
    this.begin();
    this.git(...init, '--bare', this.remote);
    this.git('remote', 'add', 'origin', '../remote.git');
    this.git('push', '--quiet', 'origin', 'main');
  }

  git(...args: readonly string[]): string {
    return execFileSync('git', args, { cwd: this.clone, encoding: 'utf8', env: process.env, stdio: 'pipe' }).trimEnd();
  }

  /** What the remote says. */
  gitRemote(...args: readonly string[]): string {
    return this.git('--git-dir', this.remote, ...args);
  }

  commit(message: string): void {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--message', message);
  }

  put(file: string, text: string): void {
    const target = path.join(this.clone, file);
    fs.mkdirSync(path.dirname(target), { recursive: true });
    fs.writeFileSync(target, text);
  }

  read(file: string): string {
    return fs.readFileSync(path.join(this.clone, file), 'utf8');
  }

  /** What stands in the clone: text by file. */
  files(): Record<string, string> {
    const entries = fs.readdirSync(this.clone, { recursive: true, encoding: 'utf8' });
    const names = entries.filter((entry) => !/^\.git(\/|$)/.test(entry));
    const files = names.filter((entry) => fs.statSync(path.join(this.clone, entry)).isFile());
    return Object.fromEntries(files.map((file) => [file, this.read(file)]));
  }

  /** Installs a hook of the clone, or of the remote. */
  hook(name: string, script: string, folder = path.join(this.clone, '.git')): void {
    fs.mkdirSync(path.join(folder, 'hooks'), { recursive: true });
    fs.writeFileSync(path.join(folder, 'hooks', name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  }

  /** Where the clone stands: commit, files, branches and tags. */
  here(): Record<string, string> {
    return {
      head: this.read('.git/HEAD'),
      status: this.git('status', '--porcelain'),
      references: this.git('for-each-ref', 'refs/heads', 'refs/tags'),
    };
  }

  /** Where clone and remote stand. */
  picture(): Record<string, string> {
    return { ...this.here(), remote: this.gitRemote('show-ref') };
  }

  /** Clone and remote as they are, in a folder of their own. */
  copy(): Repository {
    const copy = new Repository();
    fs.cpSync(this.folder, copy.folder, { recursive: true });
    return copy;
  }

  remove(): void {
    fs.rmSync(this.folder, { recursive: true, force: true });
  }
}

const applications = 'argocd/production/applications';

/** Writes what the real synthesis would, in small: each application's pin. */
export function pin(repository: Repository): void {
  const { production } = JSON.parse(repository.read('config/releases.json')) as { production: number };
  for (const name of fs.readdirSync(path.join(repository.clone, 'dist/production'))) {
    repository.put(`${applications}/${name}.yaml`, `targetRevision: production-${production}\n`);
  }
}

let template: Repository | undefined;

/** A small platform of two applications, published and never released. Made once, and copied for each test. */
export function smallPlatform(): Repository {
  if (template === undefined) {
    template = new Repository();
    template.put('config/releases.json', '{\n  "production": 0,\n  "staging": 4\n}\n');
    template.put('dist/production/backend/deployment.yaml', 'replicas: 3\n');
    template.put('dist/production/frontend/deployment.yaml', 'replicas: 2\n');
    pin(template);
    template.publish();
  }
  return template.copy();
}

/** What the commands see of such a platform; `lines` collects what they print. */
export function contextOf(
  repository: Repository,
  changes: Partial<ReleaseContext> = {},
): ReleaseContext & { readonly lines: string[] } {
  const lines: string[] = [];
  return {
    lines,
    git: new Git(repository.clone),
    branch: 'main',
    tagOf: (number) => `production-${number}`,
    checkTree: () => [],
    synthesise: () => {
      pin(repository);
      return Promise.resolve({ code: 0, stdout: '', stderr: '' });
    },
    protectionNotices: () => Promise.resolve([]),
    print: (line) => lines.push(line),
    ...changes,
  };
}
