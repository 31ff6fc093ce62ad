import { Size } from 'cdk8s';
import { Objective } from '../../../constructs/core/objective.ts';
import type { ObjectiveProps } from '../../../constructs/core/objective.ts';
import { statusFile, StatusPage, statusPageDefaults } from '../../../constructs/observability-stack/index.ts';
import type { StatusPageProps } from '../../../constructs/observability-stack/index.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { built, nextVersion, yamlOf } from '../../support/constructs.ts';
import type { Built, ChangeOfEveryOption } from '../../support/constructs.ts';
import { at, image, only, refusal, testEnvironment } from '../../support/harness.ts';
import { addresses, configurationIn, stackWith } from '../../support/observability.ts';

const store = { ...testEnvironment().objectStore('backups'), name: 'page', bucket: 'page', public: true };
const numbers = { ...addresses('numbers', 9090, '192.0.2.9/32'), url: 'http://192.0.2.9:9090' };
const minimal: StatusPageProps = { image, store, numbers, platform: 'example.com' };

const objective: ObjectiveProps = {
  service: 'shop.example.com',
  name: 'availability',
  percent: 99,
  description: 'Of the requests, those that are answered.',
  bad: 'bad{{.window}}',
  all: 'all{{.window}}',
  alert: 'ShopBurns',
  runbook: 'objective-requests',
  forUsers: 'shop.example.com',
};

function pageWith(
  changes: Partial<StatusPageProps> = {},
  objectives: readonly Partial<ObjectiveProps>[] = [{}],
  id = 'page',
): Built<StatusPage> {
  return built((scope) => {
    objectives.forEach((each, index) => new Objective(scope, `objective-${index}`, { ...objective, ...each }));
    return new StatusPage(scope, id, { ...minimal, ...changes });
  });
}
const text = (...args: Parameters<typeof pageWith>): string => yamlOf(pageWith(...args).manifests);
const linesOf = (...args: Parameters<typeof pageWith>) =>
  at(only(pageWith(...args).manifests, 'ConfigMap', 'status-page-lines'), 'data') as Readonly<Record<string, string>>;
const pod = () => podTemplateOf(only(pageWith().manifests, 'Deployment', 'status-page'))!.spec!;

const changes: ChangeOfEveryOption<StatusPageProps> = {
  image: () => nextVersion(image),
  store: () => ({ ...store, bucket: 'other' }),
  numbers: () => ({ ...numbers, url: 'http://192.0.2.9:9091' }),
  platform: () => 'other.example.com',
  publicPaths: () => ['https://shop.example.com/'],
  size: () => ({ memory: Size.mebibytes(128) }),
};

describe('options', () => {
  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
    expect(text({ [key]: changes[key](undefined as never) })).not.toBe(text());
  });

  test('those that are left out are the documented ones', () => {
    const written = text({ publicPaths: [], size: statusPageDefaults.size });
    expect(written.replaceAll(/diptych\/resources-of.*/g, '')).toBe(text().replaceAll(/diptych\/resources-of.*/g, ''));
  });

  test('another id in the code changes no byte', () => {
    expect(text({}, [{}], 'moved')).toBe(text());
  });
});

describe('the lines', () => {
  test('are what is for users, one for each name, with all that has to be well for it', () => {
    const objectives = [
      { name: 'latency' },
      { name: 'availability' },
      { service: 'samba', name: 'sign-in', forUsers: 'Signing in' },
      { service: 'postgres', name: 'backup-age', forUsers: undefined },
    ];
    const publicPaths = ['https://shop.example.com/', 'https://elsewhere.example.com/'];
    expect(linesOf({ publicPaths }, objectives)).toEqual({
      'lines.txt':
        'Signing in\tsloth_id="samba-sign-in"\n' +
        'shop.example.com\tsloth_id="shop.example.com-availability" sloth_id="shop.example.com-latency" ' +
        'instance="https://shop.example.com/"\n',
    });
  });

  test.each(['shop.example.com', 'http://shop.example.com/', 'https://shop.example.com/?a'])(
    'are refused of the path %s, which nobody asks for',
    (path) => {
      expect(refusal(() => pageWith({ publicPaths: [path] }))).toEqual([
        {
          where: 'StatusPage',
          what: `the public path ${path}`,
          allowed: 'https://HOST/PATH, each once',
          remedy: 'change it',
        },
      ]);
    },
  );

  test('are refused where there are none', () => {
    expect(refusal(() => pageWith({}, []))[0]?.what).toContain('no objective is for users');
  });

  test.each([['say "hi"'], ['a\ttab'], ['a\\b'], [''], ['<b>'], ['x'.repeat(201)]])(
    'have no name like %j',
    (forUsers) => {
      expect(refusal(() => pageWith({}, [{ forUsers }]))[0]?.what).toBe(`forUsers: ${JSON.stringify(forUsers)}`);
    },
  );

  test('are of what wakes somebody alone: else a line would say that it works, whatever happens', () => {
    expect(refusal(() => pageWith({}, [{ pages: false }]))[0]?.what).toContain('nobody is woken');
  });
});

