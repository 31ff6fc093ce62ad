import { overlapFindings } from '../../synth/overlap.ts';

const metadata = { name: 'a', namespace: 'test' };
const job = (kind: string, spec: object) => overlapFindings({ apiVersion: 'batch/v1', kind, metadata, spec });

test.each([
  ['Job', {}, 'left to the API server'],
  ['Job', { podReplacementPolicy: 'TerminatingOrFailed' }, 'TerminatingOrFailed'],
  ['CronJob', { jobTemplate: { spec: {} } }, 'left to the API server'],
])('a %s whose pods may overlap is refused: %j', (kind, spec, policy) => {
  expect(job(kind, spec).map(({ what }) => what)).toEqual([
    `its podReplacementPolicy is ${policy}: two of its pods may run at once`,
  ]);
});

test('one whose next pod waits until the one before is gone is taken', () => {
  const podReplacementPolicy = 'Failed';
  expect([
    ...job('Job', { podReplacementPolicy }),
    ...job('CronJob', { jobTemplate: { spec: { podReplacementPolicy } } }),
  ]).toEqual([]);
});
