import { Size } from 'cdk8s';
import { environments } from '../../../config/index.ts';
import { collect } from '../../../synth/collect.ts';
import { buildAppOfApps, buildPlatform } from '../../../apps/platform.ts';
import type { Platform } from '../../../constructs/core/platform.ts';
import type { ScrapeProps } from '../../../constructs/core/scrape.ts';
import { Workload } from '../../../constructs/core/workload.ts';
import { isPodPeer } from '../../../constructs/core/endpoint.ts';
import { refusal } from '../../support/harness.ts';
import { configurationIn, keeps, stackWith } from '../../support/observability.ts';
import type { PrometheusConfiguration, PrometheusJob } from '../../support/observability.ts';

type Target = ScrapeProps['endpoint']['targets'][number];

const of = (target: Target, name: string, more: Partial<ScrapeProps> = {}): ScrapeProps => ({
  endpoint: { name, path: '/numbers', targets: [target] },
  ...more,
});

const jobs = (...args: Parameters<typeof stackWith>): readonly PrometheusJob[] =>
  configurationIn(stackWith(...args).manifests).scrape_configs;
const named = (list: readonly PrometheusJob[], name: string): PrometheusJob => {
  const found = list.find(({ job_name: job }) => job === name);
  if (found === undefined) throw new Error(`no job ${name} of ${list.map((each) => each.job_name).join(', ')}`);
  return found;
};

describe('a scrape', () => {
  const [job] = jobs({}, (target) => [of(target, 'API of the shop')]).filter(
    ({ job_name: name }) => name === 'api-of-the-shop',
  );

  test('is a job by its name, with its path and the most that one pod may tell', () => {
    expect(job).toMatchObject({ metrics_path: '/numbers', sample_limit: 1500 });
    const other = named(
      jobs({}, (target) => [of(target, 'few', { mostSeries: 7 })]),
      'few',
    );
    expect(other.sample_limit).toBe(7);
  });

  test('finds the pods that the wire leads to, at its port', () => {
    expect(job!.relabel_configs!.slice(0, 1)).toEqual([
      {
        source_labels: ['__meta_kubernetes_namespace', '__meta_kubernetes_pod_label_app_kubernetes_io_name'],
        regex: 'servers;api',
        action: 'keep',
      },
    ]);
    expect(job!.relabel_configs).toContainEqual({
      source_labels: ['__meta_kubernetes_pod_ip'],
      regex: '(.+)',
      target_label: '__address__',
      replacement: '$1:3000',
    });
  });

  test("gives numbers the pod's labels, unless they are about others, which keep theirs", () => {
    const labels = (each: PrometheusJob): unknown[] =>
      each.relabel_configs!.flatMap(({ target_label: label }) => label ?? []);
    expect([labels(job!), job!.honor_labels]).toEqual([
      ['__address__', 'namespace', 'pod', 'node', 'instance'],
      undefined,
    ]);
    const about = named(
      jobs({}, (target) => [of(target, 'objects', { about: 'others' })]),
      'objects',
    );
    expect([labels(about), about.honor_labels]).toEqual([['__address__', 'instance'], true]);
  });

  test('opens the network from Prometheus, and no other', () => {
    const { platform } = stackWith({}, (target) => [of(target, 'API of the shop')]);
    const readers = platform.connections.filter(({ port }) => port === 3000).map(({ from }) => from.name);
    expect(readers).toEqual(['prometheus']);
  });

  test('is refused where another one has its name, and where it leads to no pods', () => {
    expect(refusal(() => stackWith({}, (target) => [of(target, 'the API'), of(target, 'The API')]))).toMatchObject([
      { where: 'scrape of the API', what: expect.stringContaining('two jobs the-api') as string },
      { where: 'scrape of The API' },
    ]);
    const outside = { peer: { name: 'x', cidrs: [{ cidr: '192.0.2.1/32' }] }, host: '192.0.2.1', port: 1 };
    expect(refusal(() => stackWith({}, () => [of(outside, 'outside')]))[0]?.allowed).toBe('one, which is pods');
    expect(refusal(() => stackWith({}, (target) => [of(target, 'kubelet')]))[0]?.what).toContain('two jobs kubelet');
    const paths = { publicPaths: ['https://shop.example.com/'] };
    expect(refusal(() => stackWith(paths, (target) => [of(target, 'Public paths')]))[0]?.what).toContain(
      'two jobs public-paths',
    );
  });

  test.each<[object, string]>([
    [{ mostSerie: 3000 }, 'it has no option mostSerie'],
    [{ about: 'other' }, 'about: other'],
  ])('is refused with %j, which would change nothing', (more, what) => {
    expect(refusal(() => stackWith({}, (target) => [of(target, 'few', more)]))).toMatchObject([
      { where: 'scrape of few', what },
    ]);
  });

  test.each([[0], [-1], [1.5], [NaN], [50_001]])('is refused with a limit of %d, which would be none', (mostSeries) => {
    const [finding] = refusal(() => stackWith({}, (target) => [of(target, 'few', { mostSeries })]));
    expect(finding).toMatchObject({ where: 'scrape of few', what: `mostSeries: ${mostSeries}` });
  });
});

