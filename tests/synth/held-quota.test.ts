import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { Committed } from '../../synth/committed.ts';
import { heldAnnotation, holdQuotas } from '../../synth/held-quota.ts';
import { summary } from '../../synth/summary.ts';
import { synthesise } from '../../synth/synthesise.ts';
import { toYaml } from '../../synth/yaml.ts';
import { at, testEnvironment } from '../support/harness.ts';

let root: string;
beforeEach(() => {
  root = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-quota-'));
});
afterEach(() => fs.rmSync(root, { recursive: true, force: true }));

interface Size {
  readonly replicas: number;
  readonly memory: number;
  /** Pods of others in the namespace, of 100 Mi each. */
  readonly jobs?: number;
}

const pods = (mebibytes: number) => ({
  spec: { containers: [{ name: 'a', resources: { requests: { cpu: '100m', memory: `${mebibytes}Mi` } } }] },
});

/** A Deployment between one pod and `replicas`, and the quota of twice what it can request at most. */
function release({ replicas, memory, jobs = 0 }: Size) {
  const object = (apiVersion: string, kind: string, name: string, spec: object): Manifest => ({
    apiVersion,
    kind,
    metadata: { name, namespace: 'shop' },
    spec,
  });
  const most = replicas + 1;
  const manifests = [
    object('apps/v1', 'Deployment', 'web', {
      strategy: { rollingUpdate: { maxSurge: 1 } },
      template: pods(memory),
    }),
    object('autoscaling/v2', 'HorizontalPodAutoscaler', 'web', {
      scaleTargetRef: { kind: 'Deployment', name: 'web' },
      minReplicas: 1,
      maxReplicas: replicas,
    }),
    ...Array.from({ length: jobs }, (_, index) => object('batch/v1', 'Job', `job-${index}`, { template: pods(100) })),
    object('v1', 'ResourceQuota', 'requests', {
      hard: {
        'requests.cpu': `${2 * (most + jobs) * 100}m`,
        'requests.memory': `${2 * (most * memory + jobs * 100)}Mi`,
      },
    }),
  ];
  return manifests.map((manifest) => ({
    path: `${manifest.kind === 'ResourceQuota' ? 'namespaces' : 'web'}/${manifest.kind.toLowerCase()}-${manifest.metadata.name}.yaml`,
    source: 'the tests',
    manifest,
  }));
}

/** Synthesises a size at that release, after what was written before. @returns the quota's memory, and until when */
function step(size: Size, number: number | 'branch') {
  const releases = number === 'branch' ? 'branch' : 'tags';
  const environment = testEnvironment({ releases }, number === 'branch' ? 0 : number);
  const { dist, findings } = holdQuotas(new Committed(root, 'production'), environment, release(size));
  if (findings.length > 0) return findings.map(({ what }) => what);
  fs.rmSync(path.join(root, 'dist'), { recursive: true, force: true });
  for (const { path: file, manifest } of dist) {
    const full = path.join(root, 'dist/production', file);
    fs.mkdirSync(path.dirname(full), { recursive: true });
    fs.writeFileSync(full, toYaml(manifest));
  }
  const quota = dist.find(({ manifest }) => manifest.kind === 'ResourceQuota')!.manifest;
  return [
    (at(quota, 'spec.hard') as Record<string, string>)['requests.memory'],
    quota.metadata.annotations?.[heldAnnotation],
  ];
}

const large = { replicas: 6, memory: 1024 };
const small = { replicas: 1, memory: 256 };

test('a quota that shrinks keeps room for what runs and one new pod, until the release after the next', () => {
  const steps = [
    step(large, 7), // what runs
    step(small, 7), // before it is released
    step(small, 7), // once more: the same bytes
    step(small, 8), // the release that shrinks
    step(small, 9), // the one after it
  ];
  const held = ['6400Mi', '8'];
  expect(steps).toEqual([['14336Mi', undefined], held, held, held, ['1024Mi', undefined]]);
});

test('one that grows, or stays above what runs, is what its workloads need', () => {
  const steps = [step(small, 7), step(large, 7), step({ ...large, replicas: 4 }, 7)];
  expect(steps).toEqual([
    ['1024Mi', undefined],
    ['14336Mi', undefined],
    ['10240Mi', undefined],
  ]);
});

test('workloads that go have their room until they are gone', () => {
  const steps = [step({ ...small, jobs: 20 }, 7), step(small, 7)];
  expect(steps).toEqual([
    ['5024Mi', undefined],
    ['2512Mi', '8'],
  ]);
});

test('a size that is taken back before the release takes the quota back', () => {
  const steps = [step(large, 7), step(small, 7), step(large, 7)];
  expect(steps.at(-1)).toEqual(['14336Mi', undefined]);
});

test('where applications follow the branch a step that is too large is refused, and half a step is taken', () => {
  const steps = [step(large, 'branch'), step(small, 'branch'), step({ replicas: 3, memory: 1024 }, 'branch')];
  expect(steps).toEqual([
    ['14336Mi', undefined],
    [
      'requests.cpu would be 400m while pods that may request 700m still run: their successors would never start',
      'requests.memory would be 1024Mi while pods that may request 6400Mi still run: their successors would never start',
    ],
    ['8192Mi', undefined],
  ]);
});

test('npm run synth does it, and says so', () => {
  const [postgres, redis, samba] = [50, 5, 2].map((storageGibibytes) => ({ storageGibibytes }));
  const run = (backend: object, frontend: object) =>
    synthesise({
      root,
      environment: 'production',
      strict: false,
      dryRun: false,
      generations: {},
      changes: { sizes: { postgres: postgres!, redis: redis!, samba: samba!, backend, frontend } },
    });
  run(
    { minReplicas: 6, maxReplicas: 6, cpuRequestMillicores: 160, memoryMebibytes: 1024 },
    { minReplicas: 1, maxReplicas: 1 },
  );
  const tiny = { minReplicas: 1, maxReplicas: 1, memoryMebibytes: 256 };
  const shrunk = run(tiny, tiny);
  expect(summary(shrunk, false)).toContain(
    '  quota       ResourceQuota shop/requests keeps room for what runs now; the release after 1 lowers it',
  );
  expect(run(tiny, tiny).written.changed).toEqual([]);
});
