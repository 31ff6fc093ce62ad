import { load } from 'js-yaml';
import type { Manifest } from '../../../constructs/core/manifest.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import { buildPlatform } from '../../../apps/platform.ts';
import { patroniOf } from '../../../prove/components/postgres/members.ts';
import { besideOf } from '../../../prove/drills/rights/index.ts';
import { attemptsOfPatroni, attemptsOfTraefik, declaredRights, inWords } from '../../../prove/drills/rights/table.ts';
import { committed } from '../../support/committed.ts';

const platform = buildPlatform('production');
const beside = besideOf(platform, patroniOf(platform).workload);

const attempts = attemptsOfPatroni({
  scope: 'postgres',
  namespace: 'data',
  member: 'postgres-0',
  beside,
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
      ...[beside!.name, 'backend-1', 'postgres-members', 'postgres', 'postgres-scripts', 'postgres'],
    ]);
  });
});

describe('the rights of Traefik that are tried', () => {
  const tried = attemptsOfTraefik({ namespace: 'edge', name: 'edge', elsewhere: 'shop' });

  test('are each tried once, and allowed where its committed role says so', () => {
    const names = tried.map(({ what }) => what);
    expect(names).toHaveLength(new Set(names).size);
    const rights = declaredRights(
      committed('dist/production').map(({ manifest }) => manifest),
      'edge',
      'edge',
    ).join('; ');
    const done = tried.filter(({ expected }) => expected === 'done').map(({ call }) => call.target.split('/').at(-1)!);
    expect(done).toEqual(['ingressroutes', 'secrets', 'services']);
    expect(done.filter((resource) => !rights.includes(resource))).toEqual([]);
  });

  test('are to change objects that there are', () => {
    const names = committed('dist/production').map(
      ({ manifest }) => `${manifest.kind.toLowerCase()}s/${manifest.metadata.name}`,
    );
    const changed = tried.filter(({ call }) => call.method === 'PATCH').map(({ call }) => call.target);
    const objects = changed.map((target) => /[^/]+\/[^/]+(?=\?)/.exec(target)![0]);
    expect(objects).toEqual(['configmaps/edge-settings', 'deployments/edge', 'roles/edge']);
    expect(objects.filter((object) => !names.includes(object))).toEqual([]);
  });
});

describe('a pod beside the members, whose image they may not change,', () => {
  test('is one of another StatefulSet of their namespace', () => {
    const [name] = beside!.name.split(/-\d+$/);
    const own = platform.owners.filter((owner) => owner instanceof Workload);
    const found = own.find((workload) => workload.name === name && workload.namespace === 'data')!;
    expect(found.props.controller.kind).toBe('StatefulSet');
    expect(found.name).not.toBe('postgres');
    expect(found.props.containers.map((container) => container.name)).toContain(beside!.container);
  });

  test('is there for the administrator', () => {
    expect(attempts.filter(({ what }) => what.startsWith('change the image of'))).toEqual([
      expect.objectContaining({ what: `change the image of ${beside!.name}`, administrator: 200 }),
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
