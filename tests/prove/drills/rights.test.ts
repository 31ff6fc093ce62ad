import { load } from 'js-yaml';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { attemptsOfPatroni, declaredRights, inWords } from '../../../prove/drills/rights/table.ts';
import { committed } from '../../support/committed.ts';

const attempts = attemptsOfPatroni({
  scope: 'postgres',
  namespace: 'data',
  member: 'postgres-0',
  other: { namespace: 'shop', name: 'backend-1' },
});

describe('the rights that are tried', () => {
  test('are each tried once', () => {
    const names = attempts.map(({ what }) => what);
    expect(names).toHaveLength(new Set(names).size);
  });

  test('to change something are tried on what is allowed and on what is not', () => {
    const changed = (wanted: string): string[] =>
      attempts
        .filter(({ call, expected }) => call.method === 'PATCH' && expected === wanted)
        .map(({ call }) => call.target.split('/').at(-1)!.replace('?dryRun=All', ''));
    expect(changed('done')).toEqual(['postgres-0', 'postgres', 'postgres-config']);
    expect(changed('refused')).toEqual([
      ...['redis-0', 'backend-1', 'postgres-members', 'postgres', 'postgres-scripts', 'postgres'],
    ]);
  });
});

describe('the declared rights of an account', () => {
  const manifests = committed('dist/production').map(({ manifest }) => manifest);

  test('are those of its committed role, in words', () => {
    expect(declaredRights(manifests, 'data', 'postgres')).toEqual([
      'create endpoints',
      'get, patch endpoints postgres, postgres-config, postgres-failover, postgres-sync',
      'list, watch endpoints',
      'list, watch pods',
      'patch pods postgres-0, postgres-1',
    ]);
  });

  test('are none where it has no role', () => {
    expect(declaredRights(manifests, 'shop', 'backend')).toEqual([]);
  });

  test('of the whole cluster count too', () => {
    const role = load(
      '{kind: ClusterRole, apiVersion: v1, metadata: {name: logs-agent}, rules: [{verbs: [get], apiGroups: [apps], resources: [deployments]}]}',
    );
    expect(declaredRights([role as Manifest], 'logs', 'agent')).toEqual(['get deployments of apps']);
  });

  test('and what the API says are put in the same words', () => {
    const [own, told] = [
      ['patch', 'get'],
      ['get', 'patch'],
    ].map((verbs) => inWords({ verbs, apiGroups: [''], resources: ['endpoints'], resourceNames: ['b', 'a'] }));
    expect([own, told]).toEqual(['get, patch endpoints a, b', 'get, patch endpoints a, b']);
  });
});
