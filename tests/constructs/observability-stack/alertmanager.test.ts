import { load } from 'js-yaml';
import type { ObservabilityStackProps } from '../../../constructs/observability-stack/index.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { at, only } from '../../support/harness.ts';
import { configurationIn, stackWith, told } from '../../support/observability.ts';

interface Configuration {
  readonly route: { readonly receiver: string; readonly routes: readonly Readonly<Record<string, unknown>>[] };
  readonly inhibit_rules: readonly { readonly source_matchers: string[]; readonly target_matchers: string[] }[];
  readonly receivers: readonly Readonly<Record<string, unknown>>[];
}

function configuration(changes: Partial<ObservabilityStackProps> = {}): Configuration {
  const files = at(only(stackWith(changes).manifests, 'ConfigMap', 'alertmanager-settings'), 'data');
  return load((files as Readonly<Record<string, string>>)['alertmanager.yaml']!) as Configuration;
}

const receiver = (name: string, changes: Partial<ObservabilityStackProps> = {}) =>
  configuration(changes).receivers.find((each) => each.name === name);

test('every receiver gets what its severities are, and the sign of life goes to nobody else', () => {
  const { route } = configuration({ receivers: [told.receiver, told.chat] });
  expect(route.receiver).toBe('nobody');
  expect(route.routes.map(({ receiver: name, matchers, continue: goesOn }) => [name, matchers, goesOn])).toEqual([
    ['heartbeat', ['alertname="Watchdog"'], undefined],
    ['on-call', ['severity=~"page|ticket"'], true],
    ['chat', ['severity=~"note"'], true],
  ]);
});

test('the sign of life is given every minute, and never taken back', () => {
  expect(configuration().route.routes[0]).toMatchObject({ group_interval: '1m', repeat_interval: '1m' });
  expect(receiver('heartbeat')).toEqual({
    name: 'heartbeat',
    webhook_configs: [{ url_file: '/run/secrets/heartbeat/password', send_resolved: false }],
  });
});

test('what opens a receiver is in a file alone', () => {
  const receivers = [told.receiver, told.chat, told.mail];
  expect(receiver('on-call', { receivers })).toEqual({
    name: 'on-call',
    webhook_configs: [{ url_file: '/run/secrets/on-call/password', send_resolved: true }],
  });
  expect(receiver('chat', { receivers })).toMatchObject({
    slack_configs: [{ api_url_file: '/run/secrets/chat/password', send_resolved: true }],
  });
  expect(receiver('mail', { receivers })).toMatchObject({
    email_configs: [
      {
        smarthost: '192.0.2.25:587',
        auth_username: 'alerts',
        auth_password_file: '/run/secrets/mail/password',
        require_tls: true,
      },
    ],
  });
});

test('a lost node keeps those quiet who wait for the morning, and no page', () => {
  const { inhibit_rules: rules } = configuration();
  const lost = rules.find(({ source_matchers: source }) => source.includes('alertname="NodeLost"'));
  expect(lost?.target_matchers).toEqual(['severity=~"ticket|note"', 'alertname!="Watchdog"']);
});

test('Alertmanager may go where its receivers are, and nowhere else', () => {
  const { manifests } = stackWith({ receivers: [told.receiver, told.mail] });
  const egress = JSON.stringify(at(only(manifests, 'NetworkPolicy', 'alertmanager'), 'spec.egress'));
  expect([...egress.matchAll(/"cidr":"([^"]+)"/g)].map(([, cidr]) => cidr)).toEqual([
    '192.0.2.25/32',
    '192.0.2.2/32',
    '192.0.2.1/32',
  ]);
});

test('two of them know each other by their names, and Prometheus both', () => {
  const { manifests } = stackWith({ replicas: 2 });
  const { command } = podTemplateOf(only(manifests, 'StatefulSet', 'alertmanager'))!.spec!.containers[0]!;
  expect(command!.filter((each) => each.startsWith('--cluster'))).toEqual([
    '--cluster.listen-address=0.0.0.0:9094',
    '--cluster.peer=alertmanager-0.alertmanager:9094',
    '--cluster.peer=alertmanager-1.alertmanager:9094',
  ]);
  expect(JSON.stringify(configurationIn(manifests))).toContain(
    '"alertmanager-0.alertmanager.test.svc.cluster.local:9093","alertmanager-1.alertmanager.test.svc.cluster.local:9093"',
  );
});

test('one of them looks for no other', () => {
  const { command } = podTemplateOf(only(stackWith().manifests, 'StatefulSet', 'alertmanager'))!.spec!.containers[0]!;
  expect(command).toContain('--cluster.listen-address=');
});

test('public paths are asked for by what may reach them, and no page is asked for where there is none', () => {
  const { manifests } = stackWith({ publicPaths: ['https://shop.example.com/'] });
  const job = configurationIn(manifests).scrape_configs.find((each) => each.job_name === 'public-paths');
  expect(job).toMatchObject({
    metrics_path: '/probe',
    static_configs: [{ targets: ['https://shop.example.com/'] }],
  });
  expect(job?.relabel_configs?.at(-1)?.replacement).toBe('blackbox-exporter.test.svc.cluster.local:9115');
  expect(JSON.stringify(at(only(manifests, 'NetworkPolicy', 'blackbox-exporter'), 'spec.egress'))).toContain('443');
  expect(stackWith().manifests.filter(({ metadata }) => metadata.name.startsWith('blackbox'))).toEqual([]);
});
