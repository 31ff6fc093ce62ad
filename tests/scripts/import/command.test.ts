import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { importCommand } from '../../../scripts/import/command.ts';
import { cacheFolder } from '../../../scripts/import/module-files.ts';
import { root } from '../../support/committed.ts';

let folder: string;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-import-'));
  fs.cpSync(path.join(root, 'imports'), path.join(folder, 'imports'), { recursive: true });
  fs.symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

/** What a run says, by file, and how it ends. */
function run(args: readonly string[], cache = path.join(folder, 'empty'), env: NodeJS.ProcessEnv = { PATH: '' }) {
  let text = '';
  const write = (piece: string) => {
    text += piece;
    return true;
  };
  const code = importCommand(folder, args, { stdout: { write }, stderr: { write } }, { cache, env });
  const says = new Map([...text.matchAll(/^imports\/(\S+) (.*)$/gm)].map(([, name = '', state = '']) => [name, state]));
  return { code, text, says };
}

function edit(name: string, change: (text: string) => string): void {
  const file = path.join(folder, 'imports', name);
  const before = fs.readFileSync(file, 'utf8');
  if (change(before) === before) throw new Error(`${name} has nothing to edit`);
  fs.writeFileSync(file, change(before));
}

describe('npm run import -- --check', () => {
  test('finds what is committed to be what would be written, as far as the definitions are here', () => {
    const { code, says } = run(['--check'], cacheFolder(process.env));
    const states = [...says].filter(([, state]) => !/^unchanged|^not compared/.test(state));
    expect({ code, states }).toEqual({ code: 0, states: [] });
  });

  test('names what differs, and what it can not compare where nothing was fetched', () => {
    edit('kubernetes.json', (text) => text.replace('"replicas":"i"', '"replicas":"s"'));
    edit('argo-cd.ts', (text) => text.replace('readonly prune?: boolean', 'readonly prune?: string'));
    edit('cert-manager.json', (text) => text.replace('"secretName!":"s"', '"secretName":"s"'));
    edit('upstream.json', (text) => text.replace(/("source":"argocd: [^"]*","key":")[^"]*/, '$1another'));
    edit('traefik.json', (text) => text.replace(/@v[\d.]+"/, '@v0.0.1"'));
    edit('go.mod', (text) => text.replace(/traefik\/v3 v[\d.]+/, 'traefik/v3 v0.0.1'));
    edit('go.sum', (text) => text.replace(/.*traefik\/v3 .*\n/g, ''));
    const { code, says } = run(['--check']);
    expect(code).toBe(1);
    const notCompared = 'not compared: its definitions were never fetched here (npm run import fetches them)';
    expect(Object.fromEntries(says)).toEqual({
      'go.mod': 'differs',
      'go.sum': expect.stringMatching(
        /^differs: it has no hash of github\.com\/traefik\/traefik\/v3@v[\d.]+$/,
      ) as string,
      'kubernetes.json': 'differs',
      'argo-cd.json': notCompared,
      'argo-cd.ts': 'differs',
      // Nobody can see here that it was edited, but its interfaces tell.
      'cert-manager.json': notCompared,
      'cert-manager.ts': 'differs',
      'rule-set.json': 'not compared: its rules were never fetched here',
      'sealed-secrets.json': notCompared,
      'sealed-secrets.ts': 'unchanged',
      'traefik.json': expect.stringMatching(/^differs: it is of .*@v0\.0\.1, config\/upstream\.ts names v/) as string,
      'upstream.json': expect.stringMatching(
        /^differs: it lacks argocd: https:\S+ v[\d.]+ manifests\/cluster-install, as it is in apps\/ now and has argocd: /,
      ) as string,
    });
  });
});

test('npm run import without Go says so in words, and writes nothing', () => {
  edit('kubernetes.json', () => 'old');
  edit('go.sum', (text) => text.replace(/.*traefik\/v3 .*\n/g, ''));
  const { code, text } = run([]);
  expect(code).toBe(1);
  expect(text).toMatch(/^github\.com\/traefik\/traefik\/v3@v.*: go: spawnSync go ENOENT\n/);
  expect(fs.readFileSync(path.join(folder, 'imports', 'kubernetes.json'), 'utf8')).toBe('old');
});

test('npm run import explains itself, and refuses what it does not know', () => {
  expect(run(['--help'])).toMatchObject({ code: 0, text: expect.stringContaining('--check') as string });
  expect(run(['--all'])).toMatchObject({ code: 2, text: expect.stringContaining('--all') as string });
});
