import { Schedule } from '../../constructs/core/schedule.ts';
import { refusal } from '../support/harness.ts';

describe('a schedule is refused that', () => {
  test.each([
    ['has four fields', '0 2 * *', /^five fields of a cron schedule in UTC, such as "0 2 \* \* \*"$/],
    ['has a sixth field for seconds', '0 0 2 * * *', /^five fields/],
    ['is a name', '@daily', /^five fields/],
    ['names a day where the month is', '0 2 * sun *', /^five fields/],
    ['names no day that there is', '0 2 * * sunday', /^five fields/],
    ['has numbers that no field takes', '99 99 * * *', /Invalid value for minute: 99/],
    ['has the hour 24', '0 24 * * *', /Invalid value for hour: 24/],
    ['has an empty part', '1,,2 2 * * *', /is empty/],
    ['goes backwards', '0 22-2 * * *', /From value is larger than to value/],
    ['steps by nothing', '*/0 * * * *', /illegal stepping/],
    ['can never happen', '0 0 31 2 *', /^a schedule that happens: no month has that day$/],
    ['can never happen in any of its months', '0 0 31 4,6,9,11 *', /^a schedule that happens/],
    ['names Sunday as Kubernetes does not', '0 0 * * 7', /Sunday is 0/],
    ['names Sunday as the end of a range', '0 0 * * 5-7', /Sunday is 0/],
    ['programs understand differently', '0 0 */2 * 2', /programs differ/],
  ])('%s', (_, text, allowed) => {
    const [finding] = refusal(() => Schedule.utc(text));
    expect(finding?.what).toBe(`got "${text}"`);
    expect(finding?.allowed).toMatch(allowed);
  });
});

test('a schedule has one spelling, with numbers for names and one space between its fields', () => {
  expect(Schedule.utc('0 2 * * *').text).toBe('0 2 * * *');
  expect(Schedule.utc(' 0  2\t* jan,Mar MON-fri ').text).toBe('0 2 * 1,3 1-5');
});

describe('the longest time between two times of a schedule', () => {
  const hour = 60;
  const day = 24 * hour;
  test.each([
    ['* * * * *', 1],
    ['*/20 * * * *', 20],
    ['7,17 * * * *', 50],
    ['20 * * * *', hour],
    ['0 8-18 * * *', 14 * hour],
    ['0 2 * * *', day],
    ['0 2 * * 1-5', 3 * day],
    ['0 1,5 * * 0', 7 * day - 4 * hour],
    ['0 0 1 * *', 31 * day],
    // From January to March, but in leap years.
    ['0 0 29 * *', 59 * day],
    ['0 0 31 * *', 61 * day],
    ['0 0 13 * 5', 7 * day],
    ['0 0 1 1,7 *', 184 * day],
    ['0 0 1 3 *', 366 * day],
    ['0 0 29 2 *', 2921 * day],
  ])('%s: %i minutes', (text, minutes) => {
    expect(Schedule.utc(text).longestGap().toMinutes()).toBe(minutes);
  });
});
