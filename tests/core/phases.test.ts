import { Construct } from 'constructs';
import { Alert } from '../../constructs/core/alert.ts';
import { application } from '../../constructs/core/application.ts';
import type { Application } from '../../constructs/core/application.ts';
import type { ApplicationChart } from '../../constructs/core/application-chart.ts';
import { clusterDns } from '../../constructs/core/endpoint.ts';
import type { Endpoint, MetricsEndpoint } from '../../constructs/core/endpoint.ts';
import { ForeignWorkload } from '../../constructs/core/foreign-workload.ts';
import { manifestOf, objectsOf } from '../../constructs/core/kube-object.ts';
import type { Manifest } from '../../constructs/core/manifest.ts';
import { defineNamespace } from '../../constructs/core/namespace.ts';
import type { Collects, Completes, Found } from '../../constructs/core/phase.ts';
import { Platform } from '../../constructs/core/platform.ts';
import { Scrape } from '../../constructs/core/scrape.ts';
import { declaredEdges, foreignPodGroups } from '../../synth/model.ts';
import { compareReachability } from '../../synth/network/compare.ts';
import { reachability } from '../../synth/network/evaluate.ts';
import { at, only, refusal, testApplication, testEnvironment } from '../support/harness.ts';

const platformOf = (...table: Application<unknown>[]): Platform => new Platform(testEnvironment(), table);
const manifestsOf = (platform: Platform): Manifest[] =>
  platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));

function pods(scope: Construct, name: string): ForeignWorkload {
  const ports = [{ name: 'metrics', port: 9000 }];
  return new ForeignWorkload(scope, name, { name, madeBy: 'the tests', podLabels: { app: name }, ports });
}

function metricsOf(peer: ForeignWorkload): MetricsEndpoint {
  return {
    name: `metrics of ${peer.name}`,
    path: '/metrics',
    targets: [{ peer, host: `${peer.name}.svc`, port: 9000 }],
  };
}

function alert(scope: Construct, name: string): Alert {
  const rest = { expression: 'up < 1', forMinutes: 1, severity: 'note', summary: 'gone', runbook: 'none' } as const;
  return new Alert(scope, name, { name, ...rest });
}

/** A construct that does as it is told in a phase. */
class Collector extends Construct implements Collects {
  private readonly action: (found: Found, self: Construct) => void;

  constructor(scope: Construct, action: (found: Found, self: Construct) => void) {
    super(scope, 'collector');
    this.action = action;
  }

  collect(found: Found): void {
    this.action(found, this);
  }
}

class Total extends Construct implements Completes {
  private readonly action: (self: Construct) => void;

  constructor(scope: Construct, action: (self: Construct) => void) {
    super(scope, 'total');
    this.action = action;
  }

  complete(): void {
    this.action(this);
  }
}

/** Scrapes whatever there is, and names none of it. */
function watcher(seen: { alerts?: readonly Alert[] } = {}): Application<unknown> {
  return testApplication(
    'watcher',
    (scope) => {
      const prometheus = pods(scope, 'prometheus');
      new Scrape(scope, 'own', { endpoint: metricsOf(prometheus) });
      new Collector(scope, ({ alerts, scrapes }) => {
        seen.alerts = alerts;
        for (const { endpoint } of scrapes) prometheus.observes(endpoint, 'scrapes it');
      });
    },
    'observability',
  );
}

const scraped = (name: string): Application<ForeignWorkload> =>
  testApplication(name, (scope) => {
    const workload = pods(scope, name);
    new Scrape(scope, 'scrape', { endpoint: metricsOf(workload) });
    alert(scope, `${name}Down`);
    return workload;
  });

describe('a collector that names nobody', () => {
  const seen: { alerts?: readonly Alert[] } = {};
  // It is first in the table: what comes later counts all the same.
  const platform = platformOf(watcher(seen), scraped('one'), scraped('two'));

  test('is given every alert', () => {
    expect(seen.alerts?.map(({ props }) => props.name)).toEqual(['oneDown', 'twoDown']);
    expect(platform.alerts).toEqual(seen.alerts);
  });

  test('gets every scrape, its own included, and a wire to each', () => {
    expect(platform.scrapes).toHaveLength(3);
    expect(platform.wires.map(({ endpoint, strength }) => `${strength} ${endpoint.name}`)).toEqual([
      'observes metrics of prometheus',
      'observes metrics of one',
      'observes metrics of two',
    ]);
  });

  test('gets policies on both sides', () => {
    const manifests = manifestsOf(platform);
    const ports = [{ protocol: 'TCP', port: 9000 }];
    const from = (namespace: string): unknown => ({
      namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    });
    for (const name of ['one', 'two']) {
      expect(at(only(manifests, 'NetworkPolicy', name), 'spec.ingress')).toMatchObject([
        { from: [from('watcher')], ports },
      ]);
    }
    expect(at(only(manifests, 'NetworkPolicy', 'prometheus'), 'spec.egress')).toMatchObject([
      { ports: [{ port: 53 }, { port: 53 }] },
      { to: [from('one')], ports },
      { to: [from('two')], ports },
      { to: [{ podSelector: {} }], ports },
    ]);
  });

  test('opens what the wires declare, and nothing else', () => {
    const computed = reachability(manifestsOf(platform), { foreign: foreignPodGroups(platform) });
    expect(declaredEdges(platform).filter(({ port }) => port === 9000)).toHaveLength(3);
    expect(compareReachability(declaredEdges(platform), computed)).toEqual([]);
  });

  test('waits for nobody by scraping', () => {
    expect(platform.waves.get('watcher')).toBe(50);
  });
});

