import fs from 'node:fs';
import path from 'node:path';
import { buildPlatform } from '../../apps/platform.ts';
import { ConfigFiles } from '../../constructs/core/config-files.ts';
import { usualPasswordPolicy } from '../../constructs/samba-dc/index.ts';
import { samplesCommand } from '../../scripts/samples/command.ts';
import { isOfSameLine, nodeVersionOf, samples, stepsOf } from '../../scripts/samples/plan.ts';

const root = path.resolve(import.meta.dirname, '../..');
const read = (file: string): string => fs.readFileSync(path.join(root, 'samples', file), 'utf8');

interface Package {
  readonly engines: { readonly node: string };
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly scripts: Readonly<Record<string, string>>;
}

const packageOf = (sample: string): Package => JSON.parse(read(`${sample}/package.json`)) as Package;

function called(...args: readonly string[]) {
  let [stdout, stderr] = ['', ''];
  const output = {
    stdout: { write: (text: string) => void (stdout += text) },
    stderr: { write: (text: string) => void (stderr += text) },
  };
  return { code: samplesCommand(root, args, output), stdout: () => stdout, stderr: () => stderr };
}

describe('the command', () => {
  test('tells how it is used', () => {
    const { code, stdout } = called('--help');
    expect(code).toBe(0);
    expect(stdout()).toContain('npm run samples -- ACTION');
  });

  test.each([
    [[], 'it says nothing to do'],
    [['deploy'], '"deploy" is unknown'],
    [['test', 'shop'], '"shop" is unknown'],
  ])('refuses %j', (args, what) => {
    const { code, stderr } = called(...args);
    expect(code).not.toBe(0);
    expect(stderr()).toContain(what);
  });
});

describe('what is said in two places is said the same', () => {
  test('of how requests are named, by both samples', () => {
    expect(read('frontend/lib/request-ids.ts')).toBe(read('backend/src/platform/request-ids.ts'));
  });

  test('of wrong passwords: the backend stops before the directory locks the account, and for longer than that remembers', () => {
    const usual = (variable: string): number =>
      Number(new RegExp(`${variable}: .*'(\\d+)'\\)`).exec(read('backend/src/settings.ts'))?.[1]);
    expect(usual('SIGN_IN_ATTEMPTS')).toBeLessThan(usualPasswordPolicy.lockoutThreshold);
    expect(usual('SIGN_IN_WINDOW_SECONDS')).toBeGreaterThan(usualPasswordPolicy.lockoutMinutes * 60);
  });

  test('of the groups that give roles, by the backend and by the directory', () => {
    const groups = /'editor=([\w-]+)'/.exec(read('backend/src/settings.ts'))?.[1];
    const { data } = buildPlatform('production')
      .all(ConfigFiles)
      .find(({ name }) => name === 'samba-data')!;
    expect(JSON.parse(data['directory.json']!)).toMatchObject({
      groups: expect.arrayContaining([expect.objectContaining({ name: groups })]) as unknown,
    });
  });
});

describe('steps', () => {
  const of = (
    ...[action, chosen, installed]: [Parameters<typeof stepsOf>[0], Parameters<typeof stepsOf>[1], boolean]
  ) => stepsOf(action, chosen, () => installed).map(({ sample, args }) => `${sample}: ${args.join(' ')}`);

  test('of a test begin with the packages, where they are not there', () => {
    expect(of('test', ['backend'], false)).toEqual([
      'backend: ci --ignore-scripts',
      'backend: run typecheck',
      'backend: run test',
    ]);
    expect(of('test', ['backend'], true)).toEqual(['backend: run typecheck', 'backend: run test']);
  });

  test('of a build end with tests of what was built', () => {
    expect(of('build', [...samples], true)).toEqual([
      'backend: run build',
      'frontend: run build',
      'frontend: run test:built',
    ]);
  });

  test('of an installation are done whatever is there', () => {
    expect(of('install', ['frontend'], true)).toEqual(['frontend: ci --ignore-scripts']);
  });

  test.each([...samples])('are programs that %s has', (sample) => {
    const { scripts } = packageOf(sample);
    const run = (['test', 'build'] as const).flatMap((action) => stepsOf(action, [sample], () => true));
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(run.map(({ args }) => args[1])));
  });
});

describe('samples', () => {
  test.each([...samples])('%s names each package in exactly one version, and its README says why', (sample) => {
    const { dependencies, devDependencies } = packageOf(sample);
    const all = { ...dependencies, ...devDependencies };
    expect(Object.values(all).filter((version) => !/^\d+\.\d+\.\d+$/.test(version))).toEqual([]);
    const readme = read(`${sample}/README.md`);
    const named = (name: string): boolean =>
      readme.includes(`\`${name}\``) || readme.includes(`\`${name.split('/')[0]}/*\``);
    expect(Object.keys(all).filter((name) => !named(name))).toEqual([]);
  });

  test.each([...samples])(
    'the image of %s is of the Node.js that it asks for, and runs as nobody who may do much',
    (sample) => {
      const dockerfile = read(`${sample}/Dockerfile`);
      const version = nodeVersionOf(dockerfile);
      expect(packageOf(sample).engines.node).toBe(`>=${version.split('.')[0]}`);
      expect(version).toBe(nodeVersionOf(read('backend/Dockerfile')));
      const stages = dockerfile.split(/^FROM /m);
      expect(stages.at(-1)).toMatch(/^USER 10001$/m);
      expect(stages.at(-1)).not.toMatch(/npm (ci|install)/);
    },
  );

  test('a Dockerfile without a whole version is refused', () => {
    expect(() => nodeVersionOf('FROM node:24-slim\n')).toThrow('it names no whole version of Node.js');
  });

  test('a Node.js of the same line will do', () => {
    expect(isOfSameLine('24.1.0', '24.22.3')).toBe(true);
    expect(isOfSameLine('20.20.2', '24.22.3')).toBe(false);
  });
});
