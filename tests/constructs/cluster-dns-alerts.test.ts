import { dnsAlerts } from '../../constructs/cluster-dns/monitoring.ts';
import { promtool, Rules } from '../support/promtool.ts';

const alerts = dnsAlerts({ name: 'coredns', namespace: 'kube-system', zones: ['ad.example.com'] });
const set = (what: string): string => `kube_daemonset_status_${what}{namespace="kube-system",daemonset="coredns"}`;
const [desired, ready] = [set('desired_number_scheduled'), set('number_ready')];
const answers = (zone: string, rcode: string): string =>
  `coredns_dns_responses_total{namespace="kube-system",pod="coredns-x2x4b",zone="${zone}",rcode="${rcode}"}`;
const info = (pod: string): string => `coredns_build_info{namespace="kube-system",pod="${pod}"}`;

type Case = readonly [what: string, series: Readonly<Record<string, string>>, fires: boolean];

/** By alert: a sample each minute, and the minute at which it is looked at. */
const cases: Readonly<Record<string, readonly [minute: number, ...Case[]]>> = {
  ClusterDnsDown: [
    10,
    ['fires where none is ready', { [ready]: '0x20' }, true],
    ['fires where nobody says anything of it', {}, true],
    ['keeps quiet where one of two is', { [ready]: '1x20', [desired]: '2x20' }, false],
  ],
  ClusterDnsMissing: [
    20,
    ['fires where a node has none', { [ready]: '1x30', [desired]: '2x30' }, true],
    ['keeps quiet where every node has one', { [ready]: '2x30', [desired]: '2x30' }, false],
    ['keeps quiet while they are made anew', { [ready]: '2x12 1x6 2x12', [desired]: '2x30' }, false],
  ],
  ClusterDnsErrors: [
    15,
    [
      'fires where one of ten fails',
      { [answers('.', 'NOERROR')]: '0+90x30', [answers('.', 'SERVFAIL')]: '0+10x30' },
      true,
    ],
    [
      'keeps quiet where one of a hundred does',
      { [answers('.', 'NOERROR')]: '0+99x30', [answers('.', 'SERVFAIL')]: '0+1x30' },
      false,
    ],
    [
      'keeps quiet where a directory is away, which is told by its own alert',
      { [answers('ad.example.com.', 'SERVFAIL')]: '0+90x30' },
      false,
    ],
    ['keeps quiet where hardly anybody asks', { [answers('.', 'SERVFAIL')]: '0+1x30' }, false],
    ['keeps quiet where names are unknown', { [answers('.', 'NXDOMAIN')]: '0+90x30' }, false],
  ],
  ClusterDnsNotWatched: [
    30,
    ['fires where the numbers of one are missing', { [ready]: '2x40', [info('coredns-x2x4b')]: '1x40' }, true],
    [
      'keeps quiet where those of both are there',
      { [ready]: '2x40', [info('coredns-x2x4b')]: '1x40', [info('coredns-y3y5c')]: '1x40' },
      false,
    ],
  ],
};

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const rules = new Rules(alerts);
  afterAll(() => {
    rules.remove();
  });

  test.each(
    Object.entries(cases).flatMap(([name, [minute, ...all]]) => all.map((each) => [name, minute, ...each] as const)),
  )('%s at minute %i %s', (name, minute, _, series, fires) => {
    const labels: Readonly<Record<string, string>> = name === 'ClusterDnsErrors' ? { zone: '.' } : {};
    expect(rules.complaints({ step: 1, series, name, fires: new Map([[minute, fires]]), labels })).toBe('');
  });
});

test('every alert has a case that fires and one that keeps quiet', () => {
  expect(Object.keys(cases).sort()).toEqual(alerts.map(({ name }) => name).sort());
});
