import { noneFailed, parseRequest, settledSince } from '../../../prove/instruments/recorder.ts';
import type { RecordedRequest } from '../../../prove/instruments/recorder.ts';

describe('a recorded request', () => {
  test('is a line of the client: when, whether it worked, how long it took, and what came', () => {
    expect(parseRequest('2026-11-23T10:00:00.123Z failed 1.5 dial tcp: refused')).toEqual({
      at: new Date('2026-11-23T10:00:00.123Z'),
      ok: false,
      milliseconds: 1.5,
      text: 'dial tcp: refused',
    });
  });

  test('is nothing else', () => {
    expect(parseRequest('probe: something went wrong')).toBeUndefined();
  });
});

describe('a client', () => {
  const requests = (states: string): RecordedRequest[] =>
    states.split('').map((state, index) => ({
      at: new Date(index * 100),
      ok: state === '+',
      milliseconds: 1,
      text: `text ${index}`,
    }));

  test('counts from the first of enough answers in a row', () => {
    expect(settledSince(requests('-+--++++'), 4)).toEqual(new Date(400));
  });

  test('does not count while one of the last requests failed', () => {
    expect(settledSince(requests('++++-+++'), 4)).toBeUndefined();
  });

  test('does not count with too few answers', () => {
    expect(settledSince(requests('+++'), 4)).toBeUndefined();
  });

  test('passes when nothing failed', () => {
    const { expected, got } = noneFailed('backend', requests('+++'));
    expect(got).toBe(expected);
  });

  test('fails with the last failure in words', () => {
    expect(noneFailed('backend', requests('+-+-+')).got).toBe('2, the last: 1970-01-01T00:00:00.300Z text 3');
  });

  test('fails when it asked nothing', () => {
    expect(noneFailed('backend', []).got).toBe('it asked nothing');
  });
});
