import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { dump, load } from 'js-yaml';
import { manifestOf, objectsOf } from '../../../constructs/core/kube-object.ts';
import { built } from '../../support/built.ts';
import { objectiveGroups, specifications } from '../../support/objectives.ts';
import type { Rule, RuleGroup } from '../../support/objectives.ts';
import { buildPlatform } from '../../../apps/platform.ts';
import { promtool, RuleGroups } from '../../support/promtool.ts';

type Series = Readonly<Record<string, string>>;

const platform = buildPlatform('production');
const manifests = platform.charts.flatMap((chart) => objectsOf(chart).map(manifestOf));
/** Without what is only read by people: promtool wants to be told all of it. */
const groups = objectiveGroups(manifests).map(({ name, rules }): RuleGroup => ({
  name,
  rules: rules.map(({ record, alert, expr, labels }): Rule =>
    record ? { record, expr, labels } : { alert, expr, labels },
  ),
}));
const alertsOf = (id: string) => groups.find(({ name }) => name === `sloth-slo-alerts-${id}`)!.rules;
const groupsOf = (id: string) => groups.filter(({ name }) => name.endsWith(`s-${id}`));

const hour = 60;

/** A series of a number that grows by so much a minute, or stays, for some hours. */
const grows = (by: number, hours = 4): string => `0+${by}x${hours * hour}`;
const stays = (value: number, hours = 4): string => `${value}x${hours * hour}`;

const router = (host: string): string =>
  `namespace="edge",pod="edge-1",method="GET",protocol="http",router="edge_${host}_1@kubernetescrd",service="edge_${host}_1_lb@kubernetescrd"`;
const entrypoint = 'namespace="edge",pod="edge-1",method="GET",protocol="http",entrypoint="websecure"';
/** Traefik counts what comes in by `edge`, and by the router of each host. */
const counted = (by: string): readonly [what: string, labels: string] =>
  by === 'edge' ? ['entrypoint', entrypoint] : ['router', router(by)];

/** Answers a minute, those that are errors among them. */
const answers = (of: string, good: number, bad: number, hours?: number): Series => {
  const [what, labels] = counted(of);
  return {
    [`traefik_${what}_requests_total{${labels},code="200"}`]: grows(good, hours),
    [`traefik_${what}_requests_total{${labels},code="502"}`]: grows(bad, hours),
  };
};
/** Answers a minute, and how many of them are there within a second; a connection that goes on for long beside them. */
const within = (of: string, all: number, fast: number): Series => {
  const [what, labels] = counted(of);
  const name = `traefik_${what}_request_duration_seconds`;
  return {
    [`${name}_count{${labels},code="200"}`]: grows(all),
    [`${name}_bucket{${labels},code="200",le="0.5"}`]: grows(0),
    // As Prometheus 3 writes it.
    [`${name}_bucket{${labels},code="200",le="1.0"}`]: grows(fast),
    [`${name}_count{${labels},code="101"}`]: grows(all),
    [`${name}_bucket{${labels},code="101",le="1.0"}`]: grows(0),
  };
};
const exporter = 'namespace="identity",pod="samba-0"';
const signIn = (ldaps: string, kerberos: string): Series => ({
  [`directory_answers{${exporter},protocol="ldaps"}`]: ldaps,
  [`directory_answers{${exporter},protocol="kerberos"}`]: kerberos,
});
const readyDirectory = (values: string): Series => ({
  ['kube_statefulset_status_replicas_ready{namespace="identity",statefulset="samba",instance="a"}']: values,
});
const takes = (seconds: number): Series => ({
  [`directory_answer_seconds{${exporter},protocol="ldaps"}`]: stays(seconds),
  [`directory_answer_seconds{${exporter},protocol="kerberos"}`]: stays(0.01),
});
/** The last success of a job, made so many seconds before the first look. */
const succeeded = (namespace: string, cronjob: string, before: number): Series => ({
  [`kube_cronjob_status_last_successful_time{namespace="${namespace}",cronjob="${cronjob}"}`]: stays(-before),
  [`kube_cronjob_created{namespace="${namespace}",cronjob="${cronjob}"}`]: stays(-9e6),
});
const walg = (before: number): Series => ({
  ['walg_backup_newest_finish_timestamp_seconds{cluster="postgres",namespace="data",pod="postgres-0"}']: stays(-before),
});

interface Case {
  readonly fires: Series;
  readonly quiet: Series;
}

