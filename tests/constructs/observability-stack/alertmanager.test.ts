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
  expect(configuration().route.routes[0]).toMatchObject({ group_interval: '1m', repeat_interval: '50s' });
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

test('who is verified by an authority of their own is, and nobody else by it', () => {
  const authority = { name: 'hooks-ca', certificates: 'the certificate of an authority\n' };
  const trusted = (each: typeof told.receiver) =>
    ({ ...each, endpoint: { ...('endpoint' in each ? each.endpoint : undefined), authority } }) as typeof told.receiver;
  const changes = {
    receivers: [trusted(told.receiver), trusted(told.chat)],
    heartbeat: { ...told.heartbeat, endpoint: { ...told.heartbeat.endpoint, authority } },
  };
  const http = { http_config: { tls_config: { ca_file: '/run/authorities/hooks-ca.crt' } } };
  expect(receiver('on-call', changes)).toMatchObject({ webhook_configs: [http] });
  expect(receiver('chat', changes)).toMatchObject({ slack_configs: [http] });
  expect(receiver('heartbeat', changes)).toMatchObject({ webhook_configs: [http] });
  expect(at(only(stackWith(changes).manifests, 'ConfigMap', 'alertmanager-authorities'), 'data')).toEqual({
    'hooks-ca.crt': authority.certificates,
  });
});

test('of an objective that burns within hours, the ticket is held back, and no other one', () => {
  const rules = configuration().inhibit_rules.filter(({ target_matchers: targets }) =>
    targets.includes('sloth_severity="ticket"'),
  );
  expect(rules).toEqual([
    {
      source_matchers: ['sloth_severity="page"'],
      target_matchers: ['sloth_severity="ticket"'],
      equal: ['sloth_id'],
    },
  ]);
});

test('a lost node keeps those quiet who wait for the morning, and neither a page nor who attacks', () => {
  const { inhibit_rules: rules } = configuration();
  const lost = rules.find(({ source_matchers: source }) => source.includes('alertname="NodeLost"'));
  expect(lost?.target_matchers).toEqual(['severity=~"ticket|note"', 'alertname!="Watchdog"', 'source!="logs"']);
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
