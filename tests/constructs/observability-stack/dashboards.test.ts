import { load } from 'js-yaml';
import { buildPlatform } from '../../../apps/platform.ts';
import { environments } from '../../../config/index.ts';
import { Dashboard } from '../../../constructs/core/dashboard.ts';
import type { DashboardProps, PanelProps } from '../../../constructs/core/dashboard.ts';
import { render } from '../../../constructs/observability-stack/grafana/render.ts';
import { Grafana, grafanaDefaults, ObservabilityStack } from '../../../constructs/observability-stack/index.ts';
import type { GrafanaProps } from '../../../constructs/observability-stack/index.ts';
import { kubeMetrics } from '../../../constructs/observability-stack/kube-state-metrics.ts';
import { kubernetesJobs } from '../../../constructs/observability-stack/jobs.ts';
import { Cpu } from '../../../constructs/core/cpu.ts';
import { restrictedViolations } from '../../../synth/pod-security.ts';
import { podTemplateOf } from '../../../synth/pods.ts';
import { built, nextVersion, password, yamlOf } from '../../support/constructs.ts';
import type { ChangeOfEveryOption } from '../../support/constructs.ts';
import { metricsIn, panelsOf, queriesOf } from '../../support/dashboards.ts';
import { at, image, only, refusal } from '../../support/harness.ts';
import { objectiveGroups } from '../../support/objectives.ts';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import { addresses, keeps, minimalStack } from '../../support/observability.ts';
import type { PrometheusJob } from '../../support/observability.ts';
import { tracedPlatform } from '../../support/traces.ts';

/** A panel as Grafana reads it, as far as tests look at it. */
interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly datasource?: { readonly uid: string };
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly targets?: readonly { readonly refId: string; readonly expr: string }[];
  readonly panels?: readonly Panel[];
}

interface Board {
  readonly uid: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: object;
  readonly tags: readonly string[];
  readonly links: readonly object[];
}

const platforms = Object.keys(environments).map((name) => buildPlatform(name));
const [platform] = platforms;
const dashboards = platform!.dashboards.map(({ props }) => props);
const rendered = dashboards.map((props) => JSON.parse(render(props)) as Board);

/** What panels ask for beside what alerts and objectives do, and kube-state-metrics is told to tell. */
const others: Readonly<Record<string, string>> = {
  ALERTS: 'Prometheus itself, of each alert that fires',
  node_cpu_seconds_total: 'node_exporter: the collector cpu is on',
  redis_instance_info: 'redis_exporter: alerts of a store without a proxy ask for it',
  traefik_router_requests_total: 'Traefik: addRoutersLabels is on, and the drill of the edge reads it',
};

const recorded = new Set(
  objectiveGroups(platform!.charts.flatMap((chart) => objectsOf(chart).map(manifestOf))).flatMap(({ rules }) =>
    rules.flatMap(({ record }) => record ?? []),
  ),
);
const asked = new Set(
  platform!.alerts
    .map(({ props }) => props.expression)
    .concat(platform!.objectives.flatMap(({ props }) => [props.bad, props.all]))
    .flatMap(metricsIn),
);
const jobs = kubernetesJobs(minimalStack.nodes) as unknown as PrometheusJob[];

const isKnown = (metric: string): boolean =>
  metric in others ||
  asked.has(metric) ||
  recorded.has(metric) ||
  (kubeMetrics as readonly string[]).includes(metric) ||
  jobs.some((job) => keeps(job, metric, { container: 'x', id: '/' }));

test('there is one of each part of the platform', () => {
  const names = dashboards.map(({ name }) => name);
  // Whoever adds an application may give it one of its own.
  const parts = [
    'backend',
    'backups',
    'edge',
    'frontend',
    'gitops',
    'logs',
    'nodes',
    'objectives',
    'platform',
    'postgres',
    'redis',
    'samba',
  ];
  expect(names).toEqual(expect.arrayContaining(parts));
  expect(new Set(names).size).toBe(names.length);
});

test.each(dashboards.map((each) => [each.name, each] as const))(
  '%s: every metric is one that somebody tells',
  (_, each) => {
    expect(
      queriesOf(each)
        .flatMap(metricsIn)
        .filter((metric) => !isKnown(metric)),
    ).toEqual([]);
  },
);

test('what is listed as told by others is asked for', () => {
  const metrics = dashboards.flatMap(queriesOf).flatMap(metricsIn);
  expect(Object.keys(others).filter((metric) => !metrics.includes(metric))).toEqual([]);
});

