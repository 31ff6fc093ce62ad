import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { root } from '../support/committed.ts';

const { scripts, dependencies, devDependencies } = JSON.parse(
  fs.readFileSync(path.join(root, 'package.json'), 'utf8'),
) as Readonly<Record<'scripts' | 'dependencies' | 'devDependencies', Readonly<Record<string, string>>>>;

/** A small repository with the launcher of ours; `installed` links the packages into it that package.json names. */
class Copy {
  readonly folder = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-run-')));

  constructor(installed: boolean) {
    for (const part of ['scripts/run', 'scripts/run.cjs', 'scripts/ts-node.mjs', 'package.json', 'package-lock.json']) {
      fs.cpSync(path.join(root, part), path.join(this.folder, part), { recursive: true });
    }
    if (!installed) return;
    for (const name of Object.keys({ ...dependencies, ...devDependencies })) {
      const link = path.join(this.folder, 'node_modules', name);
      fs.mkdirSync(path.dirname(link), { recursive: true });
      fs.symlinkSync(path.join(root, 'node_modules', name), link);
    }
  }

  write(file: string, text: string): void {
    fs.mkdirSync(path.dirname(path.join(this.folder, file)), { recursive: true });
    fs.writeFileSync(path.join(this.folder, file), text);
  }

  /** As npm would start it: without a word of its own. */
  shell(command: string) {
    const { status, stdout, stderr } = spawnSync('sh', ['-c', command], { cwd: this.folder, encoding: 'utf8' });
    return { status, stdout, stderr };
  }

