import { Cron } from 'croner';
import { Schedule } from '../../../constructs/core/schedule.ts';
import { python } from './support.ts';

const code = `
from datetime import datetime
from schedule import Schedule
def times(expression, now):
    try:
        schedule = Schedule(expression)
        return [time.strftime('%Y-%m-%d %H:%M') for time in (schedule.previous(now), schedule.next(now))]
    except ValueError as error:
        return str(error)
print(json.dumps([times(expression, datetime.fromisoformat(now)) for expression, now in given]))
`;

/** The newest time that has passed and the next one, or why there is none. */
function times(cases: readonly (readonly [expression: string, now: string])[]): (string | string[])[] {
  return python(code, cases) as (string | string[])[];
}

describe('the times of a schedule', () => {
  // A Monday.
  const now = '2026-11-23T15:30:20+00:00';
  const cases = [
    ['0 2 * * *', now, '2026-11-23 02:00', '2026-11-24 02:00'],
    ['30 15 * * *', now, '2026-11-23 15:30', '2026-11-24 15:30'],
    ['30 15 * * *', '2026-11-23T15:30:00+00:00', '2026-11-23 15:30', '2026-11-24 15:30'],
    ['31 15 * * *', now, '2026-11-22 15:31', '2026-11-23 15:31'],
    ['*/20 * * * *', now, '2026-11-23 15:20', '2026-11-23 15:40'],
    ['5/20 14-16/2 * * *', now, '2026-11-23 14:45', '2026-11-23 16:05'],
    ['0 0 1,15 * *', now, '2026-11-15 00:00', '2026-12-01 00:00'],
    ['0 0 * * sun', now, '2026-11-22 00:00', '2026-11-29 00:00'],
    ['0 0 * * 7', now, '2026-11-22 00:00', '2026-11-29 00:00'],
    ['0 0 * * MON-FRI', now, '2026-11-23 00:00', '2026-11-24 00:00'],
    ['0 0 13 * fri', now, '2026-11-20 00:00', '2026-11-27 00:00'],
    ['0 0 */2 * tue', now, '2026-11-17 00:00', '2026-12-01 00:00'],
    ['0 0 29 feb *', now, '2024-02-29 00:00', '2028-02-29 00:00'],
    ['0 2 * * *', '2026-11-23T02:30:00+02:00', '2026-11-22 02:00', '2026-11-23 02:00'],
  ] as const;
  const found = times(cases.map(([expression, at]) => [expression, at]));

  test.each(cases.map((each, index) => [...each, index] as const))(
    '%s at %s: last %s, next %s',
    (_expression, _now, previous, next, index) => {
      expect(found[index]).toEqual([previous, next]);
    },
  );
});

describe('an expression that is no schedule says what is allowed', () => {
  const cases = [
    ['0 2 * *', /has 4 fields, a schedule has 5/],
    ['60 2 * * *', /"60" is no minute: allowed are 0 to 59/],
    ['0 24 * * *', /"24" is no hour/],
    ['0 2 0 * *', /"0" is no day of the month/],
    ['0 2 * 13 *', /"13" is no month/],
    ['0 2 * * 8', /"8" is no day of the week/],
    ['0 2 * * funday', /"funday" is no day of the week/],
    ['5-1 2 * * *', /"5-1" is no minute/],
    ['*/0 2 * * *', /"\*\/0" is no minute/],
    ['*/ 2 * * *', /"\*\/" is no minute/],
    ['1- 2 * * *', /"1-" is no minute/],
    ['-1 2 * * *', /"-1" is no minute/],
    ['1,,2 2 * * *', /"1,,2" is no minute/],
    ['0 0 30 2 *', /names a day that no month has/],
  ] as const;
  const found = times(cases.map(([expression]) => [expression, '2026-11-23T00:00:00+00:00']));

  test.each(cases.map((each, index) => [...each, index] as const))('%s', (_expression, message, index) => {
    expect(found[index]).toMatch(message);
  });
});

describe('what synth takes for a schedule', () => {
  /** Every way to write a field, with every other: right, wrong, and what only some programs take. */
  const minutes = ['*', '0', '00', '59', '60', '*/20', '0-10/5', '5/20', '5-1', '1,,2', '', '+5'];
  const hours = ['*', '2', '24', '8-18', '*/7'];
  const dates = ['* * *', '29 2 *', '30 2 *', '31 * *', '1,15 * *', '*/2 * *', '0 * *', '1 13 *', '* jan *', 'L * *']
    .concat(['* * 0', '* * 7', '* * 8', '* * 1-5', '* * */2', '13 * 5', '*/2 * 2', '2 * */3', '1-31 * 1', '*,1 * 2'])
    .concat(['? * *', '* * 5#2', '1 */5 *', '* 1-3/2 *']);
  const accepted = minutes
    .flatMap((minute) => hours.flatMap((hour) => dates.map((date) => `${minute} ${hour} ${date}`)))
    .filter((text) => Schedule.problem(text) === undefined);
  const now = '2026-11-23T15:30:20+00:00';

  test('is a schedule to the agent too, with the same next time', () => {
    const next = times(accepted.map((text) => [text, now])).map((found) => (Array.isArray(found) ? found[1] : found));
    const expected = accepted.map((text) => {
      const time = new Cron(text, { mode: '5-part', timezone: 'UTC' }).nextRun(new Date(now));
      return time?.toISOString().slice(0, 16).replace('T', ' ');
    });
    expect(accepted.length).toBeGreaterThan(200);
    expect(next).toEqual(expected);
  });
});
