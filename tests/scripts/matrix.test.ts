import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { buildPlatform } from '../../apps/platform.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { matrixCommand } from '../../scripts/matrix/command.ts';
import { upstreamManifests } from '../../synth/upstream/facts.ts';
import { toYaml } from '../../synth/yaml.ts';
import { root as repository } from '../support/committed.ts';

let root: string;

const deny = { podSelector: {}, policyTypes: ['Ingress', 'Egress'] };
const upstreamPods = upstreamManifests(buildPlatform('production')).filter(({ kind }) =>
  /^(Deploy|Stateful)/.test(kind),
);
const upstreamNamespaces = new Set(upstreamPods.map(({ metadata }) => metadata.namespace ?? ''));

/** Two applications in one namespace: the hose reaches the pot, the pot reaches a network outside, and nothing else. */
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-matrix-'));
  // Pods of upstream are there, whatever the files say.
  for (const namespace of upstreamNamespaces) {
    put(`pots/networkpolicy-${namespace}.yaml`, {
      ...policy('pot', {}),
      metadata: { name: 'deny', namespace },
      spec: deny,
    });
  }
  put('tools/deployment.yaml', deployment('hose', 9000));
  put('pots/deployment.yaml', deployment('pot', 80));
  put('tools/networkpolicy.yaml', policy('hose', { egress: [{ to: [pods('pot')], ports: [{ port: 80 }] }] }));
  put(
    'pots/networkpolicy.yaml',
    policy('pot', {
      ingress: [{ from: [pods('hose')], ports: [{ port: 80 }] }],
      egress: [{ to: [{ ipBlock: { cidr: '203.0.113.0/24' } }], ports: [{ port: 443 }] }],
    }),
  );
});

afterEach(() => {
  fs.rmSync(root, { recursive: true });
});

function put(file: string, content: object | string): void {
  const target = path.join(root, 'dist/production', file);
  fs.mkdirSync(path.dirname(target), { recursive: true });
  fs.writeFileSync(target, typeof content === 'string' ? content : yaml(content));
}

function yaml(content: object): string {
  return toYaml(content as Manifest);
}

function deployment(name: string, port: number): object {
  const containers = [{ name, image: 'registry.example/image:1', ports: [{ containerPort: port }] }];
  const template = { metadata: { labels: { app: name } }, spec: { containers } };
  const spec = { selector: { matchLabels: { app: name } }, template };
  return { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace: 'garden' }, spec };
}

