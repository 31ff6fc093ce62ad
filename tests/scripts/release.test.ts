import { execSync } from 'node:child_process';
import fs from 'node:fs';
import process from 'node:process';
import { release } from '../../scripts/release/command.ts';
import type { ReleaseContext, ReleaseOptions } from '../../scripts/release/plan.ts';
import { contextOf, pin, smallPlatform } from './repository.ts';
import type { Repository } from './repository.ts';

const options: ReleaseOptions = { environment: 'production', remote: 'origin', push: true, accepted: [] };
let repository: Repository;

beforeEach(() => {
  repository = smallPlatform();
});

afterEach(() => {
  repository.remove();
});

/** Runs the command; what it printed. */
async function run(
  changes: Partial<ReleaseContext> = {},
  { dryRun = false, push = true }: { readonly dryRun?: boolean; readonly push?: boolean } = {},
): Promise<readonly string[]> {
  const context = contextOf(repository, changes);
  await release(context, { ...options, push }, dryRun);
  return context.lines;
}

let template: Repository | undefined;

afterAll(() => template?.remove());

/** The platform after its first release, which is made once. */
async function released(): Promise<void> {
  if (template === undefined) {
    await run();
    template = repository.copy();
    return;
  }
  repository.remove();
  repository = template.copy();
}

/** A release, and a change of the backend after it. */
async function releasedAndChanged(): Promise<void> {
  await released();
  repository.put('dist/production/backend/deployment.yaml', 'replicas: 4\n');
  repository.commit('Scale the backend');
}

describe('a release', () => {
  test('counts up its own environment in config/releases.json and leaves the others', async () => {
    await released();
    expect(repository.read('config/releases.json')).toBe('{\n  "production": 1,\n  "staging": 4\n}\n');
  });

  test('commits the releases file and the pins, and nothing else', async () => {
    await released();
    expect(repository.git('show', '--name-only', '--format=%s').split('\n')).toEqual([
      'Release production-1',
      '',
      'argocd/production/applications/backend.yaml',
      'argocd/production/applications/frontend.yaml',
      'config/releases.json',
    ]);
  });

  test('lists every application in the message of the first release', async () => {
    await released();
    expect(repository.git('show', '--no-patch', '--format=%b')).toBe(
      'Applications of the first release:\n- backend\n- frontend',
    );
  });

  test('lists only changed applications in the message of a later one', async () => {
    await releasedAndChanged();
    await run();
    expect(repository.git('show', '--no-patch', '--format=%B')).toBe(
      'Release production-2\n\nApplications changed since production-1:\n- backend',
    );
  });

  test('lists an application that was removed', async () => {
    await released();
    fs.rmSync(`${repository.clone}/dist/production/frontend`, { recursive: true });
    repository.commit('Remove the frontend');
    expect(await run()).toEqual(['released production-2: frontend', 'pushed main and production-2 to origin']);
  });

  test('lists both applications between which an object moved', async () => {
    await released();
    fs.mkdirSync(`${repository.clone}/dist/production/edge`);
    repository.git('mv', 'dist/production/frontend/deployment.yaml', 'dist/production/edge/');
    repository.commit('Move the frontend to the edge');
    expect(await run()).toContain('released production-2: edge, frontend');
  });

  test('makes an annotated tag of that commit', async () => {
    await released();
    const peeled = repository.git('rev-parse', 'production-1^{commit}');
    expect([repository.git('cat-file', '-t', 'production-1'), peeled]).toEqual([
      'tag',
      repository.git('rev-parse', 'HEAD'),
    ]);
  });

  test('pushes branch and tag', async () => {
    await released();
    expect(repository.gitRemote('show-ref', '--hash')).toBe(
      repository.git('show-ref', '--hash', 'refs/heads/main', 'refs/tags/production-1'),
    );
  });

  test('pushes both or none: a tag that the remote refuses keeps the branch back', async () => {
    repository.hook('update', 'case $1 in refs/tags/*) exit 1;; esac', repository.remote);
    const before = repository.gitRemote('show-ref');
    await expect(run()).rejects.toThrow('git push');
    expect(repository.gitRemote('show-ref')).toBe(before);
  });

  test('takes new files of the synthesis along', async () => {
    const synthesise = () => {
      repository.put('argocd/production/projects/data.yaml', 'kind: AppProject\n');
      return Promise.resolve({ code: 0, stdout: '', stderr: '' });
    };
    await run({ synthesise });
    expect(repository.here().status).toBe('');
  });

  test('stays in the clone with --no-push, and says how to push it', async () => {
    const before = repository.gitRemote('show-ref');
    const lines = await run({}, { push: false });
    expect([repository.gitRemote('show-ref'), lines.at(-1)]).toEqual([
      before,
      'to push it: git push --atomic origin HEAD:refs/heads/main refs/tags/production-1',
    ]);
  });

  test('changes nothing in a dry run, and says what it would do', async () => {
    const before = repository.picture();
    const lines = await run({}, { dryRun: true });
    expect([repository.picture(), lines]).toEqual([
      before,
      [
        'would release production-1: backend, frontend',
        'would commit config/releases.json and argocd/production and make the tag production-1',
        'would push main and production-1 to origin',
      ],
    ]);
  });

  test('is not made when dist/ is as in the last one, whatever else changed', async () => {
    await released();
    repository.put('docs/page.md', 'words\n');
    repository.commit('Write a page');
    const before = repository.picture();
    const lines = await run();
    expect([repository.picture(), lines]).toEqual([
      before,
      ['nothing in dist/production changed since production-1: no release is needed'],
    ]);
  });
});

