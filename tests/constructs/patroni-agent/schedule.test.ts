import { Cron } from 'croner';
import { Schedule } from '../../../constructs/core/schedule.ts';
import { python } from './support.ts';

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
    const code = `
import json, sys
from datetime import datetime
from schedule import Schedule
now, expressions = json.load(sys.stdin)
def following(expression):
    try:
        return format(Schedule(expression).next(datetime.fromisoformat(now)), '%Y-%m-%d %H:%M')
    except ValueError as error:
        return str(error)
print(json.dumps([following(expression) for expression in expressions]))
`;
    const expected = accepted.map((text) => {
      const time = new Cron(text, { mode: '5-part', timezone: 'UTC' }).nextRun(new Date(now));
      return time?.toISOString().slice(0, 16).replace('T', ' ');
    });
    expect(accepted.length).toBeGreaterThan(200);
    expect(python(code, [now, accepted])).toEqual(expected);
  });
});
