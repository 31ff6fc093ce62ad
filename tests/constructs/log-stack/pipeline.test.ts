import { load } from 'js-yaml';
import { alloyConfiguration } from '../../../constructs/log-stack/alloy-configuration.ts';
import { appOfPod, labels, ownerOfFile, podLogFiles, stages } from '../../../constructs/log-stack/pipeline.ts';
import { promtailConfiguration } from '../../../prove/images/recipes/logs.ts';

/** RE2's names of groups are those of JavaScript without a letter; all else here means the same in both. */
const groups = (expression: string, text: string): Readonly<Record<string, string>> => ({
  ...new RegExp(expression.replaceAll('(?P<', '(?<')).exec(text)?.groups,
});

const uid = '0d1e2f3a-4b5c-4d6e-8f90-a1b2c3d4e5f6';

test('whose line it is stands in the path of its file', () => {
  expect(groups(ownerOfFile, `/var/log/pods/shop_backend-7d9f8b6c5d-x2z4b_${uid}/backend/3.log`)).toEqual({
    namespace: 'shop',
    pod: 'backend-7d9f8b6c5d-x2z4b',
    container: 'backend',
  });
});

test('what is rotated away is not read again under another name', () => {
  const glob = new RegExp(`^${podLogFiles.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  const folder = `/var/log/pods/shop_a_${uid}/a`;
  const files = ['0.log', '0.log.20261130-101112', '0.log.20261130-101112.gz'].map((name) => `${folder}/${name}`);
  expect(files.map((file) => glob.test(file))).toEqual([true, false, false]);
});

test.each([
  ['a Deployment', 'edge-waf-7d9f8b6c5d-x2z4b', 'edge-waf'],
  ['a Deployment whose hash is short', 'backend-5f7c9d-x2z4b', 'backend'],
  ['a StatefulSet', 'postgres-1', 'postgres'],
  ['a DaemonSet', 'node-exporter-x2z4b', 'node-exporter'],
  ['a Job of a CronJob', 'redis-backup-29394405-x2z4b', 'redis-backup'],
  ['a Job', 'backend-migration-x2z4b', 'backend-migration'],
  ['nobody', 'debug', 'debug'],
  ['a StatefulSet whose name has numbers', 'postgres-2-copy-0', 'postgres-2-copy'],
])('a pod of %s is of the app that its name says', (_, pod, app) => {
  expect(groups(appOfPod, pod)).toEqual({ app });
});

test('a name that only looks made up is one', () => {
  // Kubernetes makes up no vowels.
  expect(groups(appOfPod, 'alert-alert')).toEqual({ app: 'alert-alert' });
});

describe('the stages', () => {
  test('drop no line', () => {
    const names = stages.flatMap((stage) => Object.keys(stage));
    expect(names.filter((name) => ['drop', 'match', 'limit', 'sampling'].includes(name))).toEqual([]);
  });

  test('give these labels, none of which has values without end', () => {
    const given = stages.flatMap((stage) => Object.keys(stage.labels?.values ?? {}));
    expect(given).toEqual(labels);
    expect(given).toEqual(['namespace', 'pod', 'container', 'app']);
    expect(stages.at(-1)).toEqual({ label_drop: { values: ['filename', 'stream'] } });
  });

  test('join a trace to the line before it', () => {
    const first = '^\\S';
    expect(stages.flatMap((stage) => stage.multiline?.firstline ?? [])).toEqual([first]);
    const lines = ['Error: no such file', '    at open (node:fs:1)', '\tat b', '{"level":"info"}', ''];
    expect(lines.map((line) => new RegExp(first).test(line))).toEqual([true, false, false, true, false]);
  });

  test("know the level of the samples' lines", () => {
    expect(stages).toContainEqual({ json: { expressions: { level: 'level' } } });
    expect(stages).toContainEqual({ structured_metadata: { values: { level: '' } } });
  });
});

describe('in the language of Alloy', () => {
  const text = alloyConfiguration({ url: 'http://loki.example:3100' });

  test('lines are sent again for as long as nobody takes them', () => {
    expect(text).toMatch(/max_backoff_retries = 0\n/);
    expect(text).toContain('url                 = "http://loki.example:3100/loki/api/v1/push"');
  });

  test('every stage stands once, in its order', () => {
    const names = [...text.matchAll(/^ {2}stage\.(\w+) \{/gm)].map(([, name]) => name);
    expect(names).toEqual(stages.flatMap((stage) => Object.keys(stage)));
  });

  test('texts are written as it reads them', () => {
    expect(text).toContain('    firstline = "^\\\\S"\n');
    expect(text).toContain('    values = ["filename", "stream"]\n');
    expect(text).toContain('  stage.cri {}\n');
    expect(text).toContain('external_labels = { "node" = sys.env("NODE_NAME") }');
  });

  test('nothing is asked of the API', () => {
    expect(text).not.toMatch(/discovery\.|kubernetes/);
  });
});

test('Promtail, which stands in for it, has the same stages by its own names', () => {
  const { clients, scrape_configs: jobs } = load(promtailConfiguration()) as {
    readonly clients: readonly { readonly backoff_config: object }[];
    readonly scrape_configs: readonly { readonly pipeline_stages: readonly object[] }[];
  };
  expect(clients[0]!.backoff_config).toEqual({ min_period: '500ms', max_period: '30s', max_retries: 0 });
  expect(jobs[0]!.pipeline_stages).toEqual([
    { regex: { source: 'filename', expression: ownerOfFile } },
    { regex: { source: 'pod', expression: appOfPod } },
    { cri: {} },
    { multiline: { firstline: '^\\S', max_wait_time: '1s' } },
    { json: { expressions: { level: 'level' } } },
    { structured_metadata: { level: '' } },
    { labels: { namespace: '', pod: '', container: '', app: '' } },
    { labeldrop: ['filename', 'stream'] },
  ]);
});
