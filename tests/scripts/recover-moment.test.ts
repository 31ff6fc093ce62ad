import { microsecondsOf, parseMoment } from '../../scripts/recover/moment.ts';

const now = new Date('2025-11-23T12:00:00Z');

test.each([
  ['2025-11-22T10:00:00Z', '2025-11-22 10:00:00+00'],
  ['2025-11-22t10:00:00z', '2025-11-22 10:00:00+00'],
  ['2025-11-22 10:00:00+00', '2025-11-22 10:00:00+00'],
  ['2025-11-22T10:00Z', '2025-11-22 10:00:00+00'],
  ['2025-11-22T11:30:00+01:30', '2025-11-22 10:00:00+00'],
  ['2025-11-22T00:30:00+0100', '2025-11-21 23:30:00+00'],
  ['2025-12-31T19:00:00-05', '2026-01-01 00:00:00+00', new Date('2026-01-02T00:00:00Z')],
  ['2025-11-22T10:00:00.25Z', '2025-11-22 10:00:00.25+00'],
  ['2025-11-22T10:00:00.123456+01:00', '2025-11-22 09:00:00.123456+00'],
  ['2024-02-29T10:00:00Z', '2024-02-29 10:00:00+00'],
  ['2025-11-23T11:59:59.999999Z', '2025-11-23 11:59:59.999999+00'],
])('%s is %s in the form that PostgreSQL takes', (text, moment, at = now) => {
  expect(parseMoment(text, at)).toBe(moment);
});

test.each([
  'yesterday',
  '',
  '2025-11-22',
  '2025-11-22Z',
  '22.11.2025 10:00Z',
  '2025-11-22T10:00:00.1234567Z',
  '2025-02-30T10:00:00Z',
  '2025-02-29T10:00:00Z',
  '2025-13-01T10:00:00Z',
  '2025-11-22T24:00:00Z',
  '2025-11-22T10:60:00Z',
  '2025-11-22T10:00:60Z',
  '2025-11-22T10:00:00+16:00',
  '2025-11-22T10:00:00+01:60',
  '2025-11-22T10:00:00 Europe/Berlin',
  "2025-11-22T10:00:00Z' }",
])('"%s" is no time', (text) => {
  expect(parseMoment(text, now)).toMatchObject({ what: `"${text}" is no time` });
});

test('a time without a zone is refused, and both ways to mend it are named', () => {
  expect(parseMoment('2025-11-22T10:00', now)).toEqual({
    what: '"2025-11-22T10:00" has no time zone',
    allowed: 'a time that means one moment, such as 2025-11-22T10:00:00Z for UTC or 2025-11-22T10:00:00+01:00',
    remedy: 'add Z or the offset',
  });
});

test.each(['2025-11-23T12:00:00Z', '2025-11-23T11:00:00-01:00', '2025-11-23T12:00:00.000001Z', '2030-01-01T00:00:00Z'])(
  '%s is refused at 12:00 of the 23rd: it has not come yet',
  (text) => {
    expect(parseMoment(text, now)).toMatchObject({
      what: `"${text}" has not come yet: it is 2025-11-23T12:00:00.000Z`,
      allowed: 'a moment in the past, or latest for the newest that was saved',
    });
  },
);

test('moments compare whatever the number of their digits', () => {
  const moments = ['2025-11-22 10:00:00+00', '2025-11-22 10:00:00.000001+00', '2025-11-22 10:00:00.25+00'];
  expect(moments.map(microsecondsOf).map((each, _, [first = 0]) => each - first)).toEqual([0, 1, 250_000]);
});
