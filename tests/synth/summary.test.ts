import { applicationsOf } from '../../apps/index.ts';
import { loadEnvironment } from '../../config/index.ts';
import type { Environment } from '../../constructs/core/environment.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { summary } from '../../synth/summary.ts';
import type { SynthResult } from '../../synth/synthesise.ts';
import { edgePlatform } from '../support/edge.ts';
import { testEnvironment } from '../support/harness.ts';

/** A way in to two applications: what an operator changes in production breaks none of these tests. */
const platformOf = (changes: Partial<Environment> = {}) =>
  edgePlatform(
    (edge, { shop, api }) => {
      edge.route('shop.example.com', { to: shop });
      edge.route('api.example.com', { to: api });
    },
    {
      exclusions: [
        {
          route: 'shop.example.com',
          rule: 942200,
          target: 'ARGS:amount',
          reason: 'a comma looks like a list',
          until: '2027-06-30',
        },
      ],
    },
    undefined,
    { ...testEnvironment(), name: 'production', ...changes },
  );
const nothing = { added: [], changed: [], removed: [], unchanged: 66, foreign: [], editedByHand: [] };
const result = (
  written: Partial<SynthResult['written']>,
  unsealed: string[] = [],
  platform = platformOf(),
  taken: string[] = [],
) => ({
  platform,
  beside: [],
  collection: { dist: [], argocd: [], unsealed },
  taken,
  archives: [] as string[],
  written: { ...nothing, ...written },
});
const lines = (...given: Parameters<typeof result>) => summary(result(...given), false).split('\n');

test('names the files that were written, removed and left alone', () => {
  const text = lines({ added: ['dist/a.yaml'], changed: ['dist/b.yaml'], removed: ['dist/c.yaml'] });
  expect(text).toEqual(
    expect.arrayContaining([
      '  written     1 added, 1 changed, 1 removed, 66 unchanged',
      '              + dist/a.yaml',
      '              ~ dist/b.yaml',
      '              - dist/c.yaml',
    ]),
  );
});

test('names the exclusions of the firewall whose day has come, and none before', () => {
  const said = (today: string) => summary(result({}), false, { today: new Date(today) });
  expect(said('2026-12-01')).not.toContain('exclusions ');
  expect(said('2028-01-01')).toMatch(
    /^ {2}exclusions +the day of 1 has come, .*942200 on shop\.example\.com \(2027-06-30\)/m,
  );
});

test('cuts a list that nobody would read', () => {
  const added = Array.from({ length: 30 }, (_, index) => `dist/${index}.yaml`);
  expect(lines({ added })).toContain('              + and 18 more');
});

test('tells what the pods expected on each node request', () => {
  const load =
    /(server node1|agent node2): \S+ CPU and \S+ GiB, at full size \S+ CPU and \S+ GiB, of \S+ CPU and \S+ GiB$/;
  expect(lines({}).filter((line) => load.test(line))).toHaveLength(2);
});

test('tells what the others carry when a node is lost, and whose loss takes the API with it', () => {
  expect(lines({}).filter((line) => line.includes('no Kubernetes API'))).toEqual([
    '  without     node1: no Kubernetes API; what ran there is gone until it is back',
  ]);
  expect(lines({})).toContainEqual(
    expect.stringMatching(/^ {14}node2: [\d.]+ CPU and [\d.]+ GiB at the least, of [\d.]+ CPU and [\d.]+ GiB$/),
  );
});

test('tells what stays behind where backups go elsewhere', () => {
  const text = summary({ ...result({}), archives: ['s3://old keeps what it has'] }, false);
  expect(text).toContain('  archive     s3://old keeps what it has; copy what is to stay recoverable there first');
});

test('names the secrets that are still to seal', () => {
  expect(lines({}, ['shop/login.password'])).toContain(
    '  secrets     1 still to seal: shop/login.password (npm run seal -- --cert FILE)',
  );
});

test('names the environment where npm run seal would take another one', () => {
  expect(lines({}, ['shop/login.password'], platformOf({ name: 'three-node' }))).toContain(
    '  secrets     1 still to seal: shop/login.password (npm run seal -- --cert FILE --environment three-node)',
  );
});

test('names the images that no application asks for', () => {
  expect(lines({})).toContain('              no application asks for web');
});

test('warns of files that are not ours, and of those that were edited by hand', () => {
  const foreign = ['dist/production/shop/README.md', 'dist/production/shop/x.yaml'];
  const text = lines({ foreign, editedByHand: ['dist/y.yaml'] }).join('\n');
  expect(text).toMatch(/not ours {4}dist\/\S*\/README\.md: no construct wrote it, and Argo CD would not apply it; /);
  expect(text).toMatch(/not ours {4}dist\/\S*\/x\.yaml: no construct wrote it, and Argo CD would apply it; /);
  expect(text).toMatch(/edited {6}dist\/y\.yaml/);
});

describe('an application and one that it needs, changed together', () => {
  const changed = ['dist/production/backend/a.yaml', 'dist/production/data/b.yaml'];
  const warning =
    '  order       backend and data, which it needs, change together, and follow the branch at once: where they run already, commit data first';

  /** Of production, before its first release or after it. */
  const released = (releaseTag: string | undefined) => {
    const environment = { ...loadEnvironment('production'), releaseTag };
    return new Platform(environment, applicationsOf(environment));
  };

  test('have no order while applications follow the branch', () => {
    expect(lines({ changed }, [], released(undefined))).toContain(warning);
  });

  test('are not told of where a procedure says what to commit', () => {
    expect(summary(result({ changed }, [], released(undefined)), false, { orders: false })).not.toContain('order ');
  });

  test('have one when applications are pinned to releases', () => {
    expect(lines({ changed }, [], released('production-1'))).not.toContain(warning);
  });

  test('have one on first install', () => {
    expect(lines({ added: changed }, [], released(undefined))).not.toContain(warning);
  });
});

test('tells what pods lose that still run, and how they would not', () => {
  const text = lines({}, [], platformOf(), ['NetworkPolicy shop/web loses the way to data/redis 6379']);
  expect(text).toEqual(
    expect.arrayContaining([
      '  takes away  NetworkPolicy shop/web loses the way to data/redis 6379: pods that run still use it until they are replaced',
      '              where they need it, release first what no longer uses it, and this afterwards',
    ]),
  );
  expect(lines({}).join()).not.toContain('takes away');
});
