import { JsonPatch } from 'cdk8s';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { NestBackend } from '../../constructs/nest-backend/index.ts';
import type { NestBackendProps } from '../../constructs/nest-backend/index.ts';
import { changed } from '../../prove/drills/admission/changed.ts';
import {
  breaking,
  brokenRules,
  containerPath as container,
  podPath as pod,
} from '../../prove/drills/admission/broken-rules.ts';
import { objectFindings } from '../../synth/api-server/index.ts';
import { committed } from '../support/committed.ts';
import { built } from '../support/constructs.ts';
import { image, only } from '../support/harness.ts';

const production = ['dist/production', 'argocd/production'].flatMap((folder) =>
  committed(folder).map(({ manifest }) => manifest),
);
const committedOne = (kind: string): Manifest => {
  const found = production.find((manifest) => manifest.kind === kind);
  if (found === undefined) throw new Error(`no ${kind} is committed`);
  return found;
};

const told = (manifest: Manifest): string[] =>
  objectFindings(manifest).map(({ where, what, allowed }) => `${where}: ${what} ${allowed}`);

test.each(brokenRules.map((rule) => [rule[0], rule] as const))('synth refuses %s', (_, rule) => {
  expect(told(breaking(production, rule)!)).toContainEqual(expect.stringMatching(rule[4]));
});

test('synth refuses nothing of what is committed', () => {
  expect(production.flatMap(told)).toEqual([]);
});

describe('a patch is judged by the object that it makes:', () => {
  const backend = (changes: Partial<NestBackendProps>): Manifest =>
    only(
      built((scope) => new NestBackend(scope, 'web', { image, host: 'web.example.com', ...changes })).manifests,
      'Deployment',
    );
  const first = '/spec/template/spec/containers/0';

  test.each([
    [
      'a second variable of one name',
      `${first}/env/-`,
      { name: 'PORT', value: '1' },
      /the variable PORT of web is there twice/,
    ],
    [
      'a volume that is missing',
      `${first}/volumeMounts/-`,
      { name: 'no', mountPath: '/no' },
      /mounts no, which its pod/,
    ],
    [
      'a second mount in one place',
      `${first}/volumeMounts/-`,
      { name: 'tmp', mountPath: '/tmp' },
      /the mount \/tmp of web/,
    ],
    ['a limit below the request', `${first}/resources/limits/memory`, '1Mi', /it requests 512Mi and may have 1Mi/],
  ])('%s', (_, path, value, finding) => {
    expect(told(backend({ patches: [JsonPatch.add(path, value)] }))).toEqual([expect.stringMatching(finding)]);
  });
});

describe('a name that is there twice where it may be once:', () => {
  const mounts = ['/x', '/x'].map((mountPath) => ({ name: 'tmp', mountPath }));
  const volumes = [{ name: 'a', emptyDir: {} }];
  const ports = [{ name: 'a', port: 80 }];

  test.each([
    [
      'two mounts in one place',
      'Deployment',
      [...container, 'volumeMounts'],
      mounts,
      /the mount \/x of backend is there/,
    ],
    ['two volumes', 'Job', [...pod, 'volumes'], [...volumes, ...volumes], /the volume a is there twice/],
    [
      'a container and one before it',
      'Deployment',
      [...pod, 'initContainers'],
      [{ name: 'backend', image: 'a' }],
      /the container backend/,
    ],
    [
      'two ports of one number',
      'Service',
      ['spec', 'ports'],
      [...ports, { name: 'b', port: 80 }],
      /the port TCP 80 is/,
    ],
    ['two ports of one name', 'Service', ['spec', 'ports'], [...ports, { name: 'a', port: 81 }], /the port name a is/],
  ] as const)('%s', (_, kind, path, value, finding) => {
    expect(told(changed(committedOne(kind), path, value))).toContainEqual(expect.stringMatching(finding));
  });
});
