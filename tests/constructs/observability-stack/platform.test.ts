import fs from 'node:fs';
import path from 'node:path';
import { observability } from '../../../apps/observability.ts';
import { buildAppOfApps, buildPlatform } from '../../../apps/platform.ts';
import { environmentInput, environments } from '../../../config/index.ts';
import type { LoadOptions } from '../../../config/index.ts';
import { Platform } from '../../../constructs/core/platform.ts';
import { ObservabilityStack } from '../../../constructs/observability-stack/index.ts';
import { collect } from '../../../synth/collect.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { synthesise } from '../../../synth/synthesise.ts';
import { root } from '../../support/committed.ts';
import { only, refusal, testEnvironment } from '../../support/harness.ts';
import { withoutLogs } from '../../support/logs.ts';

const names = Object.keys(environments);

const written = (name: string, changes: LoadOptions['changes']) =>
  synthesise({ root, environment: name, strict: false, dryRun: true, changes });

describe.each(names)('%s with the section', (name) => {
  const { platform, collection } = written(name, {});
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
      'grafana',
      'kube-state-metrics',
      'loki',
      'node-exporter',
      'prometheus',
    ]);
    expect(templates.flatMap(({ spec }) => restrictedViolations(spec!))).toEqual([]);
  });

  test('tells the hosts that the section names, by URLs that nobody reads here', () => {
    const [secret] = platform.secrets.filter((each) => each.name === 'alert-receivers');
    expect(Object.keys(secret!.inventoryEntry().keys).sort()).toEqual(['heartbeat', 'on-call']);
    const { onCall, heartbeat } = environmentInput(name).observability!;
    const hosts = platform.owners
      .filter((each) => each.name === 'alertmanager')
      .flatMap(({ wires }) => wires.flatMap(({ endpoint }) => endpoint.targets.map(({ host }) => host)));
    expect(hosts).toEqual(expect.arrayContaining(heartbeat ? [onCall, heartbeat] : [onCall]));
  });
});

test('the page names what all that is read may come to, as synth says it', () => {
  const [stack] = buildPlatform('production').all(ObservabilityStack);
  const { most, holds } = stack!.budget!;
  const page = fs.readFileSync(path.join(root, 'docs/constructs/observability-stack.md'), 'utf8');
  const inWords = (count: number): string => count.toLocaleString('en-US');
  expect(page).toContain(`\`production\` may come to ${inWords(most)} of ${inWords(holds)}`);
});

test.each([[{ onCall: 'other.example.com' }], [{ heartbeat: 'other.example.com' }]])('%j is where alerts go', (own) => {
  const told = environmentInput('production').observability!;
  const wired = buildPlatform('production', { changes: { observability: { ...told, ...own } } }).owners.filter(
    (each) => each.name === 'alertmanager',
  );
  const hosts = wired.flatMap(({ wires }) => wires.flatMap(({ endpoint }) => endpoint.targets.map(({ host }) => host)));
  expect(hosts).toContain('other.example.com');
});

test('without a sign of life nobody is asked for a URL of it, and none is sent', () => {
  const told = environmentInput('production').observability!;
  const { platform, collection } = written('production', { observability: { ...told, heartbeat: false } });
  const [secret] = platform.secrets.filter((each) => each.name === 'alert-receivers');
  expect(Object.keys(secret!.inventoryEntry().keys)).toEqual(['on-call']);
  const manifests = collection.dist.map(({ manifest }) => manifest);
  expect(JSON.stringify(only(manifests, 'ConfigMap', 'alertmanager-settings'))).not.toContain('heartbeat');
});

test.each(names)(
  '%s has nothing of it without the section: no application, no namespace, no right, no way in',
  (name) => {
    const platform = buildPlatform(name, { changes: withoutLogs(name, false) });
    expect(platform.charts.map(({ application }) => application)).not.toContain('observability');
    expect(platform.alerts.filter(({ props }) => props.name === 'Watchdog')).toEqual([]);
    const { dist, argocd } = collect(platform, buildAppOfApps(platform), []);
    const mentions = [...dist, ...argocd].filter(
      ({ manifest }) =>
        // The class of importance of that name is for others too.
        manifest.kind !== 'PriorityClass' &&
        /name(space)?":"observability"|kube-state-metrics|node-exporter|alertmanager|grafana|loki|alloy/.test(
          JSON.stringify(manifest),
        ),
    );
    expect(mentions.map(({ path }) => path)).toEqual([]);
  },
);

test.each(names)('%s has no Grafana where nobody wants its dashboards, and no secret of it', (name) => {
  const observed = environmentInput(name).observability!;
  const manifests = (changes: LoadOptions['changes']) =>
    written(name, changes).collection.dist.map(({ manifest }) => JSON.stringify(manifest));
  const mentions = (changes: LoadOptions['changes']) => manifests(changes).filter((each) => /"grafana[-"]/.test(each));
  expect(mentions({}).length).toBeGreaterThan(5);
  expect(mentions({ observability: { ...observed, dashboards: true } })).toEqual(mentions({}));
  expect(mentions({ observability: { ...observed, dashboards: false } })).toEqual([]);
});

test('the application alone says what the configuration lacks', () => {
  expect(refusal(() => new Platform(testEnvironment(), [observability]))).toMatchObject([
    { where: 'the application observability', remedy: 'add observability to the file of the environment' },
  ]);
});

test.each(names)('%s: alerts of too few pods ask whoever of two that tell knows of fewer', (name) => {
  // What one said last counts for a while after it is gone, and would keep the alert quiet.
  const byTheMost =
    /max(?: by \([^)]*\) )?\(kube_\w+_status_\w*(?:ready|available)\{[^}]*\}\)(?: or vector\(0\)\))? <|> max\(kube_\w+_status_\w*(?:ready|available)/;
  const wrong = buildPlatform(name).alerts.filter(({ props }) => byTheMost.test(props.expression));
  expect(wrong.map(({ props }) => props.name)).toEqual([]);
});
