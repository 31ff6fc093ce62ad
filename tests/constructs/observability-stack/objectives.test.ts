import { Objective } from '../../../constructs/core/objective.ts';
import type { ObjectiveProps } from '../../../constructs/core/objective.ts';
import { ObservabilityStack } from '../../../constructs/observability-stack/index.ts';
import type { ObservabilityStackProps } from '../../../constructs/observability-stack/index.ts';
import { built } from '../../support/constructs.ts';
import { refusal } from '../../support/harness.ts';
import { objectiveGroups, specifications } from '../../support/objectives.ts';
import { minimalStack, stackWith } from '../../support/observability.ts';

const objective: ObjectiveProps = {
  service: 'shop',
  name: 'availability',
  percent: 99.9,
  description: 'Of the requests to the shop, those that are answered.',
  bad: 'sum(increase(answers_total{code="500"}[{{.window}}])) or vector(0)',
  all: 'sum(increase(answers_total[{{.window}}]))',
  alert: 'ShopAvailabilityBurns',
  runbook: 'objective-requests',
};

const watched = (objectives: readonly ObjectiveProps[], changes: Partial<ObservabilityStackProps> = {}) =>
  built((scope) => {
    objectives.forEach((each, index) => new Objective(scope, `objective-${index}`, each));
    return new ObservabilityStack(scope, 'stack', { ...minimalStack, ...changes });
  }).manifests;

const rules = (changes: Partial<ObjectiveProps> = {}) =>
  objectiveGroups(watched([{ ...objective, ...changes }])).flatMap((group) => group.rules);
const alerts = (changes: Partial<ObjectiveProps> = {}) => rules(changes).filter(({ alert }) => alert !== undefined);

test('numbers are those that Sloth would write', () => {
  const text = JSON.stringify(rules());
  expect(text).toContain('vector(0.9990000000000001)');
  expect(text).toContain('> (14.4 * 0.0009999999999999432)');
});

test('of few requests, as many are counted as may have two bad ones', () => {
  const least = (changes: Partial<ObjectiveProps> = {}) => /clamp_min\(.*, (\d+)\)/.exec(rules(changes)[0]!.expr)?.[1];
  expect([least(), least({ percent: 99 }), least({ leastEvents: 60 })]).toEqual(['2000', '200', '60']);
});

test('its alerts say who they are for, and where to read on', () => {
  expect(alerts().map(({ labels, annotations }) => ({ labels, annotations }))).toMatchObject(
    ['page', 'ticket'].map((severity) => ({
      labels: { severity, component: 'test' },
      annotations: {
        runbook: 'https://git.example/platform/blob/main/docs/runbooks/objective-requests.md',
        summary: 'shop: the budget of its availability (99.9 % of 30 days) is used up too fast',
      },
    })),
  );
});

test('one that wakes nobody has a ticket alone, for Sloth too', () => {
  expect(alerts({ pages: false }).map(({ labels }) => labels.severity)).toEqual(['ticket']);
  const [specification] = specifications(watched([{ ...objective, pages: false }]));
  expect(specification!.slos).toMatchObject([{ alerting: { page_alert: { disable: true } } }]);
});

test('without any, there are neither rules nor specifications', () => {
  const { manifests } = stackWith();
  expect(objectiveGroups(manifests)).toEqual([]);
  expect(manifests.filter(({ metadata }) => metadata.name === 'objectives')).toEqual([]);
});

describe('is refused', () => {
  const what = (changes: Partial<ObjectiveProps>) =>
    refusal(() => watched([{ ...objective, ...changes }])).map((finding) => finding.what);

  test.each<[string, Partial<ObjectiveProps>, string]>([
    ['one of all events', { percent: 100 }, '100 %'],
    ['one of none', { percent: 0 }, '0 %'],
    ['one that is no number', { percent: NaN }, 'NaN %'],
    ['one in quotes', { percent: '99.9' as never }, 'percent: "99.9"'],
    ['one that is left out', { percent: undefined }, 'percent is left out'],
    ['an option that is misspelt', { forUser: 'Orders' } as never, 'it has no option forUser'],
    ['users who are told of no name', { forUsers: true as never }, 'forUsers: true'],
    ['one that says nothing', { description: 'good' }, 'it says "good"'],
    ['a service with a sentence for a name', { service: 'the shop' }, 'it is called "the shop"'],
    ['a name in capitals', { name: 'Availability' }, 'it is called "Availability"'],
    ['bad events that end too early', { bad: 'sum(a[{{.window}}]' }, 'bad: its ( is not closed: sum(a[{{.window}}]'],
    ['bad events of no window', { bad: 'vector(0)' }, 'bad: vector(0)'],
    ['events of no window', { all: 'sum(answers_total)' }, 'all: sum(answers_total)'],
    ['no event', { leastEvents: 0 }, 'leastEvents: 0'],
    ['an alert in small letters', { alert: 'shop' }, 'its alert is called shop'],
    ['no runbook', { runbook: '' }, 'it has no runbook'],
    ['one that says nothing of a runbook', { runbook: undefined }, 'runbook is left out'],
    ['an option that there is not', { page: false } as never, 'it has no option page'],
  ])('%s', (_, changes, expected) => {
    expect(what(changes)).toEqual([expected]);
  });

  test('two of one id', () => {
    expect(refusal(() => watched([objective, { ...objective, percent: 99 }]))).toMatchObject([
      { where: 'objective shop-availability', what: expect.stringContaining('there are two of it') as string },
    ]);
  });

  test('one whose budget is longer than numbers are kept', () => {
    expect(refusal(() => watched([objective], { retentionDays: 29 }))).toMatchObject([
      { where: 'ObservabilityStack', what: expect.stringContaining('retentionDays: 29') as string },
    ]);
    expect(() => watched([], { retentionDays: 29 })).not.toThrow();
  });
});
