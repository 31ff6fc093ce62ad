// Times the synthesis of many backend/frontend pairs: node scripts/run.cjs bench/pairs.ts COUNT
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { App } from 'cdk8s';
import { parseEnvironment } from '../config/index.ts';
import production from '../config/environments/production.ts';
import { AppOfApps } from '../constructs/app-of-apps/index.ts';
import { application } from '../constructs/core/application.ts';
import type { Application } from '../constructs/core/application.ts';
import { defineNamespace } from '../constructs/core/namespace.ts';
import { objectsOf } from '../constructs/core/kube-object.ts';
import { Platform } from '../constructs/core/platform.ts';
import { Foundations } from '../constructs/foundations/index.ts';
import { NestBackend } from '../constructs/nest-backend/index.ts';
import { NextFrontend } from '../constructs/next-frontend/index.ts';
import { collect } from '../synth/collect.ts';
import { manifestFindings, treesOf } from '../synth/synthesise.ts';
import { writeTrees } from '../synth/write/index.ts';

const count = Number(process.argv[2]);
if (!Number.isInteger(count) || count < 1) throw new RangeError('pairs.ts COUNT: a positive whole number of pairs');

const environment = parseEnvironment(
  'bench',
  production,
  {
    web: {
      repository: 'registry.example/web',
      tag: '1',
      digest: `sha256:${'0'.repeat(64)}`,
      source: 'none',
      date: '2026-11-23',
    },
  },
  {},
);
const image = environment.image('web');
const host = 'bench.example.com';
const namespace = defineNamespace('bench');

function pair(index: number): Application<unknown>[] {
  const backend = application(`backend-${index}`, { namespace, layer: 'applications' }, (scope) => ({
    backend: new NestBackend(scope, `backend-${index}`, { image, host }),
  }));
  const frontend = application(
    `frontend-${index}`,
    { namespace, layer: 'applications', uses: () => ({ backend }) },
    (scope, _, used) => new NextFrontend(scope, `frontend-${index}`, { image, host, api: used.backend.backend.http }),
  );
  return [backend, frontend];
}

const foundations = application('foundations', { namespace, layer: 'foundations' }, (scope) => {
  new Foundations(scope, 'foundations', { namespaces: [namespace], nodes: 2 });
});

/** All that `npm run synth` does, but for the budget, which no such number of pairs would keep. */
function synthesise(root: string): number {
  const platform = new Platform(environment, [
    foundations,
    ...Array.from({ length: count }, (_, index) => pair(index)).flat(),
  ]);
  const tree = new AppOfApps(new App(), 'tree', {
    environment: environment.name,
    repository: environment.repository,
    releaseTag: undefined,
    namespace: 'argocd',
    entries: platform.charts.map((chart) => ({
      chart,
      wave: platform.waves.get(chart.application) ?? 0,
      kinds: objectsOf(chart).map(({ apiGroup, kind }) => `${apiGroup}/${kind}`),
      upstream: [],
    })),
  });
  const collection = collect(platform, tree, []);
  const findings = manifestFindings(platform, collection);
  if (findings.length > 0) throw new Error(JSON.stringify(findings[0]));
  writeTrees(root, treesOf(environment.name, collection));
  return collection.dist.length + collection.argocd.length;
}

const root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-bench-'));
try {
  const start = performance.now();
  const objects = synthesise(root);
  process.stdout.write(JSON.stringify({ objects, milliseconds: performance.now() - start }));
} finally {
  fs.rmSync(root, { recursive: true, force: true });
}
