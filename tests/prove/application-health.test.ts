import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { built } from '../support/built.ts';

const argocd = built('argocd');
const settings = path.join(import.meta.dirname, '../../dist/production/argocd/configmap-argocd-cm.yaml');

let folder: string;
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'health-'));
});
afterAll(() => fs.rmSync(folder, { recursive: true }));

/** What Argo CD itself says of an object's health with the committed settings. */
function healthOf(object: unknown): string {
  const file = path.join(folder, 'object.yaml');
  fs.writeFileSync(file, JSON.stringify(object));
  const args = ['admin', 'settings', 'resource-overrides', 'health', file, '--argocd-cm-path', settings];
  const env = { ...process.env, KUBECONFIG: path.join(folder, 'none') };
  const printed = execFileSync(argocd!, args, { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
  return /^STATUS: (\S+)$/m.exec(printed)?.[1] ?? printed;
}

const source = { repoURL: 'https://example.com/platform.git', path: 'dist', targetRevision: 'production-4' };
const outOfSync = { status: 'OutOfSync', comparedTo: { source } };

/** An application that is Synced and Healthy, but for what is changed. */
function application(status: object, spec: object = {}, others: object = {}): unknown {
  return {
    apiVersion: 'argoproj.io/v1alpha1',
    kind: 'Application',
    metadata: { name: 'backend', namespace: 'argocd' },
    spec: { source, syncPolicy: { automated: {} }, ...spec },
    status: {
      health: { status: 'Healthy' },
      sync: { status: 'Synced', comparedTo: { source } },
      operationState: { phase: 'Succeeded' },
      ...status,
    },
    ...others,
  };
}

(argocd === undefined ? describe.skip : describe)('the health that a wave waits for', () => {
  const older = { status: 'Synced', comparedTo: { source: { ...source, targetRevision: 'production-3' } } };
  const retrying = { phase: 'Running', retryCount: 1 };
  /** With the pruning left to do of the revision that a sync was for. */
  const confirming = (revision: string): object => ({
    sync: { ...outOfSync, revision: 'b1' },
    operationState: {
      phase: 'Running',
      message: 'waiting for pruning confirmation of apps/StatefulSet/data/postgres',
      syncResult: { revision },
    },
  });
  const itself = { 'argocd.argoproj.io/tracking-id': 'root:argoproj.io/Application:argocd/root' };

  test.each([
    ['Synced and Healthy', 'Healthy', application({})],
    ['not looked at yet', 'Progressing', application({ health: undefined })],
    ['Degraded', 'Degraded', application({ health: { status: 'Degraded' } })],
    ['Degraded, before its new release', 'Progressing', application({ health: { status: 'Degraded' }, sync: older })],
    ['not synced yet', 'Progressing', application({ sync: outOfSync })],
    ['being synced', 'Progressing', application({ operationState: { phase: 'Running' } })],
    ['failed to sync', 'Degraded', application({ sync: outOfSync, operationState: { phase: 'Failed' } })],
    ['waiting for somebody to confirm a pruning', 'Healthy', application(confirming('b1'), {}, { operation: {} })],
    [
      'waiting for somebody to confirm a pruning of the release before',
      'Progressing',
      application(confirming('a0'), {}, { operation: {} }),
    ],
    [
      'failed to sync, with a new sync asked for',
      'Progressing',
      application({ sync: outOfSync, operationState: { phase: 'Failed' } }, {}, { operation: {} }),
    ],
    [
      'about to be synced again after it failed',
      'Degraded',
      application({ sync: outOfSync, operationState: retrying }, {}, { operation: {} }),
    ],
    [
      'rolled back by hand',
      'Healthy',
      application({ sync: outOfSync }, { syncPolicy: { automated: { enabled: false } } }),
    ],
    [
      'the root, which applies itself',
      'Healthy',
      application({ sync: outOfSync }, {}, { metadata: { name: 'root', namespace: 'argocd', annotations: itself } }),
    ],
  ])('of a child that is %s is %s', (_, health, object) => {
    expect(healthOf(object)).toBe(health);
  });
});

(argocd === undefined ? describe.skip : describe)('the health of', () => {
  const object = (apiVersion: string, kind: string, ...conditions: object[]) => ({
    ...{ apiVersion, kind, metadata: { name: 'name' } },
    status: { conditions },
  });
  const autoscaler = (type: string, reason: string) =>
    object('autoscaling/v2', 'HorizontalPodAutoscaler', { type, status: 'False', reason });
  const definition = (type: string, status: string) =>
    object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', { type, status });

  test.each([
    ['an autoscaler without metrics', 'Healthy', autoscaler('ScalingActive', 'FailedGetResourceMetric')],
    ['an autoscaler that finds nothing to scale', 'Degraded', autoscaler('AbleToScale', 'FailedGetScale')],
    ['a new definition', 'Healthy', definition('Established', 'False')],
    ['a definition whose names are taken', 'Degraded', definition('NamesAccepted', 'False')],
  ])('%s is %s', (_, health, each) => {
    expect(healthOf(each)).toBe(health);
  });
});