test('the reading of PromQL finds metrics, and neither functions nor labels', () => {
  expect(
    metricsIn('sum by (pod) (rate(a_total{b="c"}[5m])) / on (pod) group_left max(d:e) or vector(0) > bool 1e9'),
  ).toEqual(['a_total', 'd:e']);
});

test('none has a variable, so none can be broken', () => {
  for (const each of rendered) {
    expect(each.templating).toEqual({});
    const text = JSON.stringify(each).replaceAll('$__rate_interval', '');
    expect(text).not.toMatch(/\$[\w{]/);
  }
});

test('panels say what they show, in which unit and from where, and none covers another one', () => {
  for (const { panels } of rendered) {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)},${y + Math.floor(index / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    for (const panel of panels.filter(({ type }) => type !== 'row')) {
      expect(['stat', 'timeseries']).toContain(panel.type);
      expect(panel.datasource).toEqual({ type: 'prometheus', uid: 'prometheus' });
      expect(panel.description!.length).toBeGreaterThan(3);
      expect(panel.fieldConfig!.defaults.unit).toEqual(expect.any(String));
      expect(panel.targets!.map(({ refId }) => refId)).toEqual(panel.targets!.map((_, index) => 'ABC'[index]));
      expect(panel.gridPos.x + panel.gridPos.w).toBeLessThanOrEqual(24);
    }
  }
});

test('each is small, of the schema that files may have, and asks for what its data says', () => {
  dashboards.forEach((props, index) => {
    expect(render(props).length).toBeLessThan(40_000);
    expect(rendered[index]).toMatchObject({ uid: props.name, schemaVersion: 42, editable: false });
    expect(rendered[index]!.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))).toEqual(
      queriesOf(props),
    );
  });
});

/** The panel that comes of one, as a figure or as curves. */
const made = (changes: Partial<PanelProps>, kind: 'now' | 'curves' = 'now') => {
  const panel: PanelProps = { title: 'a', description: 'abcd', unit: 'count', queries: { a: 'up{}' }, ...changes };
  const board = render({ name: 'a', title: 'a', description: 'a', rows: [{ title: 'a', [kind]: [panel] }] });
  const { panels } = JSON.parse(board) as { readonly panels: readonly Record<string, object>[] };
  return panels[1]! as {
    readonly fieldConfig: { readonly defaults: Readonly<Record<string, unknown>> };
    options: object;
  };
};

test('what is bad is red: from a value on, or below one', () => {
  const steps = (bad?: PanelProps['bad']) =>
    (made(bad ? { bad } : {}).fieldConfig.defaults.thresholds as { readonly steps: object[] }).steps;
  expect(steps({ from: 2 })).toEqual([
    { value: null, color: 'green' },
    { value: 2, color: 'red' },
  ]);
  expect(steps({ below: 3 })).toEqual([
    { value: null, color: 'red' },
    { value: 3, color: 'green' },
  ]);
  expect(steps()).toEqual([{ value: null, color: 'blue' }]);
});

test('numbers are written as what they are, and a word stands where one says more', () => {
  const written = (changes: Partial<PanelProps>) => made(changes).fieldConfig.defaults;
  expect(written({ unit: 'count' })).toMatchObject({ unit: 'none', decimals: 0 });
  expect(written({ unit: 'cores' })).toMatchObject({ unit: 'suffix:cores' });
  expect(written({ unit: 's' })).toMatchObject({ unit: 's' });
  expect(written({ unit: 's' })).not.toHaveProperty('decimals');
  expect(written({ words: { 0: 'no' } }).mappings).toEqual([{ type: 'value', options: { 0: { text: 'no' } } }]);
});

test('where nothing is told it is not known, but where the panel says that this is well', () => {
  for (const kind of ['now', 'curves'] as const) {
    expect(made({}, kind).fieldConfig.defaults.noValue).toBe('not known');
    expect(made({ empty: 'none' }, kind).fieldConfig.defaults.noValue).toBe('none');
  }
});

test('names of many lines stand beside them, each with its last number', () => {
  const legend = (many: boolean) => (made({ many }, 'curves').options as { readonly legend: object }).legend;
  expect(legend(true)).toMatchObject({ displayMode: 'table', placement: 'right', calcs: ['lastNotNull'] });
  expect(legend(false)).toMatchObject({ displayMode: 'list', placement: 'bottom' });
});

