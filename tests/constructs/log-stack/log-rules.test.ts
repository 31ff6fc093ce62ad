import { load } from 'js-yaml';
import { buildPlatform } from '../../../apps/platform.ts';
import { environments } from '../../../config/index.ts';
import { LogAlert } from '../../../constructs/core/log-alert.ts';
import type { LogAlertProps } from '../../../constructs/core/log-alert.ts';
import { LogStore } from '../../../constructs/log-stack/index.ts';
import { logQuery } from '../../../constructs/log-stack/log-rules.ts';
import { built } from '../../support/constructs.ts';
import { at, only, refusal } from '../../support/harness.ts';
import { minimalStore, storeWith, workloadOf } from '../../support/logs.ts';

const alert = {
  name: 'DoorTried',
  contains: ['"door":"front"', 'refused'],
  by: 'client',
  moreThan: 3,
  withinMinutes: 10,
  severity: 'ticket',
  summary: 'somebody tries the door',
  runbook: 'waf-blocks',
} as const satisfies Omit<LogAlertProps, 'of'>;

const of = { namespace: 'shop', name: 'api' };

/** As Loki counts: the lines of the last minutes that hold every text, by the field. */
function fires({ contains, by, moreThan }: Omit<LogAlertProps, 'of'>, lines: readonly string[]): boolean {
  const counts = new Map<string, number>();
  for (const line of lines.filter((each) => contains.every((text) => each.includes(text)))) {
    const field = by === undefined ? '' : String((JSON.parse(line) as Readonly<Record<string, unknown>>)[by]);
    counts.set(field, (counts.get(field) ?? 0) + 1);
  }
  return [...counts.values()].some((count) => count > moreThan);
}

test('an alert on lines is LogQL over the lines of its workload', () => {
  expect(logQuery({ ...alert, of })).toBe(
    'sum by (client) (count_over_time({namespace="shop",app="api"} |= `"door":"front"` |= `refused` ' +
      '| json client="client" [10m])) > 3',
  );
  const { by, ...all } = alert;
  expect([by, logQuery({ ...all, of })]).toEqual([
    'client',
    'sum (count_over_time({namespace="shop",app="api"} |= `"door":"front"` |= `refused` [10m])) > 3',
  ]);
});

test('says whose it is, how urgent, and where its page is, as alerts on numbers do', () => {
  const data = at(only(storeWith({}, [alert]).manifests, 'ConfigMap', 'loki-rules'), 'data');
  const { groups } = load((data as Readonly<Record<string, string>>)['test.yaml']!) as {
    readonly groups: readonly { readonly name: string; readonly rules: readonly object[] }[];
  };
  expect(groups.map(({ name }) => name)).toEqual(['test']);
  expect(groups[0]!.rules).toEqual([
    {
      alert: 'DoorTried',
      expr: logQuery({ ...alert, of: { namespace: 'test', name: 'loki' } }),
      labels: { severity: 'ticket', component: 'test', source: 'logs' },
      annotations: {
        summary: 'somebody tries the door',
        runbook: 'https://git.example/platform/blob/main/docs/runbooks/waf-blocks.md',
      },
    },
  ]);
});

test.each<[string, Partial<LogAlertProps>, string]>([
  ['with a sentence for a name', { name: 'door tried' }, 'its name is door tried'],
  ['without a runbook', { runbook: '' }, 'it has no runbook'],
  ['without a summary', { summary: 'door' }, 'it has no summary'],
  ['of an urgency that nobody is told of', { severity: 'warn' as never }, 'its severity is "warn"'],
  ['that leaves one out', { severity: undefined }, 'severity is left out'],
  ['with an option that is misspelt', { within: 5 } as never, 'it has no option within'],
  ['that counts lines with a text', { contains: 'error' as never }, 'it counts lines with "error"'],
  ['that counts every line', { contains: [''] }, 'it counts lines with [""]'],
  ['that counts lines with what LogQL ends a text by', { contains: ['a`b`c'] }, 'it counts lines with ["a`b`c"]'],
  ['by what is no field', { by: 'client ip' }, 'it counts by client ip'],
  ['at half a line', { moreThan: 0.5 }, 'it fires with more than 0.5 lines'],
  ['of a severity that nobody is told of', { severity: 'critical' as never }, 'its severity is "critical"'],
  ['over a day', { withinMinutes: 1440 }, 'it counts the lines of 1440 minutes'],
])('an alert on lines is refused %s', (_, changes, what) => {
  expect(refusal(() => storeWith({}, [{ ...alert, ...changes }])).map((each) => each.what)).toEqual([what]);
});