/** Hosts that have a route. */
const routed = platform.objectives.flatMap(({ id, props }) =>
  id === `${props.service}-availability` && props.service !== 'edge' ? props.service : [],
);
const casesOfHost = (host: string): [string, Case][] => [
  [`${host}-availability`, { fires: answers(host, 588, 12), quiet: answers(host, 600, 0) }],
  [`${host}-latency`, { fires: within(host, 600, 480), quiet: within(host, 600, 600) }],
];

/** Four hours of each: what burns in all windows, which begin with them. */
const cases: Readonly<Record<string, Case>> = {
  'edge-availability': { fires: answers('edge', 588, 12), quiet: answers('edge', 599.7, 0.3) },
  'edge-latency': { fires: within('edge', 600, 480), quiet: within('edge', 600, 597) },
  ...Object.fromEntries(routed.flatMap(casesOfHost)),
  'samba-sign-in': {
    // Its pod is gone: nobody says that it is silent.
    fires: readyDirectory(stays(0)),
    quiet: { ...readyDirectory(stays(1)), ...signIn(stays(1), stays(1)) },
  },
  'samba-sign-in-latency': { fires: takes(2), quiet: takes(0.2) },
  'samba-backup-age': {
    fires: succeeded('identity', 'samba-backup', 30 * 3600),
    quiet: succeeded('identity', 'samba-backup', 3600),
  },
  'redis-backup-age': {
    fires: succeeded('data', 'redis-backup', 3 * 3600),
    // A new one has not succeeded yet.
    quiet: { ['kube_cronjob_created{namespace="data",cronjob="redis-backup"}']: `0+0x${2 * hour} 7200+60x${2 * hour}` },
  },
  'postgres-backup-age': { fires: walg(27 * 3600), quiet: walg(20 * 3600) },
};

interface Look {
  readonly id: string;
  readonly series: Series;
  /** Minutes after the first sample. */
  readonly at: number;
  /** Of the alerts that fire. */
  readonly severities: readonly string[];
}

const look = ({ id, series, at, severities }: Look) => {
  const [service, ...name] = [platform.objectives.find((each) => each.id === id)!].flatMap(({ props }) => [
    props.service,
    props.name,
  ]);
  const all = alertsOf(id);
  return {
    interval: '1m',
    input_series: Object.entries(series).map(([key, values]) => ({ series: key, values })),
    alert_rule_test: [
      {
        eval_time: `${at}m`,
        alertname: all[0]!.alert,
        exp_alerts: all
          .filter(({ labels }) => severities.includes(labels.severity!))
          .map(({ labels }) => ({
            exp_labels: { ...labels, sloth_id: id, sloth_service: service, sloth_slo: name.join('') },
          })),
      },
    ],
  };
};

const severitiesOf = (id: string): string[] => alertsOf(id).map(({ labels }) => labels.severity!);