test('each line of panels is as wide as the screen', () => {
  for (const { panels } of rendered) {
    const widths = new Map<number, number>();
    for (const { gridPos } of panels) widths.set(gridPos.y, (widths.get(gridPos.y) ?? 0) + gridPos.w);
    expect(new Set(widths.values())).toEqual(new Set([24]));
  }
});

describe('below its rows a board has what is read', () => {
  const kept = { lines: true, traces: true };
  const read = (props: DashboardProps, of = kept): readonly (Panel & { readonly collapsed: boolean })[] =>
    (JSON.parse(render(props, of)) as { readonly panels: readonly (Panel & { readonly collapsed: boolean })[] }).panels
      .slice(rendered[dashboards.indexOf(props)]?.panels.length ?? 2)
      .filter(({ type }) => type === 'row');
  const board = (about: Pick<DashboardProps, 'lines' | 'traces'>): DashboardProps => ({
    ...{ name: 'a', title: 'a', description: 'a', ...about },
    rows: [{ title: 'a', now: [{ title: 'a', description: 'abcd', unit: 'count', queries: { a: 'up{}' } }] }],
  });
  const asked = (about: Pick<DashboardProps, 'lines' | 'traces'>) =>
    read(board(about)).flatMap(({ panels }) => panels!.map(({ targets }) => targets![0]!));

  test('closed, so that nobody is asked before somebody opens it, and each of the place that has it', () => {
    const rows = read(board({ lines: 'all', traces: 'backend' }));
    expect(rows.map(({ title, collapsed }) => [title, collapsed])).toEqual([
      ['Lines', true],
      ['Traces', true],
    ]);
    expect(rows.map(({ panels }) => panels!.map(({ type, datasource }) => [type, datasource]))).toEqual([
      [
        ['logs', { type: 'loki', uid: 'loki' }],
        ['logs', { type: 'loki', uid: 'loki' }],
      ],
      [['table', { type: 'jaeger', uid: 'jaeger' }]],
    ]);
  });

  test('each in its place', () => {
    const { panels } = JSON.parse(render(board({ lines: 'all', traces: 'a' }), kept)) as Board;
    const all = panels.flatMap((panel) => [panel, ...(panel.panels ?? [])]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
    expect(panels.map(({ gridPos: { y } }) => y)).toEqual([0, 1, 5, 6]);
    expect(panels[2]!.panels!.map(({ gridPos: { y, w } }) => [y, w])).toEqual([
      [6, 24],
      [16, 24],
    ]);
  });

  test('the lines of whom it is about, and those of something bad first', () => {
    const queries = (lines: NonNullable<DashboardProps['lines']>) => asked({ lines }).map(({ expr }) => expr);
    const bad = 'detected_level=~"error|critical|fatal"';
    expect(queries({ namespace: 'shop', workloads: ['a'] })).toEqual([
      `{namespace="shop",app="a"} | ${bad}`,
      '{namespace="shop",app="a"}',
    ]);
    expect(queries({ namespace: 'shop', workloads: ['a', 'b'] })[1]).toBe('{namespace="shop",app=~"a|b"}');
    expect(queries({ namespace: 'shop' })[1]).toBe('{namespace="shop"}');
  });

  test('of everybody without what Loki says of itself at each question', () => {
    expect(asked({ lines: 'all' }).map(({ expr }) => expr)).toEqual([
      '{namespace=~".+"} != `deletion is not available for this tenant` | detected_level=~"error|critical|fatal"',
      '{namespace=~".+"}',
    ]);
  });

  test('the traces of whom it is about', () => {
    expect(asked({ traces: 'backend' })).toEqual([{ refId: 'A', queryType: 'search', service: 'backend', limit: 50 }]);
  });

  test.each(dashboards.map((each) => [each.name, each] as const))('%s: of workloads that there are', (_, { lines }) => {
    if (lines === undefined || lines === 'all') return;
    const there = platform!.owners.filter(({ namespace }) => namespace === lines.namespace).map(({ name }) => name);
    expect(there).toEqual(expect.arrayContaining([...(lines.workloads ?? there.slice(0, 1))]));
    expect(there.length).toBeGreaterThan(0);
  });

  test('those that are about workloads have lines, and none but the log store has those of all', () => {
    const of = (wanted: (lines: DashboardProps['lines']) => boolean) =>
      dashboards.filter(({ lines }) => wanted(lines)).map(({ name }) => name);
    expect(of((lines) => lines === 'all')).toEqual(['logs']);
    expect(of((lines) => lines === undefined).sort()).toEqual(['backups', 'nodes', 'objectives', 'platform']);
  });

  test('who sends traces has them on its board', () => {
    const names = (all: readonly { readonly props: DashboardProps }[]) =>
      Object.fromEntries(all.flatMap(({ props: { name, traces } }) => (traces === undefined ? [] : [[name, traces]])));
    const observability = { ...environments.production!.observability!, tracing: undefined };
    expect(names(buildPlatform('production', { changes: { observability } }).dashboards)).toEqual({});
    const { dashboards: traced } = tracedPlatform('production');
    expect(names(traced)).toEqual({ backend: 'backend', edge: 'traefik', frontend: 'frontend' });
  });
});

test('each leads to the others', () => {
  for (const each of rendered) {
    expect(each.links).toMatchObject([{ type: 'dashboards', tags: each.tags, asDropdown: true }]);
  }
});

test('the first one has no more figures than one line of each question', () => {
  const [front] = dashboards.filter(({ name }) => name === 'platform');
  expect(front!.rows.map(({ now = [] }) => now.length)).toEqual([4, 4]);
  expect(panelsOf(front!)).toHaveLength(10);
});

describe('Grafana', () => {
  const panel: PanelProps = { title: 'a', description: 'abcd', unit: 'count', queries: { a: 'up{}' } };
  const one: DashboardProps = {
    name: 'one',
    title: 'One',
    description: 'the tests',
    rows: [{ title: 'a', now: [panel] }],
  };
  const make = (changes: Partial<GrafanaProps> = {}, shown: readonly DashboardProps[] = [one]) =>
    built((scope, servers) => {
      shown.forEach((each, index) => new Dashboard(scope, `dashboard-${index}`, each));
      const { api } = servers;
      const secrets = { password: password(scope, 'grafana'), secretKey: password(scope, 'grafana-key') };
      return new Grafana(scope, 'board', { image, numbers: { ...api, scrapeSeconds: 30 }, ...secrets, ...changes });
    }).manifests;
  const changes: ChangeOfEveryOption<GrafanaProps> = {
    image: () => nextVersion(image),
    numbers: () => ({ ...addresses('numbers', 9090, '192.0.2.8/32'), url: 'http://192.0.2.8:9090', scrapeSeconds: 30 }),
    password: () => built((scope) => password(scope, 'other')).value,
    secretKey: () => built((scope) => password(scope, 'other')).value,
    logs: () => logs,
    traces: () => traces,
    directory: () => ({ endpoint: directory(), group: 'CN=Operators,CN=Users,DC=ad,DC=example,DC=com' }),
    size: () => ({ cpuRequest: Cpu.millicores(70) }),
  };
  const logs = { ...addresses('lines', 3100, '192.0.2.10/32'), url: 'http://192.0.2.10:3100' };
  const traces = { ...addresses('traces', 16_686, '192.0.2.11/32'), url: 'http://192.0.2.11:16686' };
  /** One that answers by LDAPS and gives tickets. */
  const directory = (url = 'ldaps://192.0.2.9:636') => {
    const { targets, ...rest } = addresses('directory', 636, '192.0.2.9/32');
    const credentials = { user: 'grafana@ad.example.com', password: built((scope) => password(scope, 'bind')).value };
    const authority = { name: 'directory-ca', certificates: undefined };
    return {
      ...rest,
      targets: [...targets, { ...targets[0]!, port: 88 }],
      url,
      realm: 'AD.EXAMPLE.COM',
      baseDn: 'DC=ad,DC=example,DC=com',
      credentials,
      authority,
    };
  };
  const files = (what: string, of = make()) =>
    at(only(of, 'ConfigMap', `grafana-${what}`), 'data') as Readonly<Record<string, string>>;

  test.each(Object.keys(changes) as (keyof typeof changes)[])('%s changes the output', (key) => {
    expect(yamlOf(make({ [key]: changes[key](undefined as never) }))).not.toBe(yamlOf(make()));
  });

  test('requests what is documented', () => {
    const { cpuRequest, memory } = grafanaDefaults.size;
    const { containers } = podTemplateOf(only(make(), 'Deployment', 'grafana'))!.spec!;
    expect(containers[0]!.resources?.requests).toEqual({ cpu: cpuRequest.asString(), memory: memory.asString() });
  });

  test('has its password from a file, nobody gets in without, and nothing is brought from outside', () => {
    const { 'grafana.ini': text } = files('settings');
    const [, security] = text!.split('[security]\n');
    expect(security!.split('\n')).toEqual([
      'disable_gravatar = true',
      'admin_user = admin',
      'admin_password = $__file{/run/secrets/grafana/password}',
      'secret_key = $__file{/run/secrets/grafana-key/password}',
      '',
    ]);
    expect(text).toMatch(/\[auth\.anonymous\]\nenabled = false/);
    expect(text).toMatch(/preinstall_disabled = true/);
  });

  test('writes into folders of its own alone, and has no privilege', () => {
    const pod = podTemplateOf(only(make(), 'Deployment', 'grafana'))!.spec!;
    expect(restrictedViolations(pod)).toEqual([]);
    expect(pod.containers[0]!.securityContext?.readOnlyRootFilesystem).toBe(true);
    expect(pod.affinity?.nodeAffinity).toHaveProperty('preferredDuringSchedulingIgnoredDuringExecution');
  });

  test('shows what there is, each as a file, and finds the numbers by the name that panels have', () => {
    expect(Object.keys(files('dashboards', make({}, [one, { ...one, name: 'two' }])))).toEqual([
      'dashboards.yaml',
      'one.json',
      'two.json',
    ]);
    expect(files('datasources')['prometheus.yaml']).toContain('uid: prometheus\n');
  });

  test('knows how often there is a number: rates over less would show nothing', () => {
    const stack = built(
      (scope) => new ObservabilityStack(scope, 'stack', { ...minimalStack, scrapeSeconds: 60 }),
    ).value;
    const made = make({ numbers: { ...stack.numbers, targets: [] } });
    expect(files('datasources', made)['prometheus.yaml']).toContain('timeInterval: 60s\n');
  });

  describe('with lines and traces', () => {
    interface Source {
      readonly url: string;
      readonly type: string;
      readonly uid: string;
      readonly isDefault: boolean;
      readonly editable: boolean;
      readonly jsonData: Readonly<Record<string, unknown>>;
    }
    /** As Grafana reads them: `$$` is one `$`, and what begins with one alone is a variable. */
    const sourcesOf = (changes: Partial<GrafanaProps>): Readonly<Record<string, Source>> =>
      Object.fromEntries(
        Object.values(files('datasources', make(changes))).map((text) => {
          expect(text.replaceAll('$$', '')).not.toContain('$');
          const { datasources } = load(text.replaceAll('$$', '$')) as { readonly datasources: readonly Source[] };
          return [datasources[0]!.uid, datasources[0]!];
        }),
      );

    test('asks each where it is, and panels that name none ask for numbers', () => {
      const all = Object.values(sourcesOf({ logs, traces }));
      expect(all.map(({ uid, type, url, isDefault, editable }) => [uid, type, url, isDefault, editable])).toEqual([
        ['jaeger', 'jaeger', traces.url, false, false],
        ['loki', 'loki', logs.url, false, false],
        ['prometheus', 'prometheus', expect.stringContaining('http'), true, false],
      ]);
      expect(Object.keys(sourcesOf({}))).toEqual(['prometheus']);
    });

    test('may connect to both, and to neither where there is none', () => {
      const ports = (changes: Partial<GrafanaProps>) =>
        [3100, 16_686].filter((port) =>
          JSON.stringify(only(make(changes), 'NetworkPolicy', 'grafana').spec).includes(`"port":${port},`),
        );
      expect(ports({ logs, traces })).toEqual([3100, 16_686]);
      expect(ports({ logs })).toEqual([3100]);
      expect(ports({})).toEqual([]);
    });

    test('a line leads to the trace that it names, whoever wrote it', () => {
      const { derivedFields } = sourcesOf({ logs, traces }).loki!.jsonData as {
        readonly derivedFields: readonly { readonly matcherRegex: string; readonly url: string }[];
      };
      expect(derivedFields).toMatchObject([{ datasourceUid: 'jaeger', url: '${__value.raw}' }]);
      const id = '4bf92f3577b34da6a3ce929d0e0e4736';
      const trace = (line: string) => new RegExp(derivedFields[0]!.matcherRegex).exec(line)?.[1];
      expect(trace(`{"level":"info","trace_id":"${id}","span_id":"00f067aa0ba902b7"}`)).toBe(id);
      expect(trace(`{"level": "info", "trace_id": "${id}"}`)).toBe(id);
      expect(trace(`{"RouterName":"a","TraceId":"${id}","SpanId":"00f067aa0ba902b7"}`)).toBe(id);
      expect(trace(`{"request_id":"${id}"}`)).toBeUndefined();
      expect(sourcesOf({ logs }).loki!.jsonData).not.toHaveProperty('derivedFields');
    });

    test('a trace leads to the lines that name it, of everybody', () => {
      expect(sourcesOf({ logs, traces }).jaeger!.jsonData.tracesToLogsV2).toEqual({
        datasourceUid: 'loki',
        spanStartTimeShift: '-5m',
        spanEndTimeShift: '5m',
        customQuery: true,
        query: '{namespace=~".+"} |= "${__trace.traceId}"',
      });
      expect(sourcesOf({ traces }).jaeger!.jsonData).not.toHaveProperty('tracesToLogsV2');
    });

    test('boards have lines and traces where there are some to ask for', () => {
      const about = { ...one, lines: 'all', traces: 'a' } as const;
      const rows = (changes: Partial<GrafanaProps>) =>
        (JSON.parse(files('dashboards', make(changes, [about]))['one.json']!) as Board).panels
          .filter(({ type }) => type === 'row')
          .map(({ title }) => title);
      expect(rows({ logs, traces })).toEqual(['a', 'Lines', 'Traces']);
      expect(rows({ logs })).toEqual(['a', 'Lines']);
      expect(rows({ traces })).toEqual(['a', 'Traces']);
      expect(rows({})).toEqual(['a']);
    });
  });

  test('opens on the board that is there', () => {
    const [, home] = /default_home_dashboard_path = .*\/(\w+)\.json/.exec(files('settings')['grafana.ini']!)!;
    expect(platforms.every((each) => each.dashboards.some(({ props }) => props.name === home))).toBe(true);
  });

  test('is replaced by itself: a second one beside it would take the room of others', () => {
    expect(at(only(make(), 'Deployment', 'grafana'), 'spec.strategy.rollingUpdate.maxSurge')).toBe(0);
  });

  describe('with a directory', () => {
    const group = 'CN=Operators,CN=Users,DC=ad,DC=example,DC=com';
    const signing = make({ directory: { endpoint: directory(), group } });

    test('lets the people of one group look, and nobody else of it', () => {
      const { 'ldap.toml': text, 'grafana.ini': settings } = files('settings', signing);
      expect(settings).toContain('[auth.ldap]\nenabled = true\nconfig_file = /etc/grafana/main/ldap.toml\n');
      expect(text!.split('\n').slice(6)).toEqual([
        'host = "192.0.2.9"',
        'port = 636',
        'root_ca_cert = "/run/authorities/directory-ca.crt"',
        'bind_dn = "grafana@ad.example.com"',
        'bind_password = "$__file{/run/secrets/bind/password}"',
        'search_base_dns = ["DC=ad,DC=example,DC=com"]',
        `group_mappings = [{ group_dn = "${group}", org_role = "Viewer" }]`,
        '',
      ]);
    });

    test('asks it by LDAPS alone, with the password and the authority in files', () => {
      const { egress } = only(signing, 'NetworkPolicy', 'grafana').spec as { readonly egress: readonly object[] };
      expect(JSON.stringify(egress)).toContain('"port":636');
      expect(JSON.stringify(egress)).not.toContain('"port":88');
      const mounts = podTemplateOf(only(signing, 'Deployment', 'grafana'))!.spec!.containers[0]!.volumeMounts!;
      expect(mounts.map(({ mountPath }) => mountPath)).toEqual(
        expect.arrayContaining(['/run/secrets/bind', '/run/authorities']),
      );
    });

    test('without one has no settings of it', () => {
      expect(Object.keys(files('settings'))).toEqual(['grafana.ini']);
      expect(files('settings')['grafana.ini']).not.toContain('ldap');
    });

    test('refuses LDAP without TLS, and a group that is none', () => {
      const wrong = { endpoint: directory('ldap://192.0.2.9:389'), group: '' };
      expect(refusal(() => make({ directory: wrong })).map(({ where }) => where)).toEqual([
        'Grafana: directory',
        'Grafana: directory.group',
      ]);
    });
  });

  test('refuses secrets as text, and two dashboards of one name', () => {
    expect(
      refusal(() => make({ password: 'secret' as never, secretKey: 'key' as never })).map(({ what }) => what),
    ).toEqual(['password is no key of a secret', 'secretKey is no key of a secret']);
    expect(refusal(() => make({}, [one, one]))[0]!.what).toContain('there are two of it');
    expect(refusal(() => make({ admin: 'me' } as never))[0]!.what).toContain('admin');
  });
});