describe('after the freeze', () => {
  const endpoint: Endpoint = { name: 'DNS', targets: [{ peer: clusterDns, host: '10.43.0.10', port: 53 }] };
  const late = (action: (workload: ForeignWorkload) => void) => () =>
    platformOf(
      testApplication('late', (scope) => {
        const workload = pods(scope, 'pods');
        new Total(scope, () => action(workload));
      }),
    );

  test.each([
    ['needs', (workload: ForeignWorkload) => workload.needs(endpoint, 'asks'), 'it needs DNS'],
    ['observes', (workload: ForeignWorkload) => workload.observes(endpoint, 'asks'), 'it observes DNS'],
    ['admits', (workload: ForeignWorkload) => workload.admits(clusterDns, 80, 'asks'), 'it admits kube-system/coredns'],
  ] as const)('%s is refused, because nothing would follow from it', (_, action, what) => {
    expect(refusal(late(action))).toMatchObject([
      {
        where: 'workload late/pods',
        what: `${what} after wires were frozen, so no policy and no wave would follow from it`,
      },
    ]);
  });

  test('a finished platform takes no wire either', () => {
    let workload: ForeignWorkload | undefined;
    platformOf(testApplication('late', (scope) => (workload = pods(scope, 'pods'))));
    expect(refusal(() => workload?.needs(endpoint, 'asks'))).toHaveLength(1);
  });
});

describe('what collectors would miss is refused while they collect', () => {
  test.each([
    ['a workload', (scope: Construct) => pods(scope, 'more'), 'workload more (app/collector/more)'],
    ['an alert', (scope: Construct) => alert(scope, 'More'), 'alert More (app/collector/More)'],
    [
      'a scrape',
      (scope: Construct) => new Scrape(scope, 'more', { endpoint: { name: 'more', path: '/metrics', targets: [] } }),
      'scrape of more (app/collector/more)',
    ],
    [
      'another collector',
      (scope: Construct) => new Collector(scope, () => undefined),
      'collector app/collector/collector',
    ],
  ] as const)('%s', (_, make, where) => {
    const app = testApplication('app', (scope) => new Collector(scope, (_found, self) => make(self)));
    expect(refusal(() => platformOf(app))).toMatchObject([{ where }]);
  });
});

describe('applications that use each other', () => {
  interface Handed {
    readonly pods: ForeignWorkload;
  }

  /** Each has pods and is wired to the other's: a while it is built, b when `whenB` says so. */
  function mutual(whenB: 'built' | 'collected', strength: 'needs' | 'observes' = 'observes') {
    const connect = (from: ForeignWorkload, to: ForeignWorkload): void => from[strength](metricsOf(to), 'asks');
    const props = (name: string) => ({ namespace: defineNamespace(name), layer: 'applications' }) as const;
    const a: Application<Handed> = application(
      'a',
      { ...props('a'), uses: () => ({ b }) },
      (scope: ApplicationChart, _environment, used) => {
        const own = pods(scope, 'one');
        connect(own, used.b.pods);
        return { pods: own };
      },
    );
    const b: Application<Handed> = application(
      'b',
      { ...props('b'), uses: () => ({ a }) },
      (scope, _environment, used) => {
        const own = pods(scope, 'two');
        if (whenB === 'built') connect(own, used.a.pods);
        else new Collector(scope, () => connect(own, used.a.pods));
        return { pods: own };
      },
    );
    return [a, b] as const;
  }

  test('observe each other, where one reads the other when everything is built', () => {
    const [a, b] = mutual('collected');
    for (const platform of [platformOf(a, b), platformOf(b, a)]) {
      const wires = platform.wires.map(({ client, endpoint }) => `${client.name}: ${endpoint.name}`);
      expect(wires.sort()).toEqual(['one: metrics of two', 'two: metrics of one']);
    }
  });

  test('are refused in one finding that names the cycle, where each is read while it is built', () => {
    const [a, b] = mutual('built');
    expect(refusal(() => platformOf(a, b))).toMatchObject([
      { where: 'applications a -> b -> a', what: 'each reads what the next one hands out while it is being built' },
    ]);
  });

  test('are refused in one finding that names the cycle, where they need each other', () => {
    const [a, b] = mutual('collected', 'needs');
    expect(refusal(() => platformOf(a, b))).toMatchObject([
      {
        where: 'applications a -> b -> a',
        what: 'they need each other: one needs metrics of two; two needs metrics of one',
      },
    ]);
  });
});

test('an application may live in a namespace that the environment names', () => {
  const app = application(
    'app',
    { namespace: ({ name }) => defineNamespace(`${name}-shop`), layer: 'applications' },
    (scope) => pods(scope, 'pods').observes({ name: 'none', targets: [] }, 'names it'),
  );
  expect(platformOf(app).charts.map(({ destination }) => destination.name)).toEqual(['test-shop']);
});
