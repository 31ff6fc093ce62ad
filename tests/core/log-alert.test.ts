import { LogAlert } from '../../constructs/core/log-alert.ts';
import type { Found } from '../../constructs/core/phase.ts';
import { Construct } from 'constructs';
import { manifestsOf, refusal } from '../support/harness.ts';

const alert = {
  name: 'ManyErrors',
  of: { namespace: 'test', name: 'api' },
  contains: ['"level":"error"'],
  moreThan: 10,
  withinMinutes: 5,
  severity: 'ticket',
  summary: 'many lines are errors',
  runbook: 'pods',
} as const;

class Collector extends Construct {
  seen: readonly string[] = [];

  collect({ logAlerts }: Found): void {
    this.seen = logAlerts.map(({ props }) => props.name);
  }
}

test('whoever keeps logs is told of alerts on lines', () => {
  const collectors: Collector[] = [];
  manifestsOf((scope) => {
    collectors.push(new Collector(scope, 'collector'));
    new LogAlert(scope, 'alert', alert);
  });
  expect(collectors[0]!.seen).toEqual(['ManyErrors']);
});

test('one that is made after everything was collected is refused', () => {
  class Late extends Construct {
    collect(): void {
      new LogAlert(this, 'alert', alert);
    }
  }
  expect(refusal(() => manifestsOf((scope) => new Late(scope, 'late')))[0]?.where).toContain('log alert ManyErrors');
});
