import { buildPlatform } from '../../../apps/platform.ts';
import { environments } from '../../../config/index.ts';
import { budgetFindings } from '../../../synth/budget.ts';
import { synthesise } from '../../../synth/synthesise.ts';
import { root } from '../../support/committed.ts';
import { at, only } from '../../support/harness.ts';
import { tellingUsers } from '../../support/status-page.ts';

const names = Object.keys(environments);

describe.each(names)('%s with a status page', (name) => {
  const changes = tellingUsers(name);
  const { platform, collection } = synthesise({ root, environment: name, strict: false, dryRun: true, changes });
  const manifests = collection.dist.map(({ manifest }) => manifest);

  test('is a platform that synth has nothing against, and that fits its budgets', () => {
    expect(only(manifests, 'Deployment', 'status-page').metadata.namespace).toBe('observability');
    expect(budgetFindings(platform)).toEqual([]);
  });

  test('says of every route and of signing in whether it works, and of nothing else', () => {
    const { hosts } = platform.environment;
    const data = at(only(manifests, 'ConfigMap', 'status-page-lines'), 'data') as Readonly<Record<string, string>>;
    const lines = data['lines.txt']!;
    const shown = lines
      .trim()
      .split('\n')
      .map((line) => line.split('\t')[0]);
    expect(shown.sort()).toEqual([hosts.backend, hosts.frontend, 'Signing in'].sort());
    expect(lines).toContain(`instance="https://${hosts.frontend}/"`);
  });

  test('asks for the keys of its bucket, which nobody else has', () => {
    const [secret] = platform.secrets.filter((each) => each.name === 'status-page');
    const { keys, copies } = secret!.inventoryEntry();
    expect([Object.keys(keys).sort(), copies.map(({ namespace }) => namespace)]).toEqual([
      ['access-key-id', 'secret-access-key'],
      ['observability'],
    ]);
  });

  test('lets it ask Prometheus, and lets nobody in', () => {
    const askers = platform.connections.filter(({ port }) => port === 9090).map(({ from }) => from.name);
    expect(askers).toContain('status-page');
    expect(platform.connections.filter(({ to }) => to.name === 'status-page')).toEqual([]);
  });
});

test.each(names)('%s has nothing of it without the option', (name) => {
  const { observability, objectStores } = environments[name]!;
  const { statusPage, ...rest } = observability!;
  const stores = Object.entries(objectStores).filter(([key]) => key !== statusPage?.store);
  const changes = { observability: rest, objectStores: Object.fromEntries(stores) };
  const platform = buildPlatform(name, { changes });
  expect(platform.owners.filter((owner) => owner.name === 'status-page')).toEqual([]);
  expect(platform.alerts.filter(({ props }) => props.runbook === 'status-page')).toEqual([]);
});
