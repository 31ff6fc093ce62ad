import { observability } from '../../../apps/observability.ts';
import { buildAppOfApps, buildPlatform } from '../../../apps/platform.ts';
import { environments } from '../../../config/index.ts';
import type { LoadOptions } from '../../../config/index.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import { collect } from '../../../synth/collect.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { synthesise } from '../../../synth/synthesise.ts';
import { root } from '../../support/committed.ts';
import { only, refusal, testEnvironment } from '../../support/harness.ts';
import { watching } from '../../support/observability.ts';

const names = Object.keys(environments);

const written = (name: string, changes: LoadOptions['changes']) =>
  synthesise({ root, environment: name, strict: false, dryRun: true, changes });

describe.each(names)('%s with the section', (name) => {
  const { platform, collection } = written(name, watching(name));
  const own = collection.dist.filter(({ path }) => path.startsWith('observability/')).map(({ manifest }) => manifest);

  test('is a platform that synth has nothing against, with an application that watches it', () => {
    expect(platform.charts.map(({ application }) => application)).toContain('observability');
    expect(collection.argocd.map(({ path }) => path)).toContain('applications/observability.yaml');
  });

  test('has nobody there with a privilege', () => {
    const templates = own.flatMap((manifest) => podTemplateOf(manifest) ?? []);
    expect(templates.map(({ spec }) => spec!.serviceAccountName).sort()).toEqual([
      'alertmanager',
      'blackbox-exporter',
      'kube-state-metrics',
      'node-exporter',
      'prometheus',
    ]);
    expect(templates.flatMap(({ spec }) => restrictedViolations(spec!))).toEqual([]);
  });

  test('tells the hosts that the section names, by URLs that nobody reads here', () => {
    const [secret] = platform.secrets.filter((each) => each.name === 'alert-receivers');
    expect(Object.keys(secret!.inventoryEntry().keys).sort()).toEqual(['heartbeat', 'on-call']);
    const hosts = platform.owners
      .filter((each) => each.name === 'alertmanager')
      .flatMap(({ wires }) => wires.flatMap(({ endpoint }) => endpoint.targets.map(({ host }) => host)));
    expect(hosts).toEqual(expect.arrayContaining(['hooks.example.com', 'heartbeat.example.com']));
  });
});

test.each([[{ onCall: 'other.example.com' }], [{ heartbeat: 'other.example.com' }]])('%j is where alerts go', (own) => {
  const changes = watching('production');
  const wired = buildPlatform('production', {
    changes: { ...changes, observability: { ...changes.observability, ...own } },
  }).owners.filter((each) => each.name === 'alertmanager');
  const hosts = wired.flatMap(({ wires }) => wires.flatMap(({ endpoint }) => endpoint.targets.map(({ host }) => host)));
  expect(hosts).toContain('other.example.com');
});

test('without a sign of life nobody is asked for a URL of it, and none is sent', () => {
  const changes = watching('production');
  const { platform, collection } = written('production', {
    ...changes,
    observability: { ...changes.observability, heartbeat: false },
  });
  const [secret] = platform.secrets.filter((each) => each.name === 'alert-receivers');
  expect(Object.keys(secret!.inventoryEntry().keys)).toEqual(['on-call']);
  const manifests = collection.dist.map(({ manifest }) => manifest);
  expect(JSON.stringify(only(manifests, 'ConfigMap', 'alertmanager-settings'))).not.toContain('heartbeat');
});

test.each(names)(
  '%s has nothing of it without the section: no application, no namespace, no right, no way in',
  (name) => {
    const platform = buildPlatform(name, { changes: { observability: undefined } });
    expect(platform.charts.map(({ application }) => application)).not.toContain('observability');
    expect(platform.alerts.filter(({ props }) => props.name === 'Watchdog')).toEqual([]);
    const { dist, argocd } = collect(platform, buildAppOfApps(platform), []);
    const mentions = [...dist, ...argocd].filter(
      ({ manifest }) =>
        // The class of importance of that name is for others too.
        manifest.kind !== 'PriorityClass' &&
        /name(space)?":"observability"|kube-state-metrics|node-exporter|alertmanager/.test(JSON.stringify(manifest)),
    );
    expect(mentions.map(({ path }) => path)).toEqual([]);
  },
);

test('the application alone says what the configuration lacks', () => {
  expect(refusal(() => new Platform(testEnvironment(), [observability]))).toMatchObject([
    { where: 'the application observability', remedy: 'add observability to the file of the environment' },
  ]);
});