describe('the budget of series', () => {
  const budget = (...args: Parameters<typeof stackWith>) => stackWith(...args).value.budget!;
  const own = budget();

  test('counts every target at its limit', () => {
    const more = budget({}, (target) => [of(target, 'API of the shop', { mostSeries: 700 })]);
    expect([more.targets - own.targets, more.most - own.most]).toEqual([1, 700]);
    // An API server, two kubelets twice, two kube-state-metrics, Prometheus, Alertmanager.
    expect(own.targets).toBe(9);
    expect(own.most).toBe(3000 + 2 * 500 + 2 * 5000 + 2 * 5000 + 4000 + 1500);
  });

  test('counts what is asked by address, too', () => {
    const asked = budget({ publicPaths: ['https://a.example.com/', 'https://b.example.com/'] });
    expect([asked.targets - own.targets, asked.most - own.most]).toEqual([2, 200]);
  });

  test('says what is expected, and what a day of it takes', () => {
    expect(own).toMatchObject({ holds: 131_072, usual: 2394, mebibytesADay: 14 });
    expect(budget({ scrapeSeconds: 15 }).mebibytesADay).toBe(27);
  });

  test('is refused where Prometheus could be filled, with what would', () => {
    const size = { memory: Size.mebibytes(128) };
    expect(refusal(() => stackWith({ size }))).toEqual([
      {
        where: 'ObservabilityStack',
        what:
          'all that is read may come to 29500 series: 10000 of 2 x cadvisor, 10000 of 2 x kube-state-metrics, ' +
          '4000 of 1 x prometheus, and others',
        allowed: '16384, which 128 MiB of memory hold at 8 KiB each',
        remedy: 'lower mostSeries of a scrape, or raise memoryMebibytes of prometheus in sizes',
      },
    ]);
  });
});

describe('Kubernetes', () => {
  const list = jobs();

  test('is asked at the addresses of its nodes, the API on servers', () => {
    const targets = (name: string) => named(list, name).static_configs!.flatMap((each) => each.targets);
    expect([targets('apiserver'), targets('kubelet'), targets('cadvisor')]).toEqual([
      ['10.0.0.1:6443'],
      ['10.0.0.1:10250', '10.0.0.2:10250'],
      ['10.0.0.1:10250', '10.0.0.2:10250'],
    ]);
  });

  test('tells each number once, although K3s tells all of them everywhere', () => {
    const where = (name: string, labels?: Readonly<Record<string, string>>) =>
      list
        .filter(({ static_configs: own }) => own !== undefined)
        .filter((job) => keeps(job, name, labels))
        .map((job) => job.job_name);
    expect(where('apiserver_request_total')).toEqual(['apiserver']);
    expect(where('apiserver_request_duration_seconds_bucket')).toEqual([]);
    expect(where('workqueue_depth')).toEqual([]);
    expect(where('kubelet_running_pods')).toEqual(['kubelet']);
    expect(where('container_memory_working_set_bytes', { id: '/kubepods/a', container: 'web' })).toEqual(['cadvisor']);
  });

  test('tells of containers and of the node, not of the sums between', () => {
    const cadvisor = named(list, 'cadvisor');
    const memory = 'container_memory_working_set_bytes';
    expect(keeps(cadvisor, memory, { id: '/', container: '' })).toBe(true);
    expect(keeps(cadvisor, memory, { id: '/system.slice/k3s.service', container: '' })).toBe(false);
    expect(keeps(cadvisor, memory, { id: '/kubepods/pod1', container: '' })).toBe(false);
    // The network is the pod's, whichever container is asked.
    expect(keeps(cadvisor, 'container_network_receive_bytes_total', { id: '/kubepods/pod1', container: '' })).toBe(
      true,
    );
  });
});

test('what programs in Go tell of their insides is dropped, but for how much they do at a time', () => {
  const job = named(jobs(), 'prometheus');
  const kept = [
    'go_goroutines',
    'go_gc_duration_seconds',
    'go_memstats_alloc_bytes',
    'go_info',
    'up',
    'process_open_fds',
  ];
  expect(kept.filter((name) => keeps(job, name))).toEqual(['go_goroutines', 'up', 'process_open_fds']);
});

describe.each(Object.keys(environments))('in %s', (name) => {
  const platform = buildPlatform(name);
  const configuration = configurationOf(platform);

  test('every scrape is a job, and Prometheus watches pods once for all', () => {
    const own = configuration.scrape_configs.filter((job) => job.kubernetes_sd_configs);
    expect(own).toHaveLength(platform.scrapes.length);
    expect(new Set(own.map((job) => JSON.stringify(job.kubernetes_sd_configs))).size).toBe(1);
  });

  test('every scrape asks a port that its pods listen on', () => {
    const missing = platform.scrapes.flatMap(({ endpoint }) =>
      endpoint.targets
        .filter(({ peer }) => isPodPeer(peer))
        .filter(({ peer, port }) => {
          const owner = platform.owners.find((each) => each === peer);
          const ports =
            owner instanceof Workload
              ? owner.props.containers.flatMap((container) => container.ports ?? [])
              : ((owner as { ports?: readonly { port: number }[] } | undefined)?.ports ?? []);
          return !ports.some((each) => each.port === port);
        })
        .map(() => endpoint.name),
    );
    expect(missing).toEqual([]);
  });

  test('every job has a limit of its own', () => {
    expect(configuration.scrape_configs.filter((job) => !(job.sample_limit > 0)).map((job) => job.job_name)).toEqual(
      [],
    );
  });
});

function configurationOf(platform: Platform): PrometheusConfiguration {
  const { dist } = collect(platform, buildAppOfApps(platform), []);
  return configurationIn(dist.map(({ manifest }) => manifest).filter(({ kind }) => kind === 'ConfigMap'));
}
