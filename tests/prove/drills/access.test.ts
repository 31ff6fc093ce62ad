import fs from 'node:fs';
import path from 'node:path';
import { buildAppOfApps, buildPlatform } from '../../../apps/platform.ts';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import type { Application, AppProject } from '../../../imports/argo-cd.ts';
import type { ApiAnswer } from '../../../prove/components/argocd/api.ts';
import { checkOf } from '../../../prove/drills/access/index.ts';
import { sourceTable } from '../../../prove/drills/access/sources.ts';
import { accessTable, groups, people } from '../../../prove/drills/access/table.ts';
import type { AccessRow, Person } from '../../../prove/drills/access/table.ts';
import { root } from '../../support/committed.ts';
import { only } from '../../support/harness.ts';

const production = buildPlatform('production');
const subjects = {
  platform: production,
  applications: ['root', 'backend', 'frontend', 'data'],
  projects: ['applications', 'data'],
  backend: {},
  pod: 'backend-1',
  older: 'abc',
};
const table = accessTable(subjects);
const policy = fs
  .readFileSync(path.join(root, 'constructs/app-of-apps/files/rbac-policy.csv'), 'utf8')
  .split('\n')
  .map((line) => line.split(/, ?/));

/** Whether a person gets past Argo CD's question for the right. */
function passes({ expected }: AccessRow, person: Person): boolean {
  const own = expected[person];
  return typeof own === 'object' ? own.sees !== 'none' : own !== undefined;
}

/** Rights that a person has at least somewhere. Nobody has a terminal: there is none. */
function rightsOf(person: Person): string[] {
  const rows = table.filter((row) => row.right !== 'exec create' && passes(row, person));
  return [...new Set(rows.flatMap(({ right }) => right ?? []))].sort();
}

const tree = objectsOf(buildAppOfApps(production)).map(manifestOf);
const project = (name: string): AppProject => only(tree, 'AppProject', name) as unknown as AppProject;

/** Whether a line of the policy takes a right away; a star in it is any text. */
function isDenied(role: string, action: string, object: string): boolean {
  const denied = policy.filter(
    ([kind, who, , what, , effect]) => `${kind} ${who} ${what} ${effect}` === `p ${role} ${action} deny`,
  );
  return denied.some(([, , , , where = '']) => new RegExp(`^${where.replaceAll('*', '.*')}$`).test(object));
}

const sources = sourceTable(
  { ...subjects, backend: only(tree, 'Application', 'backend') },
  { product: project('applications'), default: project('default') },
);

describe('the table of sources', () => {
  test('lets nobody have something else run than git says, whatever they may do otherwise', () => {
    expect(sources.length).toBeGreaterThan(30);
    const answers = sources.flatMap(({ expected }) => Object.values(expected));
    expect(new Set(answers)).toEqual(new Set([400]));
    const passing = sources.filter(({ expected }) => Object.keys(expected).length > 0);
    expect(passing.filter(({ reason }) => reason === undefined)).toEqual([]);
  });

  test('lets nobody change or delete by hand what keeps the others from it', () => {
    const guards = sources.filter(({ right }) => /^applications (update|delete)\/\*$/.test(right ?? ''));
    expect(guards.map(({ expected }) => expected)).toEqual([{}, {}, {}, {}]);
    const projects = tree
      .filter(({ kind, metadata }) => kind === 'Application' && ['root', 'argocd'].includes(metadata.name))
      .map(({ spec }) => (spec as Application['spec']).project);
    for (const name of [...projects, 'staging-root']) {
      const denied = ['update/*', 'delete/*', 'delete'].filter((action) =>
        isDenied('role:admin', action, `${name}/any`),
      );
      expect(denied).toEqual(['update/*', 'delete/*']);
    }
    expect(isDenied('role:admin', 'delete/*', 'applications/backend')).toBe(false);
  });

  test('has a developer try whatever the right to update an application lets through', () => {
    const tried = sources.filter(({ right }) => right === 'applications update');
    expect(tried.filter(({ expected }) => expected.developer === undefined)).toEqual([]);
    expect(new Set(tried.map(({ what }) => what)).size).toBe(tried.length);
  });

  test('changes the application in each attempt', () => {
    const calls = sources
      .filter(({ call }) => call.body !== undefined)
      .map(({ call }) => `${call.target} ${JSON.stringify(call.body)}`);
    expect(new Set(calls).size).toBe(sources.filter(({ call }) => call.method !== 'DELETE').length);
  });
});

