import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { lintCommand } from '../../scripts/lint/command.ts';
import { sourcesOf } from '../../scripts/lint/files.ts';
import { luaFindings } from '../../scripts/lint/lua.ts';
import { lockFiles } from '../../scripts/lint/tools.ts';
import { root as ours } from '../support/committed.ts';

let root: string;
let stdout: string;
let stderr: string;

beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-lint-'));
  execFileSync('git', ['init', '--quiet', root]);
  for (const file of lockFiles) put(file, `${file}\n`);
  put('.gitignore', 'node_modules/\n');
  stdout = stderr = '';
});

afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

function put(file: string, text: string, mode = 0o644): void {
  fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  fs.writeFileSync(path.join(root, file), text, { mode });
}

/** Tools that say what they were asked and end with this code. */
function install(codes: Readonly<Record<string, number>>): void {
  const locks = lockFiles.map((file) => `${file}\n`).join('');
  const digest = createHash('sha256').update(locks).digest('hex').slice(0, 16);
  const folder = `node_modules/.cache/diptych/lint/${digest}`;
  put(`${folder}/complete`, '');
  for (const [name, code] of Object.entries(codes)) {
    put(`${folder}/bin/${name}`, `#!/bin/sh\necho "asked: ${name} $*"\nexit ${code}\n`, 0o755);
  }
}

function lint(...args: readonly string[]): number {
  return lintCommand(root, args, {
    stdout: { write: (text) => (stdout += text) },
    stderr: { write: (text) => (stderr += text) },
  });
}

test('scripts are known by their ending or by their first line, and nothing that git ignores is', () => {
  for (const file of ['a.sh', 'b/c.lua', 'd.py', 'node_modules/e.sh']) put(file, '');
  put('run', '#!/usr/bin/env bash\n');
  put('tool', '#!/usr/bin/env node\n');
  expect(sourcesOf(root)).toMatchObject({ shell: ['a.sh', 'run'], lua: ['b/c.lua'], python: ['d.py'] });
});

test('workflows are known by their folder', () => {
  for (const file of ['verify.yml', 'release.yaml', 'README.md', 'old/verify.yml'])
    put(`.github/workflows/${file}`, '');
  expect(sourcesOf(root).workflows).toEqual(['.github/workflows/release.yaml', '.github/workflows/verify.yml']);
});

test('without the tools it fails, and says in one sentence what brings them', () => {
  put('a.sh', '');
  expect(lint()).toBe(1);
  expect(stderr).toMatch(
    /gitleaks are not installed[^]*npm run lint:tools brings them; it needs Python 3\.11 .* and Go 1\.21/,
  );
});

test('each tool is asked about its files, also after another has found something', () => {
  put('a.sh', '');
  put('b.py', '');
  install({ shellcheck: 1, shfmt: 0, ruff: 0, mypy: 1, gitleaks: 0 });
  expect(lint()).toBe(1);
  expect(stdout).toContain('asked: shellcheck a.sh\n');
  expect(stdout).toContain('asked: shfmt --diff a.sh\n');
  expect(stdout).toContain('asked: ruff check --quiet b.py\n');
  expect(stdout).toContain('asked: ruff format --quiet --diff b.py\n');
  expect(stdout).toContain('asked: mypy --no-error-summary b.py\n');
});

test('workflows are read by two tools, and everything is searched for secrets by the rules of one file', () => {
  put('.github/workflows/verify.yml', '');
  install({ actionlint: 0, zizmor: 0, gitleaks: 1 });
  expect(lint()).toBe(1);
  const workflow = '.github/workflows/verify.yml\n';
  expect(stdout).toMatch(new RegExp(`asked: actionlint -shellcheck \\S+/bin/shellcheck -pyflakes  ${workflow}`));
  expect(stdout).toContain(`asked: zizmor --offline --quiet --persona pedantic ${workflow}`);
  expect(stdout).toMatch(/asked: gitleaks dir --config \.gitleaks\.toml --ignore-gitleaks-allow .*--redact \.\n/);
  expect(stdout).toMatch(/asked: gitleaks git .*--redact --log-opts --full-history HEAD \.\n/);
});

test('the tools of Go are built from exact versions, each with the hash of what it is built from', () => {
  const read = (file: string): string => fs.readFileSync(path.join(ours, 'scripts/lint', file), 'utf8');
  const [tools = '', direct = ''] = [...read('go.mod').matchAll(/^(?:tool|require) \(\n([^)]*)\)/gm)].map(
    ([, text]) => text,
  );
  const modules = [...direct.matchAll(/^\t(\S+) (v\S+)$/gm)].map(([, name = '', version = '']) => ({ name, version }));
  expect(
    tools
      .trim()
      .split(/\s+/)
      .map((tool) => modules.filter(({ name }) => tool.startsWith(name)).length),
  ).toEqual([1, 1]);
  const hashes = read('go.sum').split('\n');
  const hashed = ({ name, version }: (typeof modules)[number]) =>
    hashes.some((line) => line.startsWith(`${name} ${version} h1:`));
  expect(modules.filter((module) => !hashed(module))).toEqual([]);
});

test('where nothing is found it passes, and says how many files it read', () => {
  put('a.sh', '');
  put('b.lua', 'return obj.kind');
  install({ shellcheck: 0, shfmt: 0, gitleaks: 0 });
  expect(lint()).toBe(0);
  expect(stdout).toContain('Lua: 1 files\n');
  expect(stdout).toContain('shellcheck: 1 files\n');
});

test.each([
  [
    'a name that nobody defines',
    'local a = 1\nreturn b',
    'a.lua:2: b is not defined: make it local, or correct the name',
  ],
  ['what a health script may not call', 'io.read()', 'a.lua:1: io is not defined: make it local, or correct the name'],
  ['what Lua 5.1 does not read', 'local a = = 1', "a.lua:[1:10] <expression> expected near '='"],
])('%s in a script of Lua is found', (_, text, finding) => {
  put('a.lua', text);
  install({});
  expect(lint()).toBe(1);
  expect(luaFindings(root, ['a.lua'])).toEqual([finding]);
});

test('a script of Redis may call Redis, and one of Argo CD may not', () => {
  put('redis-drill/a.lua', "return redis.call('get', KEYS[1])");
  put('b.lua', 'return redis');
  expect(luaFindings(root, ['redis-drill/a.lua', 'b.lua'])).toEqual([
    'b.lua:1: redis is not defined: make it local, or correct the name',
  ]);
});
