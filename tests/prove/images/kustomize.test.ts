import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { dump, loadAll } from 'js-yaml';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { built } from '../../support/built.ts';
import { committed, root } from '../../support/committed.ts';
import { only } from '../../support/harness.ts';

interface Source {
  readonly kustomize?: { readonly patches: readonly object[] };
}

const kubectl = built('kubectl');

(kubectl === undefined ? describe.skip : describe)("Argo CD's kustomize in the proving ground", () => {
  let folder: string;
  beforeAll(() => {
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-kustomize-'));
  });
  afterAll(() => {
    fs.rmSync(folder, { recursive: true, force: true });
  });

  const run = (...args: string[]) =>
    spawnSync(path.join(root, 'prove/images/recipes/files/kustomize.sh'), args, {
      encoding: 'utf8',
      cwd: folder,
      env: { PATH: `${path.dirname(kubectl!)}:${process.env.PATH}` },
    });

  test('gives every pod the priority that the committed application says, and leaves policies out', () => {
    const application = only(
      committed('argocd/production').map(({ manifest }) => manifest),
      'Application',
      'argocd',
    );
    const { sources = [] } = application.spec as { readonly sources?: readonly Source[] };
    const patches = sources.flatMap(({ kustomize }) => kustomize?.patches ?? []);
    const template = { spec: { containers: [{ name: 'a', image: 'a' }] } };
    const apiVersions = { Service: 'v1', NetworkPolicy: 'networking.k8s.io/v1' };
    const objects = ['Deployment', 'StatefulSet', 'Service', 'NetworkPolicy'].map((kind) => ({
      apiVersion: { Deployment: 'apps/v1', StatefulSet: 'apps/v1', ...apiVersions }[kind],
      kind,
      metadata: { name: 'a' },
      spec: kind in apiVersions ? {} : { template },
    }));
    fs.writeFileSync(path.join(folder, 'objects.yaml'), objects.map((each) => dump(each)).join('---\n'));
    // As Argo CD adds them to what is there.
    fs.writeFileSync(path.join(folder, 'kustomization.yaml'), dump({ resources: ['objects.yaml'], patches }));
    const { stdout, stderr } = run('build', folder);
    expect(stderr).toBe('');
    const made = loadAll(stdout) as Manifest[];
    const priority = (manifest: Manifest) => podTemplateOf(manifest)?.spec?.priorityClassName;
    expect(made.map((manifest) => [manifest.kind, priority(manifest)]).sort()).toEqual([
      ['Deployment', 'edge'],
      ['Service', undefined],
      ['StatefulSet', 'edge'],
    ]);
  });

  test('puts digests in place of tags', () => {
    const digest = `sha256:${'1'.repeat(64)}`;
    const images = ['registry.example/a', 'registry.example/b'];
    const containers = images.map((image, index) => ({ name: `c${index}`, image: `${image}:1` }));
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec: { containers } };
    fs.writeFileSync(path.join(folder, 'objects.yaml'), dump(pod));
    fs.writeFileSync(path.join(folder, 'kustomization.yaml'), dump({ resources: ['objects.yaml'] }));
    expect(run('edit', 'set', 'image', `registry.example/a@${digest}`).status).toBe(0);
    const [made] = loadAll(run('build', '.').stdout) as [{ spec: { containers: { image: string }[] } }];
    expect(made.spec.containers.map(({ image }) => image)).toEqual([
      `registry.example/a@${digest}`,
      'registry.example/b:1',
    ]);
  });

  test('refuses what it has not', () => {
    const { status, stderr } = run('edit', 'add', 'resource');
    expect([status, stderr]).toEqual([2, 'kustomize: of its commands only build, and edit set image, are here\n']);
    const tagged = run('edit', 'set', 'image', 'registry.example/a:1');
    expect([tagged.status, tagged.stderr]).toEqual([
      2,
      'kustomize: registry.example/a:1 has no digest, and nothing else is set here\n',
    ]);
  });
});