  run(...args: readonly string[]) {
    const options = { cwd: this.folder, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync(process.execPath, ['scripts/run.cjs', ...args], options);
    return { status, stdout, stderr };
  }
}

const copies: Copy[] = [];
function copy({ installed = true } = {}): Copy {
  const made = new Copy(installed);
  copies.push(made);
  return made;
}
afterAll(() => {
  for (const { folder } of copies) fs.rmSync(folder, { recursive: true, force: true });
});

describe('before npm ci', () => {
  const fresh = copy({ installed: false });
  fresh.write('main.ts', '');
  const says = {
    status: 1,
    stdout: '',
    stderr: 'node_modules is missing: run npm ci, which installs the versions of package-lock.json\n',
  };

  /** What `npm run name` does first, where that is another command of package.json. */
  const firstOf = (name: string): string | undefined => {
    const before = scripts[`pre${name}`];
    return before === undefined ? /^npm run (?:-s )?([a-z:]+)/.exec(scripts[name] ?? '')?.[1] : undefined;
  };
  /** What a command says: several names begin with the same. */
  const said = new Map<string, ReturnType<Copy['shell']>>();
  const saidBy = (command: string): ReturnType<Copy['shell']> => {
    const result = said.get(command) ?? fresh.shell(command);
    said.set(command, result);
    return result;
  };
  const names = Object.keys(scripts).filter((name) => !(name.startsWith('pre') && name.slice(3) in scripts));

  test.each(names)('npm run %s says one sentence', (name) => {
    const first = firstOf(name);
    expect([name, firstOf(first ?? '')]).toEqual([name, undefined]);
    const command = scripts[`pre${first ?? name}`] ?? scripts[first ?? name] ?? '';
    // Where the program itself is not in the copy: the launcher comes first.
    fresh.write(/\S+\.ts\b/.exec(command)?.[0] ?? 'main.ts', '');
    expect(saidBy(command)).toEqual(says);
  });

  test('so does what npx cdk8s synth calls', () => {
    expect(fresh.shell('node --import ./scripts/ts-node.mjs main.ts')).toEqual(says);
  });

  test('a package that came since is named', () => {
    const older = copy();
    const file = path.join(older.folder, 'package.json');
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace(/"cdk8s": "[^"]*"/, '"cdk8s": "999.0.0"'));
    older.write('main.ts', "import 'cdk8s';");
    expect(older.run('main.ts')).toMatchObject({
      status: 1,
      stderr: 'cdk8s 999.0.0 is not installed: run npm ci, which installs the versions of package-lock.json\n',
    });
  });
});

describe('a mistake in a source', () => {
  test('of syntax is told with its line', () => {
    const { run, write } = bound(copy());
    write('main.ts', "import './config/wrong.ts';\n");
    write('config/wrong.ts', 'export const production = {\n  domain "example.com",\n};\n');
    expect(run('main.ts')).toEqual({
      status: 1,
      stdout: '',
      stderr: 'config/wrong.ts:2:10: Expected "}" but found "\\"example.com\\""\n  domain "example.com",\n',
    });
  });

  test('of a name that nothing has is told with its line', () => {
    const { run, write } = bound(copy());
    write('main.ts', "\nimport { absent } from './absent.ts';\nconsole.log(absent);\n");
    expect(run('main.ts')).toMatchObject({
      status: 1,
      stderr: 'main.ts:2:24: Could not resolve "./absent.ts"\n  import { absent } from \'./absent.ts\';\n',
    });
  });

  test.each([
    ['while modules load', 'const nodes: { name: string }[] = [];\nexport const name = nodes[0]!.name;\n', 2, 31],
    ['later', 'setTimeout(() => {\n  throw new RangeError("late");\n}, 1);\nexport {};\n', 2, 9],
    ['in a promise', 'void Promise.reject(\n  new Error("refused"),\n);\nexport {};\n', 2, 3],
  ])('that is thrown %s is told by file and line of the source', (_, text, line, column) => {
    const { run, write } = bound(copy());
    write('main.ts', "import './config/wrong.ts';\n");
    write('config/wrong.ts', `// A line before it.\n${text}`);
    const { status, stderr } = run('main.ts');
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^config/wrong.ts:${line + 1}:${column}: (Type|Range)?Error: `));
    expect(stderr).not.toMatch(/\.cache|node:internal|run\.cjs/);
  });

  test.each(['apps/wrong.ts', 'config/environments/wrong.ts'])('of a type in %s is told in words', (file) => {
    const { run, write } = bound(copy());
    write('main.ts', `import './${file}';\n`);
    write('constructs/image.ts', 'export function tag(image: { tag: string }): string {\n  return image.tag;\n}\n');
    const construct = path.relative(path.dirname(file), 'constructs/image.ts');
    write(file, `import { tag } from '${construct}';\nexport const one = tag(undefined as any);\n`);
    expect(run('main.ts')).toEqual({
      status: 1,
      stdout: '',
      stderr: [
        `${file}:2:20: TypeError: Cannot read properties of undefined (reading 'tag') (constructs/image.ts:2:16)`,
        '  allowed: what the types of its constructs and of config/schema.ts say',
        '  remedy:  run npm run typecheck, which names what was left out, is misspelt or is of another type; else mend that line\n',
      ].join('\n'),
    });
  });

  test('is told where the program was taken away while it ran, such as by npm ci', () => {
    const { run, write } = bound(copy());
    const gone = "fs.rmSync('node_modules/.cache', { recursive: true });";
    write('main.ts', `import fs from 'node:fs';\n${gone}\nthrow new RangeError('late');\n`);
    const { status, stderr } = run('main.ts');
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^RangeError: late\n/)]);
  });

  test('that is wrong input is told in its own words', () => {
    const { run, write } = bound(copy());
    write('main.ts', "throw Object.assign(new Error('config: wrong'), { name: 'InputError' });\n");
    expect(run('main.ts')).toEqual({ status: 1, stdout: '', stderr: 'config: wrong\n' });
  });
});

/** What is kept of a copy's programs. */
function programs(made: Copy, ending: string): string[] {
  const folder = path.join(made.folder, 'node_modules/.cache/diptych/programs');
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .map((name) => path.join(folder, name));
}

describe('a program is made anew', () => {
  interface Kept {
    readAt: string;
    readonly files: { readonly file: string; stamp: string }[];
  }

  /** Changes what is remembered of the last run. */
  function remember(made: Copy, change: (kept: Kept) => void): void {
    const [record = ''] = programs(made, '.json');
    const kept = JSON.parse(fs.readFileSync(record, 'utf8')) as Kept;
    change(kept);
    fs.writeFileSync(record, JSON.stringify(kept));
  }

  /** main.ts has printed what another source says, of 1970. */
  function ran(): { made: Copy; file: string } {
    const made = copy();
    made.write('main.ts', "import { text } from './config/text.ts';\nconsole.log(text);\n");
    made.write('config/text.ts', "export const text = 'one';\n");
    const file = path.join(made.folder, 'config/text.ts');
    fs.utimesSync(file, 0, 0);
    expect(made.run('main.ts').stdout).toBe('one\n');
    return { made, file };
  }

  /** The same so long ago that nothing is compared by content any more. */
  function ranLongAgo(): { made: Copy; file: string } {
    const past = ran();
    remember(past.made, (kept) => (kept.readAt = String(BigInt(kept.readAt) + 3_600_000_000_000n)));
    return past;
  }

  test('where a source changed, also to the same length and with the same time of modification', () => {
    const { made, file } = ranLongAgo();
    fs.writeFileSync(file, "export const text = 'two';\n");
    fs.utimesSync(file, 0, 0);
    expect(made.run('main.ts').stdout).toBe('two\n');
  });

  test('where another file of the same time was put in its place', () => {
    const { made, file } = ranLongAgo();
    made.write('config/other.ts', "export const text = 'two';\n");
    fs.utimesSync(path.join(made.folder, 'config/other.ts'), 0, 0);
    fs.renameSync(path.join(made.folder, 'config/other.ts'), file);
    expect(made.run('main.ts').stdout).toBe('two\n');
  });

  test('where a source is so new that another change may have left the same times', () => {
    const { made, file } = ran();
    fs.writeFileSync(file, "export const text = 'two';\n");
    // As if the change had come within the same tick of the file system's clock.
    const { dev, ino, size, mtimeNs, ctimeNs } = fs.statSync(file, { bigint: true });
    remember(made, ({ files }) => {
      for (const each of files.filter((one) => one.file === 'config/text.ts')) {
        each.stamp = [dev, ino, size, mtimeNs, ctimeNs].join(' ');
      }
    });
    expect(made.run('main.ts').stdout).toBe('two\n');
  });

  test('where a file of environments was added', () => {
    const made = copy();
    made.write(
      'main.ts',
      "import { environments } from './config/environment-files.ts';\nconsole.log(Object.keys(environments).join());\n",
    );
    made.write('config/environment-files.ts', 'export const environments = {};\n');
    made.write('config/environments/first.ts', 'export default {};\n');
    expect(made.run('main.ts').stdout).toBe('first\n');
    made.write('config/environments/second.ts', 'export default {};\n');
    expect(made.run('main.ts').stdout).toBe('first,second\n');
  });

  test('and not where only the times of a source changed', () => {
    const { made, file } = ranLongAgo();
    const before = programs(made, '.js').map((each) => fs.statSync(each).mtimeMs);
    fs.utimesSync(file, 1, 1);
    expect(made.run('main.ts').stdout).toBe('one\n');
    expect(programs(made, '.js').map((each) => fs.statSync(each).mtimeMs)).toEqual(before);
  });
});

test('what is seldom used is loaded when it is called, and works then', () => {
  const made = copy();
  made.write(
    'main.ts',
    `import { spawnSync } from 'node:child_process';
import path, { basename } from 'node:path';
import process from 'node:process';
import { App, Chart, Yaml } from 'cdk8s';
import { KubeNamespace } from 'cdk8s-plus-28/lib/imports/k8s.js';
const loaded = () => (process as unknown as { moduleLoadList: string[] }).moduleLoadList.includes('NativeModule child_process');
const namespace = new KubeNamespace(new Chart(new App(), 'chart'), 'shop');
const before = loaded();
const { status } = spawnSync(process.execPath, ['--version']);
console.log([namespace.kind, basename === path.basename, Yaml.stringify({ a: 1 }).trim(), before, status, loaded()].join());
`,
  );
  expect(made.run('main.ts')).toMatchObject({ status: 0, stderr: '' });
  // Who makes a program has started esbuild, and who runs one that is so new may have to.
  const [program = ''] = programs(made, '.js');
  expect(made.shell(`node ${program}`).stdout).toBe('Namespace,true,a: 1,false,0,true\n');
});

function bound(made: Copy) {
  return {
    run: (...args: string[]) => made.run(...args),
    write: (file: string, text: string) => made.write(file, text),
  };
}

test('a program goes on with its work when nobody reads its lines any more', () => {
  const quiet = copy();
  const lines = "for (let line = 0; line < 20_000; line += 1) process.stdout.write('more than a pipe holds\\n');";
  quiet.write('main.ts', `${lines}\nsetTimeout(() => process.stderr.write('done\\n'), 100);\n`);
  expect(quiet.shell('node scripts/run.cjs main.ts | head -n 1')).toEqual({
    status: 0,
    stdout: 'more than a pipe holds\n',
    stderr: 'done\n',
  });
});