(promtool === undefined ? describe.skip : describe)('promtool finds that', () => {
  const made: RuleGroups[] = [];
  const rulesOf = (id: string): RuleGroups => {
    made.push(new RuleGroups(groupsOf(id)));
    return made.at(-1)!;
  };
  afterAll(() => {
    for (const each of made) each.remove();
  });

  test('every expression is PromQL', () => {
    for (const id of Object.keys(cases)) {
      const count = groupsOf(id).flatMap(({ rules }) => rules).length;
      expect(rulesOf(id).check()).toContain(`${count} rules found`);
    }
  });

  test.each(Object.entries(cases))('%s: what burns is told, and what does not is not', (id, { fires, quiet }) => {
    const looks = [
      look({ id, series: fires, at: 3 * hour, severities: severitiesOf(id) }),
      look({ id, series: quiet, at: 3 * hour, severities: [] }),
    ];
    expect(rulesOf(id).problems(5, looks)).toBe('');
  });

  test.each(Object.keys(cases))('%s: where its series are missing it keeps quiet, and is not measured', (id) => {
    const ratio = `slo:sli_error:ratio_rate5m{sloth_id="${id}"}`;
    const missing = {
      ...look({ id, series: { up: stays(1) }, at: 3 * hour, severities: [] }),
      promql_expr_test: [
        { expr: ratio, eval_time: '180m', exp_samples: [] },
        {
          expr: `count(sloth_slo_info{sloth_id="${id}"}) unless on () ${ratio}`,
          eval_time: '180m',
          exp_samples: [{ labels: '{}', value: 1 }],
        },
      ],
    };
    expect(rulesOf(id).problems(5, [missing])).toBe('');
  });

  test('of three requests an hour one that fails tells nobody, not even in the morning', () => {
    const id = 'edge-availability';
    const [what, labels] = counted('edge');
    const every = (first: number): string =>
      Array.from({ length: 10 * hour }, (_, minute) => Math.max(0, Math.ceil((minute - first) / hour))).join(' ');
    const once = `0x${3 * hour} 1x${7 * hour}`;
    const series = {
      [`traefik_${what}_requests_total{${labels},code="200"}`]: every(0),
      [`traefik_${what}_requests_total{${labels},code="201"}`]: every(20),
      [`traefik_${what}_requests_total{${labels},code="502"}`]: once,
    };
    const looks = [3 * hour + 5, 3 * hour + 30, 9 * hour].map((at) => look({ id, series, at, severities: [] }));
    expect(rulesOf(id).problems(5, looks)).toBe('');
  });

  test('where few ask and all of it fails, somebody is woken', () => {
    const id = 'edge-availability';
    const twoAMinute = answers('edge', 0, 2);
    const looks = [
      look({ id, series: twoAMinute, at: 5, severities: ['ticket'] }),
      look({ id, series: twoAMinute, at: 15, severities: ['page', 'ticket'] }),
    ];
    expect(rulesOf(id).problems(1, looks)).toBe('');
  });

  test('where there was never an error, none is what is measured', () => {
    const ids = platform.objectives.map(({ id }) => id).filter((id) => id.endsWith('-availability'));
    expect(ids).toHaveLength(3);
    for (const id of ids) {
      const series = Object.keys(cases[id]!.quiet).filter((key) => key.includes('code="200"'));
      const measured = {
        interval: '1m',
        input_series: series.map((key) => ({ series: key, values: grows(10) })),
        promql_expr_test: [
          {
            expr: `sum(slo:sli_error:ratio_rate5m{sloth_id="${id}"})`,
            eval_time: '60m',
            exp_samples: [{ labels: '{}', value: 0 }],
          },
        ],
      };
      expect(rulesOf(id).problems(5, [measured])).toBe('');
    }
  });

  test('what burns slowly waits for the morning', () => {
    const id = 'edge-availability';
    const series = answers('edge', 598.8, 1.2, 30);
    expect(rulesOf(id).problems(15, [look({ id, series, at: 28 * hour, severities: ['ticket'] })])).toBe('');
  });

  test('the budget that is left is what the days have left of it', () => {
    const id = 'edge-availability';
    const expr = (name: string): string => `round(${name}{sloth_id="${id}"}, 0.01)`;
    const value = (name: string, window: string, expected: number) => ({
      expr: expr(name),
      eval_time: '10h',
      exp_samples: [
        { labels: `{sloth_id="${id}",sloth_service="edge",sloth_slo="availability"${window}}`, value: expected },
      ],
    });
    const test = {
      interval: '1m',
      input_series: Object.entries(answers('edge', 599.7, 0.3, 12)).map(([series, values]) => ({ series, values })),
      promql_expr_test: [
        value('slo:current_burn_rate:ratio', ',sloth_window="5m"', 0.5),
        value('slo:period_error_budget_remaining:ratio', ',sloth_window="30d"', 0.5),
        value('slo:time_period:days', '', 30),
      ],
    };
    expect(rulesOf(id).problems(5, [test])).toBe('');
  });
});

const sloth = built('sloth');

(sloth === undefined ? describe.skip : describe)('Sloth makes', () => {
  test('the same rules of the specifications', () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'diptych-sloth-'));
    try {
      const theirs = specifications(manifests).flatMap((specification) => {
        const [given, made] = ['given.yaml', 'made.yaml'].map((file) => path.join(folder, file)) as [string, string];
        fs.writeFileSync(given, dump(specification));
        execFileSync(sloth!, ['generate', '--input', given, '--out', made], { stdio: 'ignore' });
        return (load(fs.readFileSync(made, 'utf8')) as { readonly groups: RuleGroup[] }).groups;
      });
      expect(theirs).toEqual(objectiveGroups(manifests));
    } finally {
      fs.rmSync(folder, { recursive: true, force: true });
    }
  });
});

test('every objective has a case that fires, and one that keeps quiet', () => {
  expect(Object.keys(cases).sort()).toEqual(platform.objectives.map(({ id }) => id).sort());
});