describe('a release that fails', () => {
  test('leaves everything as it was when the remote has moved on, and says to pull', async () => {
    await releasedAndChanged();
    const other = 'git -c user.name=Other -c user.email=other@example.com';
    const script = `git clone -q remote.git other; cd other; ${other} commit -q --allow-empty -m Other; git push -q`;
    const synthesise = () => {
      execSync(script, { cwd: repository.folder, env: process.env });
      pin(repository);
      return Promise.resolve({ code: 0, stdout: '', stderr: '' });
    };
    const before = repository.here();
    await expect(run({ synthesise })).rejects.toThrow(
      [
        'origin, branch main: it has commits that this clone does not have',
        '  allowed: a release of all that is there',
        '  remedy:  git pull origin main, then run again; tag and commit were taken back',
      ].join('\n'),
    );
    expect(repository.here()).toEqual(before);
  });

  test('shows what the remote said', async () => {
    repository.hook('pre-receive', 'echo "main is protected"; exit 1', repository.remote);
    await expect(run()).rejects.toThrow('main is protected');
  });

  test('can be repeated once the cause is gone', async () => {
    repository.hook('pre-receive', 'exit 1', repository.remote);
    await expect(run()).rejects.toThrow('git push');
    fs.rmSync(`${repository.remote}/hooks/pre-receive`);
    expect(await run()).toContain('pushed main and production-1 to origin');
  });

  test('leaves everything as it was when a hook refuses the commit', async () => {
    repository.hook('pre-commit', 'echo "not on Fridays"; exit 1');
    const before = repository.picture();
    await expect(run()).rejects.toThrow('not on Fridays');
    expect(repository.picture()).toEqual(before);
  });

  test('leaves everything as it was when the synthesis fails half way', async () => {
    const synthesise = () => {
      pin(repository);
      repository.put('argocd/production/new.yaml', 'kind: New\n');
      return Promise.resolve({ code: 1, stdout: '', stderr: 'no room left\n' });
    };
    const before = repository.picture();
    await expect(run({ synthesise })).rejects.toThrow('no room left');
    expect(repository.picture()).toEqual(before);
  });

  test('keeps files that somebody changed meanwhile', async () => {
    repository.put('notes.md', 'before\n');
    repository.commit('Take notes');
    repository.hook('pre-push', 'echo meanwhile > notes.md; exit 1');
    await expect(run()).rejects.toThrow('git push');
    expect(repository.read('notes.md')).toBe('meanwhile\n');
  });

  test('keeps a commit that somebody made on top meanwhile', async () => {
    repository.hook('pre-push', 'unset GIT_DIR; git commit -q --allow-empty -m Meanwhile; exit 1');
    await expect(run()).rejects.toThrow('on top of its commit');
    expect(repository.git('log', '-1', '--format=%s')).toBe('Meanwhile');
  });

  test('leaves everything as it was after a signal before the commit', async () => {
    const synthesise = () => {
      pin(repository);
      process.emit('SIGTERM', 'SIGTERM');
      return Promise.resolve({ code: 0, stdout: '', stderr: '' });
    };
    const before = repository.picture();
    await expect(run({ synthesise })).rejects.toThrow('interrupted by SIGTERM');
    expect(repository.picture()).toEqual(before);
  });
});
