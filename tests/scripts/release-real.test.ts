import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { load } from 'js-yaml';
import { RealRepository } from './real-repository.ts';

interface Application {
  readonly spec: { readonly source?: Source; readonly sources?: readonly Source[] };
}

interface Source {
  readonly repoURL: string;
  readonly targetRevision: string;
}

/** The tree as it is given: its values are examples, and nothing is sealed or pinned. */
const accepted = ['examples', 'secrets', 'images'].flatMap((check) => ['--accept', check]);

let repository: RealRepository;

beforeAll(() => {
  repository = new RealRepository(['dist', 'argocd']);
  repository.put('config/releases.json', '{\n  "production": 0\n}\n');
  // An operator may have chosen otherwise.
  const production = repository.read('config/environments/production.ts');
  const tagged = production.replace(/releases: '\w+'/, "releases: 'tags'").replace(/branch: '[^']+'/, "branch: 'main'");
  repository.put('config/environments/production.ts', tagged);
  repository.run('main.ts');
  repository.publish();
});

afterAll(() => {
  repository.remove();
});

/** What the Applications of a folder take from this repository. */
function ownRevisions(folder: string): string[] {
  const files = fs.readdirSync(path.join(repository.clone, folder)).filter((file) => file.endsWith('.yaml'));
  const specs = files.map((file) => (load(repository.read(`${folder}/${file}`)) as Application).spec);
  const sources = specs.flatMap(({ source, sources: several }) => [several ?? source ?? []].flat());
  const { source: tree } = (load(repository.read('argocd/production/root.yaml')) as Application).spec;
  const own = sources.filter(({ repoURL }) => repoURL === tree?.repoURL);
  return [...new Set(own.map(({ targetRevision }) => targetRevision))];
}

test('an interrupted push leaves everything as it was, and the next run releases', async () => {
  const before = repository.picture();
  repository.hook('pre-push', 'touch ../pushing; sleep 30');
  const program = spawn(process.execPath, ['scripts/run.cjs', 'scripts/release.ts', ...accepted], {
    cwd: repository.clone,
    env: process.env,
    detached: true,
    stdio: 'ignore',
  });
  const ended = once(program, 'exit');
  while (program.exitCode === null && !fs.existsSync(`${repository.folder}/pushing`)) await wait(50);
  // As the terminal does: to every program of the group.
  process.kill(-program.pid!, 'SIGINT');
  expect([(await ended)[0], repository.picture()]).toEqual([130, before]);

  fs.rmSync(`${repository.clone}/.git/hooks/pre-push`);
  const { status, text } = repository.run('scripts/release.ts', ...accepted);
  expect(text).toMatch(/\nreleased production-1: .*backend.*\npushed main and production-1 to origin\n$/);
  expect(status).toBe(0);
  expect(ownRevisions('argocd/production/applications')).toEqual(['refs/tags/production-1']);
  expect(ownRevisions('argocd/production')).toEqual(['refs/heads/main']);
  expect(repository.gitRemote('rev-parse', 'production-1^{commit}', 'main').split('\n')).toEqual([
    repository.git('rev-parse', 'HEAD'),
    repository.git('rev-parse', 'HEAD'),
  ]);
});
