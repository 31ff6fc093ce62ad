import { logAgents, observability } from '../../../apps/observability.ts';
import { buildPlatform } from '../../../apps/platform.ts';
import { environmentInput, environments, loadEnvironment } from '../../../config/index.ts';
import { describePrivilege } from '../../../constructs/core/privilege.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import { budgetFindings } from '../../../synth/budget.ts';
import { placedPrivileges } from '../../../synth/privileges.ts';
import { synthesise } from '../../../synth/synthesise.ts';
import { root } from '../../support/committed.ts';
import { at, only, refusal } from '../../support/harness.ts';
import { lokiIn, withoutLogs } from '../../support/logs.ts';

const names = Object.keys(environments);

describe.each(names)('%s with the section', (name) => {
  const { platform, collection } = synthesise({ root, environment: name, strict: false, dryRun: true });
  const manifests = collection.dist.map(({ manifest }) => manifest);
  const own = (application: string) =>
    collection.dist.filter(({ path }) => path.startsWith(`${application}/`)).map(({ manifest }) => manifest);

  test('is a platform that synth has nothing against, with what reads logs in an application of its own', () => {
    expect(collection.argocd.map(({ path }) => path)).toContain('applications/log-agents.yaml');
    expect(own('log-agents').map(({ kind }) => kind)).toContain('DaemonSet');
  });

  test('fits its budgets', () => {
    expect(budgetFindings(platform)).toEqual([]);
  });

  test('lets agents, Prometheus and Grafana ask Loki, and nobody else', () => {
    const askers = platform.connections.filter(({ port }) => port === 3100).map(({ from }) => from.name);
    expect(askers.sort()).toEqual(['alloy', 'grafana', 'prometheus']);
  });

  test('shows lines on the boards of Grafana, and asks Loki for them', () => {
    const of = (what: string) =>
      at(only(manifests, 'ConfigMap', `grafana-${what}`), 'data') as Readonly<Record<string, string>>;
    expect(of('datasources')['loki.yaml']).toContain('url: http://loki.observability.svc.cluster.local:3100\n');
    const { 'backend.json': backend } = of('dashboards');
    expect(backend).toContain(',app=\\"backend\\"}"');
  });

  test('has one namespace where containers may have directories of the node, and says what each has', () => {
    const privileged = manifests.filter(
      ({ metadata }) => metadata.labels?.['pod-security.kubernetes.io/enforce'] === 'privileged',
    );
    expect(privileged.map(({ metadata }) => metadata.name)).toEqual(['node-agents']);
    const there = placedPrivileges(platform).filter(({ where }) => where.includes('node-agents'));
    expect(
      there.map(({ where, privilege }) => `${where}: ${describePrivilege(privilege).split(' until ')[0]}`),
    ).toEqual([
      'DaemonSet node-agents/alloy: alloy: user 0',
      'DaemonSet node-agents/alloy: alloy: hostPath /var/log/pods',
      'DaemonSet node-agents/alloy: alloy: hostPath /var/lib/alloy for writing',
    ]);
  });

  test('asks for the keys of the bucket, and of no other', () => {
    const [secret] = platform.secrets.filter((each) => each.name === 'log-store');
    expect(secret!.inventoryEntry().copies.map(({ namespace }) => namespace)).toEqual(['observability']);
  });

  test('has the rules of every application that declares some', () => {
    const rules = at(only(manifests, 'ConfigMap', 'loki-rules'), 'data') as Readonly<Record<string, string>>;
    expect(Object.keys(rules).sort()).toEqual(['backend.yaml', 'edge.yaml']);
  });
});

test('logs are kept as long as the configuration says', () => {
  const { observability: watched } = environmentInput('production');
  const changes = { observability: { ...watched!, logs: { store: 'logs', keepDays: 3 } } };
  const { collection } = synthesise({ root, environment: 'production', strict: false, dryRun: true, changes });
  expect(lokiIn(collection.dist.map(({ manifest }) => manifest)).limits_config).toMatchObject({
    retention_period: '72h',
  });
});

test.each(names)('%s has nothing of it without the section, watched or not', (name) => {
  for (const isWatched of [true, false]) {
    const platform = buildPlatform(name, { changes: withoutLogs(name, isWatched) });
    expect(platform.charts.map(({ application }) => application)).not.toContain('log-agents');
    expect(platform.owners.map((owner) => owner.name).filter((each) => ['loki', 'alloy'].includes(each))).toEqual([]);
    expect(platform.alerts.map(({ props }) => props.name).filter((each) => each.startsWith('Log'))).toEqual([]);
  }
});

test('the application alone says what the configuration lacks', () => {
  const environment = loadEnvironment('production', { changes: withoutLogs('production', true) });
  expect(refusal(() => new Platform(environment, [observability, logAgents]))).toMatchObject([
    { where: 'the application log-agents', what: 'the configuration has no observability.logs' },
  ]);
});
