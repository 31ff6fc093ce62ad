import { Alert } from '../../../constructs/core/alert.ts';
import type { AlertProps } from '../../../constructs/core/alert.ts';
import { ObservabilityStack } from '../../../constructs/observability-stack/index.ts';
import { built, yamlOf } from '../../support/constructs.ts';
import { refusal } from '../../support/harness.ts';
import { minimalStack } from '../../support/observability.ts';

const alert: AlertProps = {
  name: 'DoorOpen',
  expression: 'door_open == 1',
  forMinutes: 5,
  severity: 'ticket',
  summary: 'the door is open',
  runbook: 'pods',
};

function stackWithAlert(changes: Partial<AlertProps>) {
  return built((scope) => {
    new Alert(scope, 'alert', { ...alert, ...changes });
    return new ObservabilityStack(scope, 'stack', minimalStack);
  });
}

test('an alert is a rule', () => {
  expect(yamlOf(stackWithAlert({}).manifests)).toMatch(/alert: DoorOpen\n.*expr: .*\n.*for: 5m\n/);
});

// Prometheus would not start with such a time, and nobody is told of such a severity.
test.each<[string, Partial<AlertProps>, string]>([
  ['with a sentence for a name', { name: 'door open' }, 'its name is door open'],
  ['without a runbook', { runbook: '' }, 'it has no runbook'],
  ['with an address for a runbook', { runbook: 'https://wiki.example/door' }, 'it has no runbook'],
  ['without a summary', { summary: 'door' }, 'it has no summary or no expression'],
  ['without an expression', { expression: ' ' }, 'it has no summary or no expression'],
  ['whose expression ends too early', { expression: 'sum(up' }, 'its ( is not closed: sum(up'],
  ['of a severity that nobody is told of', { severity: 'critical' as never }, 'its severity is "critical"'],
  ['that has to hold for half a minute', { forMinutes: 0.5 }, 'it has to hold for 0.5 minutes'],
  ['that has to hold for less than nothing', { forMinutes: -5 }, 'it has to hold for -5 minutes'],
  ['that has to hold for a time with a unit', { forMinutes: '5m' as never }, 'it has to hold for 5m minutes'],
  ['that has to hold for nobody knows how long', { forMinutes: NaN }, 'it has to hold for NaN minutes'],
])('an alert is refused %s', (_, changes, what) => {
  const findings = refusal(() => stackWithAlert(changes));
  expect(findings.map((each) => each.what)).toEqual([what]);
  expect(findings[0]!.where).toBe(`alert ${changes.name ?? alert.name}`);
});

test.each<[string, Partial<AlertProps>, string]>([
  ['that says nothing of a runbook', { runbook: undefined }, 'runbook is left out'],
  ['that says nothing of a summary', { summary: undefined }, 'summary is left out'],
  ['that says nothing of a time', { forMinutes: undefined }, 'forMinutes is left out'],
  ['that says nothing of a severity', { severity: undefined }, 'severity is left out'],
  ['with an option that is misspelt', { forMinute: 5 } as never, 'it has no option forMinute'],
  ['with an option that there is not', { minutes: 5 } as never, 'it has no option minutes'],
])('an alert is refused %s', (_, changes, what) => {
  expect(refusal(() => stackWithAlert(changes))).toMatchObject([{ where: 'alert DoorOpen', what }]);
});

test('an alert that holds at once is told at once', () => {
  expect(() => stackWithAlert({ forMinutes: 0 })).not.toThrow();
});