describe('the table of access', () => {
  test('names every call once', () => {
    const names = table.map(({ what }) => what);
    expect(names).toHaveLength(new Set(names).size);
  });

  test('lets a developer do what the committed policy says, and nothing else', () => {
    const lines = policy.filter(([kind, role]) => kind === 'p' && role === 'role:developer');
    expect(lines.map(([, , , , object]) => object)).toEqual(lines.map(() => 'applications/*'));
    expect(rightsOf('developer')).toEqual(lines.map(([, , resource, action]) => `${resource} ${action}`).sort());
  });

  test('lets a reader only read', () => {
    expect(rightsOf('readonly').filter((right) => !right.endsWith(' get'))).toEqual([]);
  });

  test('lets an admin use every right in it but the one to override git, which nobody has', () => {
    const rights = [...new Set(table.flatMap(({ right }) => right ?? []))];
    const others = rights.filter((right) => !['exec create', 'applications override'].includes(right));
    expect(rightsOf('admin')).toEqual(others.sort());
    expect(policy).toContainEqual(['p', 'role:admin', 'applications', 'override', '*/*', 'deny']);
  });

  test('gives no right to somebody without a role or a token', () => {
    expect([rightsOf('nobody'), rightsOf('anonymous')]).toEqual([[], []]);
  });

  test('tries every resource that rights of Argo CD are about', () => {
    expect([...new Set(table.flatMap(({ right }) => right?.split(' ')[0] ?? []))].sort()).toEqual([
      ...['accounts', 'applications', 'applicationsets', 'certificates', 'clusters', 'exec', 'gpgkeys', 'logs'],
      ...['projects', 'repositories'],
    ]);
  });

  test('takes its groups from the committed policy', () => {
    const roles = policy.filter(([kind]) => kind === 'g').map(([, group, role]) => [role, group]);
    expect(roles).toEqual(
      (['admin', 'developer', 'readonly'] as const).map((person) => [`role:${person}`, groups[person][0]]),
    );
  });
});

describe('a line of the table', () => {
  const row: AccessRow = {
    ...{ what: 'delete it', right: 'applications delete', call: { method: 'DELETE', target: 'applications/backend' } },
    ...{ expected: { admin: 400 }, reason: /cannot set/ },
  };
  const refused: ApiAnswer = { status: 403, body: { message: 'permission denied' } };
  const answers = (changed: Partial<Record<Person, ApiAnswer>> = {}): Map<Person, ApiAnswer> => {
    const usual = { admin: { status: 400, body: { message: 'cannot set propagation policy' } } };
    const anonymous = { status: 401, body: {} };
    const all: Partial<Record<Person, ApiAnswer>> = { ...usual, anonymous, ...changed };
    return new Map(people.map((person) => [person, all[person] ?? refused]));
  };
  const holds = (line: AccessRow, got: ReadonlyMap<Person, ApiAnswer>): boolean => {
    const check = checkOf(line, got);
    return check.got === check.expected;
  };

  test('holds where each person gets the answer that is expected', () => {
    expect(checkOf(row, answers()).got).toBe('admin: 400, developer: 403, readonly: 403, nobody: 403, anonymous: 401');
    expect(holds(row, answers())).toBe(true);
  });

  test.each([
    ['a developer gets through', { developer: { status: 200, body: {} } }],
    ['a developer gets through and fails later', { developer: { status: 400, body: { message: 'cannot set' } } }],
    ['an admin is refused', { admin: refused }],
    ['it fails for another reason', { admin: { status: 400, body: { message: 'no such application' } } }],
    ['somebody without a token is told that it is forbidden', { anonymous: refused }],
  ])('fails where %s', (_, changed) => {
    expect(holds(row, answers(changed))).toBe(false);
  });

  test('compares what a list shows', () => {
    const list: AccessRow = { ...row, expected: { admin: { sees: 'backend data' } }, reason: undefined };
    const seen = (...names: string[]): ApiAnswer => {
      return { status: 200, body: { items: names.map((name) => ({ metadata: { name } })) } };
    };
    expect(holds(list, answers({ admin: seen('data', 'backend') }))).toBe(true);
    expect(holds(list, answers({ admin: seen('backend') }))).toBe(false);
    expect(holds(list, answers({ admin: { status: 200, body: { items: null } } }))).toBe(false);
  });
});
