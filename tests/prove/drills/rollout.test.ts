import { areNew } from '../../../prove/drills/rollout/disturbance.ts';

describe('the pods of a rolling update', () => {
  const before = ['a', 'b'];

  test('are new when each is another one', () => {
    expect(areNew(before, ['c', 'd'])).toBe(true);
  });

  test.each([
    ['one is as before', ['c', 'b']],
    ['they only changed places', ['b', 'a']],
    ['one is away', ['c']],
    ['none can be seen', []],
  ])('are not while %s', (_, now) => {
    expect(areNew(before, now)).toBe(false);
  });
});
