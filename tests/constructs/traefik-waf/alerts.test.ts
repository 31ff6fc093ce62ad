import type { Scenario, Values } from '../../support/patroni-alert-scenarios.ts';
import { promtool, Rules } from '../../support/promtool.ts';
import { edgePlatform } from '../../support/edge.ts';

const alerts = edgePlatform((edge, { shop }) => edge.route('shop.example.com', { to: shop })).alerts.map(
  ({ props }) => props,
);

const ready = (name: 'edge' | 'edge-waf', count: number) => ({
  [`kube_deployment_status_replicas_${name === 'edge' ? 'ready' : 'available'}{namespace="edge",deployment="${name}"}`]:
    count,
});
const read = (pod: string) => ({ [`traefik_config_last_reload_success{namespace="edge",pod="${pod}"}`]: 1 });
const connections = (pod: string, count: number, entryPoint = 'websecure') => ({
  [`traefik_open_connections{namespace="edge",pod="${pod}",entrypoint="${entryPoint}"}`]: count,
});
/** That come within half a minute. */
const requests = (code: number, count: number) => ({
  [`traefik_entrypoint_requests_total{namespace="edge",entrypoint="websecure",code="${code}"}`]: `0+${count}x1000`,
});
const took = (code: number, upTo: Readonly<Record<string, number>>) =>
  Object.fromEntries(
    Object.entries(upTo).map(([le, count]) => [
      `traefik_entrypoint_request_duration_seconds_bucket{namespace="edge",entrypoint="websecure",code="${code}",le="${le}"}`,
      `0+${count}x1000`,
    ]),
  );
const certificate = (what: string, more = '') =>
  `certmanager_certificate_${what}{namespace="edge",name="shop.example.com"${more}}`;
/** It was due when the test begins. */
const lifeLeft = (seconds: number) => ({
  [certificate('renewal_timestamp_seconds')]: 0,
  [certificate('expiration_timestamp_seconds')]: seconds,
});
const refused = (outcome: string, perStep: number) => ({
  [`waf_requests_total{namespace="edge",pod="a",route="shop",outcome="${outcome}"}`]: `0+${perStep}x1000`,
});
const matched = (...rules: readonly number[]) =>
  Object.fromEntries(
    rules.flatMap((rule) =>
      ['a', 'b'].map((pod) => [
        `waf_rule_matches_total{namespace="edge",pod="${pod}",route="shop",rule="${rule}",outcome="blocked"}`,
        '0+1x1000',
      ]),
    ),
  );
const cpu = (seconds: number) => ({
  'container_cpu_usage_seconds_total{namespace="edge",pod="edge-waf-6d9f-a",container="nginx"}': `0+${seconds * 30}x1000`,
});
const name = { name: 'shop.example.com' };

const scenarios: Readonly<Record<string, Scenario>> = {
  EdgeGone: { minutes: 3, fires: ready('edge', 0), quiet: ready('edge', 1) },
  // The Deployment is gone, and with it its number.
  EdgePodDown: { minutes: 12, fires: ready('edge-waf', 2), quiet: ready('edge', 2) },
  EdgeNotWatched: {
    minutes: 17,
    fires: { ...read('edge-6d9f-a'), ...read('edge-waf-6d9f-b') },
    quiet: { ...read('edge-6d9f-a'), ...read('edge-6d9f-b') },
  },
  EdgeErrors: {
    minutes: 12,
    fires: { ...requests(200, 90), ...requests(502, 10) },
    quiet: { ...requests(200, 97), ...requests(502, 3) },
  },
  // A WebSocket takes as long as somebody looks at the page.
  EdgeSlow: {
    minutes: 17,
    fires: { ...requests(200, 100), ...took(200, { 1: 90, 2.5: 90, 5: 100, '+Inf': 100 }) },
    quiet: { ...requests(200, 100), ...took(101, { 1: 90, 2.5: 90, 5: 100, '+Inf': 100 }) },
  },
  // Of so few, a share says nothing.
  EdgeRefusesMany: {
    minutes: 17,
    fires: { ...requests(200, 70), ...requests(429, 30) },
    quiet: { ...requests(200, 1), ...requests(429, 4) },
  },
  EdgeManyConnections: {
    minutes: 7,
    fires: { ...connections('edge-a', 3000), ...connections('edge-b', 3000) },
    quiet: { ...connections('edge-a', 2000), ...connections('edge-b', 2000), ...connections('edge-b', 9000, 'web') },
  },
  EdgeCertificateNotRenewed: { minutes: 190, labels: name, fires: lifeLeft(36_000), quiet: lifeLeft(360_000) },
  EdgeCertificateExpires: { minutes: 50, labels: name, fires: lifeLeft(3600), quiet: lifeLeft(36_000) },
  EdgeCertificateMissing: {
    minutes: 32,
    labels: name,
    fires: { [certificate('ready_status', ',condition="True"')]: 0 },
    quiet: {
      [certificate('ready_status', ',condition="True"')]: 1,
      [certificate('ready_status', ',condition="False"')]: 0,
    },
  },
  EdgeCertificatesNotWatched: {
    minutes: 32,
    labels: { namespace: 'edge' },
    fires: { [certificate('renewal_timestamp_seconds')]: 0 },
    quiet: lifeLeft(36_000),
  },
  WafDown: { minutes: 3, fires: ready('edge-waf', 0), quiet: ready('edge-waf', 1) },
  WafDegraded: { minutes: 17, fires: ready('edge-waf', 1), quiet: ready('edge-waf', 2) },
  WafBlocksMany: {
    minutes: 25,
    labels: { route: 'shop' },
    fires: refused('blocked', 5),
    quiet: refused('detected', 5),
  },
  // Whoever scans trips over many rules.
  WafRuleSuspected: {
    minutes: 60,
    labels: { route: 'shop', rule: '942100' },
    fires: {
      ...matched(942100),
      ...Object.fromEntries(Object.keys(matched(942200, 942300)).map((key) => [key, '0 1 1x1000'])),
    },
    quiet: matched(942100, 932236, 941100, 930120),
  },
  WafSaturated: { minutes: 17, labels: { pod: 'edge-waf-6d9f-a' }, fires: cpu(1.8), quiet: cpu(1.5) },
};

test('every alert has a series that fires it and one that keeps it quiet', () => {
  expect(Object.keys(scenarios).sort()).toEqual(alerts.map(({ name }) => name).sort());
});

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const rules = new Rules(alerts);
  afterAll(() => {
    rules.remove();
  });

  const step = 0.5;
  const values = (value: Values): string => (typeof value === 'number' ? `${value}+0x1000` : value);

  test('every expression is PromQL', () => {
    expect(rules.check()).toContain(`SUCCESS: ${alerts.length} rules found`);
  });

  test.each([
    ['fires', true],
    ['keeps quiet', false],
  ])('each of them %s', (_, firing) => {
    const tests = Object.entries(scenarios).map(([each, { minutes, labels = {}, fires, quiet }]) => ({
      step,
      name: each,
      labels,
      series: Object.fromEntries(Object.entries(firing ? fires : quiet).map(([key, value]) => [key, values(value)])),
      fires: new Map([[minutes, firing]]),
    }));
    expect(rules.complaints(...tests)).toBe('');
  });
});