describe('what feeds it', () => {
  test('has no privilege and no key in what git holds', () => {
    expect(restrictedViolations(pod())).toEqual([]);
    const variables = pod().containers[0]!.env!;
    expect(variables.filter(({ name }) => name.endsWith('_FILE')).map(({ value }) => value)).toEqual(
      expect.arrayContaining(['/run/secrets/status-page/access-key-id', '/run/secrets/status-page/secret-access-key']),
    );
  });

  test('goes to Prometheus and to the bucket, and nobody comes to it', () => {
    const { platform } = pageWith();
    const [own] = platform.owners.filter(({ name }) => name === 'status-page');
    expect(own!.wires.flatMap(({ endpoint }) => endpoint.targets.map(({ host }) => host))).toEqual([
      '192.0.2.9',
      store.host,
    ]);
    expect(platform.connections.filter(({ to }) => to === own)).toEqual([]);
  });

  test('asks for what wakes people, and for what is measured', () => {
    const { value } = pod().containers[0]!.env!.find(({ name }) => name === 'NUMBERS')!;
    const { pathname, searchParams } = new URL(value!);
    expect(pathname).toBe('/federate');
    expect(searchParams.getAll('match[]')).toEqual([
      'ALERTS{alertstate="firing",sloth_severity="page"}',
      'ALERTS{alertstate="firing",alertname="PublicPathDown"}',
      'slo:sli_error:ratio_rate5m',
      'probe_success{job="public-paths"}',
    ]);
  });

  test('is not started anew where the bucket does not take it', () => {
    const { livenessProbe, readinessProbe } = pod().containers[0]!;
    for (const probe of [livenessProbe, readinessProbe]) {
      expect(probe?.exec?.command).toEqual(['sh', '-c', 'test -n "$(find /tmp/looked -mmin -5)"']);
    }
  });
});

const refusals: readonly [string, Partial<StatusPageProps>, string][] = [
  [
    'a bucket that nobody may read',
    { store: { ...store, public: undefined } },
    'nobody may read what is in the bucket',
  ],
  ['a platform without a name', { platform: 'The "shop"' }, 'platform: The "shop"'],
  ['an option that there is not', { interval: 5 } as object, 'it has no option interval'],
  ['no image', { image: undefined }, 'image is left out'],
];
test.each(refusals)('%s is refused', (_, wrong, what) => {
  expect(refusal(() => pageWith(wrong))[0]?.what).toContain(what);
});

describe('whoever watches', () => {
  const statusPage = statusFile(store);
  const { manifests, platform } = stackWith({ statusPage });
  const job = configurationIn(manifests).scrape_configs.find(({ job_name: name }) => name === 'status-page');

  test('looks at what people read, as they do', () => {
    expect(job!.static_configs).toEqual([{ targets: ['https://s3.example/page/status.json'] }]);
    const [exporter] = platform.owners.filter(({ name }) => name === 'blackbox-exporter');
    expect(exporter!.wires.flatMap(({ endpoint }) => endpoint.targets.map(({ host }) => host))).toContain(store.host);
  });

  test('tells when it is old; without a page nobody asks, and nobody is told', () => {
    const names = (of: typeof platform) => of.alerts.map(({ props }) => props.name);
    expect(names(platform)).toEqual(expect.arrayContaining(['StatusPageOld', 'StatusPageNotWatched']));
    expect(names(platform).filter((name) => name.startsWith('PublicPath'))).toEqual([]);
    const without = stackWith();
    expect(names(without.platform).filter((name) => name.startsWith('StatusPage'))).toEqual([]);
    expect(configurationIn(without.manifests).scrape_configs.map((each) => each.job_name)).not.toContain('status-page');
  });
});
