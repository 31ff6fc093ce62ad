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
      env: { PATH: `${path.dirname(kubectl!)}:${process.env.PATH}` },
    });

  test('gives every pod of the manifests the priority that the committed application says', () => {
    const application = only(
      committed('argocd/production').map(({ manifest }) => manifest),
      'Application',
      'argocd',
    );
    const { sources = [] } = application.spec as { readonly sources?: readonly Source[] };
    const patches = sources.flatMap(({ kustomize }) => kustomize?.patches ?? []);
    const template = { spec: { containers: [{ name: 'a', image: 'a' }] } };
    const objects = ['Deployment', 'StatefulSet', 'Service'].map((kind) => ({
      apiVersion: kind === 'Service' ? 'v1' : 'apps/v1',
      kind,
      metadata: { name: 'a' },
      spec: kind === 'Service' ? {} : { template },
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

  test('refuses what it has not', () => {
    const { status, stderr } = run('edit', 'set', 'image');
    expect([status, stderr]).toEqual([2, 'kustomize: of its commands only build is here\n']);
  });
});