function policy(name: string, rules: object): object {
  const spec = { ...pods(name), policyTypes: ['Ingress', 'Egress'], ...rules };
  return { apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', metadata: { name, namespace: 'garden' }, spec };
}

function pods(name: string): { readonly podSelector: object } {
  return { podSelector: { matchLabels: { app: name } } };
}

function run(args: readonly string[], folder = root): { code: number; stdout: string; stderr: string } {
  const texts = { stdout: '', stderr: '' };
  const code = matrixCommand(folder, args, {
    stdout: { write: (text) => (texts.stdout += text) },
    stderr: { write: (text) => (texts.stderr += text) },
  });
  return { code, ...texts };
}

/** `garden/hose -> garden/pot TCP 80` of each line but the header. */
function ways(...args: readonly string[]): string[] {
  const [, ...lines] = run(args).stdout.trimEnd().split('\n');
  return lines.map((line) => line.replace(/^(\S+) +(\S+) +(\w+ \d+) .*$/, '$1 -> $2 $3'));
}

const toPot = 'garden/hose -> garden/pot TCP 80';
const toOutside = 'garden/pot -> 203.0.113.0/24 TCP 443';

describe('npm run matrix', () => {
  test('shows the ways that the files leave open, and nothing that only the wires say', () => {
    expect(ways()).toEqual([toPot, toOutside]);
  });

  test("shows what is open to upstream's pods, which are in no file", () => {
    const [namespace = ''] = upstreamNamespaces;
    fs.rmSync(path.join(root, `dist/production/pots/networkpolicy-${namespace}.yaml`));
    expect(run(['--application', namespace]).stdout).toMatch(/^anywhere +\S+ +any/m);
  });

  test('follows a change of a file', () => {
    put('tools/networkpolicy.yaml', policy('hose', {}));
    expect(ways()).toEqual([toOutside]);
  });

  test('reads every object of a file', () => {
    put('tools/deployment.yaml', `${yaml(deployment('hose', 9000))}---\n${yaml(deployment('rake', 9001))}`);
    put('tools/networkpolicy-rake.yaml', policy('rake', { egress: [{ to: [pods('pot')] }] }));
    put('pots/networkpolicy-rake.yaml', policy('pot', { ingress: [{ from: [pods('rake')], ports: [{ port: 80 }] }] }));
    expect(ways('--application', 'tools')).toContain('garden/rake -> garden/pot TCP 80');
  });

  test('shows only the ways of an application', () => {
    expect(ways('--application', 'tools')).toEqual([toPot]);
  });

  test('shows the ways of several applications', () => {
    expect(ways('--application', 'tools', '--application', 'pots')).toEqual([toPot, toOutside]);
  });

  test('shows only the ways of a namespace', () => {
    expect([ways('--application', 'garden'), ways('--application', 'kube-system')]).toEqual([[toPot, toOutside], []]);
  });

  test('writes a Markdown table', () => {
    expect(run(['--application', 'tools', '--markdown']).stdout.split('\n')).toEqual([
      '| from        | to         | port   | reasons                                  |',
      '| ----------- | ---------- | ------ | ---------------------------------------- |',
      '| garden/hose | garden/pot | TCP 80 | egress: garden/hose; ingress: garden/pot |',
      '',
    ]);
  });

  test('refuses an application that is not there, and names those that are', () => {
    const { code, stdout, stderr } = run(['--application', 'cellar']);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/^--application: there is no "cellar"\n {2}allowed: .*garden.*, pots, .*tools/);
  });

  test('refuses every file that holds no Kubernetes objects, with what is wrong', () => {
    put('pots/broken.yaml', 'a: [');
    put('pots/list.yaml', '- a\n');
    put('pots/text.yaml', 'just words\n');
    const { code, stderr } = run([]);
    expect(code).toBe(1);
    expect(
      [...stderr.matchAll(/^dist\/production\/(\S+): (it [A-Za-z ]+)/gm)].map(([, file, what]) => [file, what]),
    ).toEqual([
      ['pots/broken.yaml', 'it is no YAML'],
      ['pots/list.yaml', 'it holds something that is no Kubernetes object'],
      ['pots/text.yaml', 'it holds something that is no Kubernetes object'],
    ]);
  });

  test('refuses a repository without output', () => {
    fs.rmSync(path.join(root, 'dist'), { recursive: true });
    expect(run([])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('dist/production: there is no such folder') as string,
    });
  });

  test('refuses an environment that is not there', () => {
    expect(run(['--environment', 'cellar']).code).toBe(1);
  });

  test.each([[['--check', '--markdown']], [['--check', '--application', 'pots']], [['pots']], [['--all']]])(
    'called with %j it tells how it is called',
    (args) => {
      expect(run(args)).toMatchObject({ code: 2, stderr: expect.stringContaining('\n\nnpm run matrix --') as string });
    },
  );
});

describe('npm run matrix -- --check', () => {
  test('finds the committed output as the wires declare', () => {
    expect(run(['--check'], repository)).toMatchObject({ code: 0, stderr: '' });
  });

  test('finds a way that no wire declares', () => {
    expect(run(['--check'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`${toPot}: is allowed`) as string,
    });
  });

  test('finds a wire whose way is closed', () => {
    fs.cpSync(path.join(repository, 'dist'), path.join(root, 'dist'), { recursive: true });
    fs.rmSync(path.join(root, 'dist/production/backend/networkpolicy-backend.yaml'));
    const { code, stderr } = run(['--check']);
    expect(code).toBe(1);
    expect(stderr).toContain(
      'shop/backend -> data/redis TCP 6379: is declared, but the network policies do not allow it',
    );
  });
});