test.each<[Partial<LogAlertProps>, string]>([
  [{ runbook: undefined }, 'runbook is left out'],
  [{ per: 'client' } as never, 'it has no option per'],
])('an alert on lines is refused with %j', (changes, what) => {
  expect(refusal(() => storeWith({}, [{ ...alert, ...changes }]))).toMatchObject([
    { where: 'log alert DoorTried', what },
  ]);
});

test('one on the lines of what has no pods is refused', () => {
  const made = () =>
    built((scope) => {
      new LogStore(scope, 'store', minimalStore);
      new LogAlert(scope, 'alert', { ...alert, of: {} as never });
    });
  expect(refusal(made).map(({ what }) => what)).toEqual(['it counts the lines of what has no pods']);
});

test('two of one name are refused', () => {
  const twice = () =>
    built((scope) => {
      const { workload } = new LogStore(scope, 'store', minimalStore);
      for (const id of ['one', 'other']) new LogAlert(scope, id, { ...alert, of: workload });
    });
  expect(refusal(twice).map(({ what }) => what)).toEqual(['its name is DoorTried', 'its name is DoorTried']);
});

const platform = buildPlatform('production');
const alerts = new Map(platform.logAlerts.map(({ props }) => [props.name, props]));

const refusedByWaf = (client: string): string =>
  JSON.stringify({ waf: 'blocked', time: 'Mon', client, host: 'shop.example.com', path: '/.env', status: 403 });
const signIn = (level: string, account: string, outcome: string): string =>
  JSON.stringify({
    level,
    time: '2026-11-30T10:00:00Z',
    service: 'backend',
    event: 'sign-in',
    way: 'password',
    account,
    outcome,
  });
const ofTicket = (said: string): string =>
  signIn(
    'warn',
    'nobody',
    `ticket refused: Unspecified GSS failure.  Minor code may provide more information: ${said}`,
  );
const many = (count: number, line: string): string[] => Array<string>(count).fill(line);

/** Lines as their programs write them. Where none arrives all of them keep quiet: that is LogsNotArriving. */
const cases: Readonly<Record<string, { readonly fires: readonly string[]; readonly quiet: readonly string[] }>> = {
  WafTriedByOne: {
    fires: many(51, refusedByWaf('192.0.2.7')),
    quiet: [
      ...many(50, refusedByWaf('192.0.2.7')),
      ...many(50, refusedByWaf('192.0.2.8')),
      ...many(100, refusedByWaf('192.0.2.7').replace('blocked', 'detected')),
    ],
  },
  TicketsNotOpened: {
    fires: many(
      11,
      ofTicket('Request ticket server HTTP/api.example.com kvno 3 not found in keytab; keytab is likely out of date'),
    ),
    quiet: [
      ...many(
        10,
        ofTicket('Request ticket server HTTP/api.example.com kvno 3 not found in keytab; ticket is likely out of date'),
      ),
      ...many(100, ofTicket('Request is a replay')),
      ...many(100, ofTicket('Clock skew too great')),
      ...many(100, signIn('warn', 'nobody', 'no keytab')),
    ],
  },
  SignInsRefusedForOne: {
    fires: many(21, signIn('warn', 'anna', 'wrong password')),
    quiet: [
      ...many(20, signIn('warn', 'anna', 'wrong password')),
      ...many(20, signIn('warn', 'bert', 'unknown account')),
      ...many(100, signIn('info', 'anna', 'signed in')),
    ],
  },
  SignInsRefused: {
    fires: Array.from({ length: 101 }, (_, index) => signIn('warn', `user${index}`, 'unknown account')),
    quiet: [...many(100, signIn('warn', 'anna', 'limited')), ...many(500, signIn('info', 'anna', 'signed in'))],
  },
};

describe.each(Object.entries(cases))('%s', (name, { fires: loud, quiet }) => {
  const props = alerts.get(name)!;

  test('fires by its lines, keeps quiet by others, and without any', () => {
    expect([fires(props, loud), fires(props, quiet), fires(props, [])]).toEqual([true, false, false]);
  });

  test('reads a workload of the platform, whose pods have its name', () => {
    expect(workloadOf(platform, props.of.namespace, props.of.name).name).toBe(props.of.name);
  });

  test('names no label that its lines are not counted by', () => {
    const named = [...props.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label]) => label);
    expect(named).toEqual(props.by === undefined ? [] : [props.by]);
  });
});

test('every alert on lines of the platform has its cases', () => {
  expect([...alerts.keys()].sort()).toEqual(Object.keys(cases).sort());
});

test('every environment has the rules of its applications', () => {
  for (const name of Object.keys(environments)) {
    expect(buildPlatform(name).logAlerts.map(({ props }) => props.name)).toEqual(
      expect.arrayContaining(['SignInsRefused']),
    );
  }
});
